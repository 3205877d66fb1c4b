"""Plans, and the billing cycles of every anchor day."""

from datetime import UTC, datetime, timedelta

import pytest

from linkwright import clock
from linkwright.plans import PLANS, Plan, period


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("anchor", "moment", "start", "end"),
    [
        (1, "2027-01-01", "2027-01-01", "2027-02-01"),
        (1, "2027-01-31T23:59:59.999999", "2027-01-01", "2027-02-01"),
        (15, "2027-01-14T23:59:59", "2026-12-15", "2027-01-15"),
        (15, "2027-01-15", "2027-01-15", "2027-02-15"),
        (15, "2026-12-31", "2026-12-15", "2027-01-15"),
        (28, "2027-02-28", "2027-02-28", "2027-03-28"),
        (29, "2027-02-27", "2027-01-29", "2027-02-28"),
        (29, "2027-02-28", "2027-02-28", "2027-03-29"),
        (29, "2028-02-28", "2028-01-29", "2028-02-29"),
        (29, "2028-02-29", "2028-02-29", "2028-03-29"),
        (30, "2027-02-28", "2027-02-28", "2027-03-30"),
        (30, "2027-03-29", "2027-02-28", "2027-03-30"),
        (30, "2028-02-29", "2028-02-29", "2028-03-30"),
        (31, "2027-01-31", "2027-01-31", "2027-02-28"),
        (31, "2027-02-27T23:59:59", "2027-01-31", "2027-02-28"),
        (31, "2027-02-28", "2027-02-28", "2027-03-31"),
        (31, "2028-02-28", "2028-01-31", "2028-02-29"),
        (31, "2027-04-29", "2027-03-31", "2027-04-30"),
        (31, "2027-04-30", "2027-04-30", "2027-05-31"),
        (31, "2027-12-31", "2027-12-31", "2028-01-31"),
        (31, "2027-12-30", "2027-11-30", "2027-12-31"),
    ],
)
def test_the_cycle_of_a_moment(anchor: int, moment: str, start: str, end: str) -> None:
    found = period(anchor, _day(moment))
    assert (found.start, found.end, found.label) == (_day(start), _day(end), start)


@pytest.mark.parametrize("anchor", range(1, 32))
def test_cycles_follow_each_other_without_gap_or_overlap(anchor: int) -> None:
    found = period(anchor, _day("2026-12-31"))
    labels = set()
    for day in range(4 * 366):
        for at in (timedelta(), timedelta(hours=23, minutes=59, seconds=59)):
            moment = _day("2027-01-01") + timedelta(days=day) + at
            following = period(anchor, moment)
            assert following.start <= moment < following.end
            assert following == found or following.start == found.end
            found = following
            labels.add(found.label)
    assert len(labels) in {49, 50}


def test_the_cycle_is_that_of_now_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: _day("2027-02-28"))
    assert period(31).label == "2027-02-28"


def test_limits_are_as_published() -> None:
    limits = {plan.name: list(plan._asdict().values())[1:] for plan in PLANS.values()}
    assert limits == {
        "free": ["pro", 60, 10, 100, 0, 1, 50, 1, 200, 1, 50, 1],
        "pro": ["business", 600, 300, 5_000, 500, 10, 1_000, 5, 10_000, 5, 5_000, 5],
        "business": [
            *("enterprise", 1_200, 2_000, 50_000, 2_500, 25, 10_000, 10, 100_000, 25, 50_000, 25)
        ],
        "enterprise": [
            *(None, 3_000, 10_000, 250_000, 10_000, 100, 100_000, 25, 500_000, 100, 500_000, 100)
        ],
    }
    names = list(PLANS["free"]._asdict())[2:]
    assert names == [
        *("requests_per_minute", "call_minutes", "mailer_sends", "ai_credits", "concurrent_calls"),
        *("dials_per_day", "webhooks", "leads_researched", "mailboxes", "links", "domains"),
    ]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_twice_as_many_leads_are_researched_as_mails_are_sent(plan: Plan) -> None:
    assert plan.leads_researched == 2 * plan.mailer_sends


def test_no_plan_has_less_of_anything_than_the_one_that_it_is_an_upgrade_of() -> None:
    for plan in PLANS.values():
        if plan.upgrade_to:
            better = PLANS[plan.upgrade_to]._asdict()
            assert all(better[name] > limit for name, limit in list(plan._asdict().items())[2:])
