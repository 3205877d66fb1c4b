"""AI credits: what is granted, held, charged and given back, and how a repetition is answered."""

from datetime import datetime, timedelta
from itertools import count

import pytest

from linkwright import clock, ids, jobs, plans
from linkwright.credits import balances, free_answers, items
from linkwright.errors import Conflict, QuotaExceeded, ServerError, Unavailable
from linkwright.jobs import Work
from linkwright.plans import PLANS
from linkwright.transaction import Transaction
from linkwright.workspace import facts, workspaces
from tests.client import Client, Context, invoke, queue_event
from tests.clocks import Hand
from tests.credits import Asker, balance, entries, holds_of, kinds, refused, violated
from tests.factories import Workspace, make_workspace
from tests.stack import Stack
from tools.credits import grant

PAGE = {"url": "https://shop.example.com/spring-sale", "title": "Spring sale"}
ALIAS = "/api/ai/suggest-alias"
GRANTED = PLANS["pro"].ai_credits
A_LEASE_S = 40


@pytest.fixture
def asker(workspace: Workspace) -> Asker:
    return Asker.of(workspace)


def spend(workspace: Workspace, asker: Asker, left: int) -> None:
    """Leave so many of the month's."""
    balances.current(workspace.partition, plans.period(asker.account.anchor_day).label)
    while balance(workspace).remaining - left >= 10:
        asker.post(operation="agent")
    while balance(workspace).remaining > left:
        asker.post(operation="suggest_tags")


def _work(work: Work) -> None:
    done = invoke("update_workspace", queue_event([work.message()]), Context(60_000))
    assert done == {"batchItemFailures": []}


def _change_plan(workspace: Workspace, plan: str) -> None:
    tx = Transaction(workspace.id, "req_test")
    facts.change(tx, workspaces.existing(workspace.id), {"plan": plan})
    tx.commit()
    _work(jobs.at(facts.key(workspace.id)))


# ---- charging ------------------------------------------------------------------------------------


def test_200_costs_what_is_printed(workspace: Workspace, stack: Stack) -> None:
    answer = workspace.client.post(ALIAS, json=PAGE)
    assert (answer.status, answer.json["alias"]) == (200, "spring-sale")
    assert answer.headers["X-AI-Credits-Charged"] == "1"
    assert answer.headers["X-AI-Credits-Remaining"] == str(balance(workspace).remaining)
    assert (balance(workspace).spent, balance(workspace).reserved) == (1, 0)
    assert kinds(stack, workspace) == {"grant": 1, "hold": 1, "settle": 1}
    assert violated(stack, workspace) == []


def test_200_of_a_repetition_is_the_first_answer_and_takes_nothing(workspace: Workspace) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = (workspace.client.post(ALIAS, json=PAGE, headers=headers) for _ in range(2))
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.raw == first.raw
    charged = "X-AI-Credits-Charged"
    assert second.headers[charged] == first.headers[charged] == "1"
    assert balance(workspace).spent == 1


def test_409_for_a_key_that_asked_for_something_else(workspace: Workspace) -> None:
    headers = {"Idempotency-Key": "k"}
    workspace.client.post(ALIAS, json=PAGE, headers=headers)
    answer = workspace.client.post(ALIAS, json={"url": PAGE["url"]}, headers=headers)
    assert (answer.status, answer.json["reason"]) == (409, "idempotency_key_reused")
    assert balance(workspace).spent == 1


def test_402_three_keys_on_the_free_plan_even_of_a_bad_body(stack: Stack) -> None:
    answer = make_workspace(plan="free").client.post(ALIAS, json={"nonsense": 1})
    printed = {"error": "ai_requires_paid_plan", "dimension": "ai_credits", "upgrade_to": "pro"}
    assert (answer.status, answer.json) == (402, printed)


def test_402_three_keys_and_nothing_taken_where_too_few_are_left(
    workspace: Workspace, asker: Asker, stack: Stack
) -> None:
    spend(workspace, asker, left=1)
    before = entries(stack, workspace)
    error = refused(asker.post)
    assert isinstance(error, QuotaExceeded)
    upgrade = asker.account.plan.upgrade_to
    assert error.details == {"dimension": "ai_credits", "upgrade_to": upgrade}
    assert error.headers == {
        "X-AI-Credits-Remaining": "1",
        "X-AI-Credits-Required": "2",
        "X-AI-Credits-Resets-At": clock.timestamp(plans.period(asker.account.anchor_day).end),
    }
    assert entries(stack, workspace) == before
    assert asker.post(operation="suggest_tags").status == 200


def test_200_a_repetition_is_answered_where_nothing_is_left(
    workspace: Workspace, asker: Asker
) -> None:
    first = asker.post("k")
    spend(workspace, asker, left=0)
    assert asker.post("k").body == first.body
    assert isinstance(refused(lambda: asker.post("another")), QuotaExceeded)


def test_500_gives_back_what_was_held(workspace: Workspace, asker: Asker, stack: Stack) -> None:
    asker.fails = RuntimeError("the work is broken")
    with pytest.raises(RuntimeError):
        asker.post("k")
    assert (balance(workspace).spent, kinds(stack, workspace)["release"]) == (0, 1)
    asker.fails = None
    assert asker.post("k").headers["X-AI-Credits-Charged"] == "2"
    assert violated(stack, workspace) == []


def test_an_error_of_the_work_is_told_and_costs_nothing(workspace: Workspace, asker: Asker) -> None:
    asker.fails = Conflict("It bounced.", reason="bounced")
    assert refused(lambda: asker.post("k")) is asker.fails
    assert balance(workspace).spent == 0


def test_a_fall_back_is_kept_and_costs_nothing(
    workspace: Workspace, asker: Asker, stack: Stack
) -> None:
    asker.is_fallback = True
    first, second = asker.post("k"), asker.post("k")
    assert (first.headers["X-AI-Credits-Charged"], second.body) == ("0", first.body)
    assert (asker.made, balance(workspace).spent) == (1, 0)
    assert violated(stack, workspace) == []


def test_no_model_is_asked_in_vain_without_end(
    workspace: Workspace, asker: Asker, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_answers, "MOST", 2)
    asker.is_fallback = True
    given = []
    for number in range(4):
        asker.post(f"k{number}")
        given.append(asker.allowed.ours)
    assert given == [True, True, False, False]
    assert balance(workspace).spent == 0
    hand.move(3600)
    asker.post("k4")
    assert asker.allowed.ours


# ---- in progress ---------------------------------------------------------------------------------


def test_409_while_the_first_is_being_answered(workspace: Workspace, asker: Asker) -> None:
    found: list[Exception] = []
    asker.meanwhile = lambda: found.append(refused(lambda: asker.post("k")))
    asker.post("k")
    (error,) = found
    assert isinstance(error, Conflict)
    assert error.details == {"reason": "idempotency_key_in_progress"}
    assert 0 < int(error.headers["Retry-After"]) <= A_LEASE_S
    assert (asker.made, balance(workspace).spent) == (1, 2)


class Killed(BaseException):
    """What no handler catches."""


def test_who_is_killed_is_taken_over_after_the_lease(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    def die() -> None:
        raise Killed

    asker.meanwhile = die
    with pytest.raises(Killed):
        asker.post("k")
    assert balance(workspace).reserved == 2
    asker.meanwhile = lambda: None
    assert isinstance(refused(lambda: asker.post("k")), Conflict)
    hand.move(A_LEASE_S)
    assert asker.post("k").status == 200
    assert (balance(workspace).spent, balance(workspace).reserved) == (2, 0)
    assert kinds(stack, workspace) == {"grant": 1, "hold": 2, "release": 1, "settle": 1}
    assert violated(stack, workspace) == []


def test_503_for_who_comes_back_after_it_was_taken_over(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    def pause() -> None:
        asker.meanwhile = lambda: None
        hand.move(A_LEASE_S)
        assert asker.post("k").headers["X-AI-Credits-Charged"] == "2"

    asker.meanwhile = pause
    assert isinstance(refused(lambda: asker.post("k")), Unavailable)
    assert balance(workspace).spent == 2
    assert asker.post("k").body == '{"number":2}'
    assert violated(stack, workspace) == []


def test_a_dead_hold_is_given_back_by_its_job(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    asker.fails = None
    asker.meanwhile = lambda: (_ for _ in ()).throw(Killed)
    with pytest.raises(Killed):
        asker.post("k")
    (hold,) = holds_of(stack, workspace)
    work = jobs.at(items.hold_key(workspace.partition, hold["id"]))
    # Too early: nothing is done, and the job waits.
    _work(work)
    assert balance(workspace).reserved == 2
    hand.move(A_LEASE_S)
    _work(work)
    _work(work)
    assert (balance(workspace).spent, balance(workspace).reserved) == (0, 0)
    assert kinds(stack, workspace)["release"] == 1
    assert violated(stack, workspace) == []
    assert not any("gsi2pk" in row for row in holds_of(stack, workspace))


# ---- pools, cycles, plans ------------------------------------------------------------------------


def test_the_month_s_are_taken_first_and_each_pool_gets_its_own_back(
    workspace: Workspace, asker: Asker, stack: Stack
) -> None:
    balances.add(workspace.partition, 5, "invoice 1")
    spend(workspace, asker, left=6)
    asker.fails = RuntimeError()
    with pytest.raises(RuntimeError):
        asker.post(operation="bio_generate")
    asker.fails = None
    assert (balance(workspace).monthly, balance(workspace).extra) == (1, 5)
    asker.post(operation="bio_generate")
    assert (balance(workspace).monthly, balance(workspace).extra) == (0, 1)
    assert violated(stack, workspace) == []


def test_extra_credits_are_granted_once_for_each_reference(
    workspace: Workspace, stack: Stack
) -> None:
    assert [balances.add(workspace.partition, 50, "invoice 1") for _ in range(2)] == [True, False]
    assert balances.add(workspace.partition, 50, "invoice 2")
    assert balance(workspace).extra == 100
    assert violated(stack, workspace) == []


def test_a_new_cycle_grants_anew_and_keeps_the_extra_ones(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    balances.add(workspace.partition, 5, "invoice 1")
    asker.post()
    hand.move(timedelta(days=31).total_seconds())
    asker.post()
    now = balance(workspace)
    assert (now.granted, now.spent, now.extra) == (asker.account.plan.ai_credits, 2, 5)
    assert kinds(stack, workspace)["expire"] == 1
    assert violated(stack, workspace) == []


def test_who_knows_another_cycle_than_the_workspace_is_granted_nothing(
    workspace: Workspace, asker: Asker, stack: Stack
) -> None:
    asker.post()
    assert balances.current(workspace.partition, "2999-01-01").spent == 2
    assert kinds(stack, workspace)["grant"] == 1


def test_what_is_left_is_that_of_the_new_cycle_though_nothing_was_taken_of_it(
    workspace: Workspace, asker: Asker, hand: Hand
) -> None:
    hand.move((plans.period(asker.account.anchor_day).end - clock.now()).total_seconds() - 60)
    asker.get()
    hand.move(120)
    hit = asker.get()
    assert hit.headers["X-Cache"] == "hit"
    assert hit.headers["X-AI-Credits-Remaining"] == str(asker.account.plan.ai_credits)


def test_a_new_cycle_is_begun_by_its_job_where_nobody_asks(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    asker.post()
    before = balance(workspace).period
    hand.move(timedelta(days=31).total_seconds())
    work = jobs.at(items.renewal_key(workspace.partition))
    _work(work)
    _work(work)
    assert balance(workspace).period > before
    assert kinds(stack, workspace)["grant"] == 2
    assert jobs.stored(work.key)["gsi2sk"] > clock.timestamp()
    assert violated(stack, workspace) == []


def test_what_was_held_in_an_older_cycle_is_not_given_to_a_new_one(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    def renew() -> None:
        hand.move(timedelta(days=31).total_seconds())
        balances.current(workspace.partition, plans.period(asker.account.anchor_day).label)

    asker.meanwhile, asker.fails = renew, RuntimeError()
    with pytest.raises(RuntimeError):
        asker.post()
    assert (balance(workspace).spent, balance(workspace).reserved) == (0, 0)
    assert violated(stack, workspace) == []


@pytest.mark.parametrize("plan", ["free", "enterprise"])
def test_another_plan_grants_the_difference_and_forgets_nothing(
    workspace: Workspace, asker: Asker, stack: Stack, plan: str
) -> None:
    for _ in range(3):
        asker.post()
    for name in (plan, workspace.item["plan"], plan):
        _change_plan(workspace, name)
    now = balance(workspace)
    assert (now.granted, now.spent) == (PLANS[plan].ai_credits, 6)
    assert now.monthly == max(PLANS[plan].ai_credits - 6, 0)
    assert violated(stack, workspace) == []


# ---- what a key may take on a day ----------------------------------------------------------------


def test_402_without_an_upgrade_beyond_what_a_key_may_take_on_a_day(
    workspace: Workspace, stack: Stack, hand: Hand
) -> None:
    asker = Asker.of(workspace, ai_credits_per_day=3)
    asker.post()
    error = refused(asker.post)
    assert isinstance(error, QuotaExceeded)
    assert error.details == {"dimension": "ai_credits", "upgrade_to": None}
    assert error.headers["X-AI-Credits-Remaining"] == "1"
    asker.post(operation="suggest_tags")
    hand.move(24 * 3600)
    assert asker.post().status == 200
    assert violated(stack, workspace) == []


def test_what_failed_is_given_back_to_the_day(workspace: Workspace) -> None:
    asker = Asker.of(workspace, ai_credits_per_day=2)
    asker.fails = RuntimeError()
    with pytest.raises(RuntimeError):
        asker.post()
    asker.fails = None
    assert asker.post().status == 200


# ---- a GET that is charged -----------------------------------------------------------------------


def test_a_get_is_made_once_and_then_free_for_its_time(
    workspace: Workspace, asker: Asker, hand: Hand
) -> None:
    first = asker.get()
    hand.move(5)
    hit = asker.get()
    assert (first.headers["X-Cache"], hit.headers["X-Cache"]) == ("miss", "hit")
    assert (hit.body, hit.headers["Age"]) == (first.body, "5")
    assert (hit.headers["X-AI-Credits-Charged"], balance(workspace).spent) == ("0", 2)
    assert hit.headers["X-AI-Credits-Remaining"] == str(balance(workspace).remaining)
    assert hit.headers["Cache-Control"] == "private, no-store"
    hand.move(6 * 3600)
    assert asker.get().body == '{"number":2}'
    assert balance(workspace).spent == 4


def test_force_makes_another_one_and_is_charged(workspace: Workspace, asker: Asker) -> None:
    asker.get()
    assert asker.get(force=True).body == '{"number":2}'
    assert (asker.get().body, balance(workspace).spent) == ('{"number":2}', 4)


def test_what_is_kept_is_answered_while_another_one_is_made(
    workspace: Workspace, asker: Asker
) -> None:
    first = asker.get()
    seen: list[str] = []
    asker.meanwhile = lambda: seen.append(asker.get().body)
    asker.get(force=True)
    assert seen == [first.body]


def test_what_is_kept_outlives_an_attempt_to_make_another_one(
    workspace: Workspace, asker: Asker, stack: Stack
) -> None:
    first = asker.get()
    asker.fails = ServerError()
    assert refused(lambda: asker.get(force=True)) is asker.fails
    assert (asker.get().body, balance(workspace).spent) == (first.body, 2)
    assert violated(stack, workspace) == []


def test_a_fall_back_is_kept_for_ten_minutes(asker: Asker, hand: Hand) -> None:
    asker.is_fallback = True
    asker.get()
    hand.move(599)
    assert asker.get().headers["X-Cache"] == "hit"
    hand.move(2)
    asker.is_fallback = False
    assert asker.get().headers["X-AI-Credits-Charged"] == "2"


def test_what_was_paid_for_outlives_a_fall_back_while_it_is_fresh(
    workspace: Workspace, asker: Asker, stack: Stack, hand: Hand
) -> None:
    paid = asker.get()
    hand.move(10)
    asker.is_fallback = True
    for number in (2, 3):
        free = asker.get(force=True)
        assert (free.body, free.headers["X-Cache"]) == (f'{{"number":{number}}}', "miss")
        assert free.headers["X-AI-Credits-Charged"] == "0"
    hand.move(601)
    hit = asker.get()
    assert (hit.body, hit.headers["X-Cache"], hit.headers["Age"]) == (paid.body, "hit", "611")
    assert balance(workspace).spent == 2
    assert violated(stack, workspace) == []
    hand.move(6 * 3600)
    assert asker.get().body == '{"number":4}'
    assert asker.get().headers["X-Cache"] == "hit"


def test_a_fall_back_is_kept_where_what_was_paid_for_is_over_meanwhile(
    asker: Asker, hand: Hand
) -> None:
    asker.get()
    hand.move(6 * 3600 - 5)
    asker.is_fallback = True
    asker.meanwhile = lambda: hand.move(10)
    free = asker.get(force=True)
    assert (asker.get().body, asker.made) == (free.body, 2)


def test_503_for_who_waits_in_vain(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    waited = [0.0]
    monkeypatch.setattr(clock, "sleep", lambda s: waited.__setitem__(0, waited[0] + s))
    monkeypatch.setattr(clock, "monotonic", lambda: waited[0])
    found: list[Exception] = []
    asker.meanwhile = lambda: found.append(refused(asker.get))
    asker.get()
    assert isinstance(found[0], Unavailable)
    assert 15 < waited[0] < 21


# ---- GET /api/ai/credits -------------------------------------------------------------------------


def test_200_shows_pools_holds_weights_and_the_ledger(workspace: Workspace, asker: Asker) -> None:
    balances.add(workspace.partition, 5, "invoice 1")
    asker.post()
    shown: list[dict[str, object]] = []
    asker.meanwhile = lambda: shown.append(workspace.client.get("/api/ai/credits").json)
    asker.post(operation="agent")
    (found,) = shown
    granted = asker.account.plan.ai_credits
    assert found["remaining"] == granted - 12 + 5
    assert (found["held"], found["extra"]) == (10, {"remaining": 5})
    assert [(hold["operation"], hold["credits"]) for hold in found["holds"]] == [("agent", 10)]  # type: ignore[attr-defined]
    assert found["weights"]["insight_domain"] == 5  # type: ignore[index]
    types = sorted(row["type"] for row in found["ledger"]["data"])  # type: ignore[attr-defined]
    assert types == ["grant", "grant", "hold", "hold", "settle"]


def test_200_the_ledger_tells_what_was_granted_before_what_was_taken_of_it(
    workspace: Workspace, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first request ever, and at the first one of a cycle."""
    now, milliseconds = clock.now(), count()

    def told() -> list[str]:
        found = workspace.client.get("/api/ai/credits").json["ledger"]["data"]
        return [row["type"] for row in found[::-1]]

    def go_on_from(moment: datetime) -> None:
        """And a millisecond later each time that anybody looks."""
        monkeypatch.setattr(
            clock, "now", lambda: moment + timedelta(milliseconds=next(milliseconds))
        )

    go_on_from(now)
    asker.post()
    assert told() == ["grant", "hold", "settle"]
    for months in (1, 2, 3):
        # Of two ids of one moment the order is chance.
        go_on_from(now + timedelta(days=31 * months))
        asker.post()
        assert told()[-4:] == ["expire", "grant", "hold", "settle"]


def test_200_on_any_plan_and_before_anything_was_asked_for(stack: Stack) -> None:
    for plan in ("free", "pro"):
        workspace = make_workspace(plan=plan)
        shown = workspace.client.get("/api/ai/credits").json
        assert shown["remaining"] == shown["monthly"]["granted"] == PLANS[plan].ai_credits
        assert shown["ledger"] == {"data": [], "next_cursor": None}
        assert balances.find(workspace.partition) is None


def test_the_ledger_is_walked_by_its_cursor(workspace: Workspace, asker: Asker) -> None:
    for _ in range(3):
        asker.post()
    seen, cursor = [], ""
    while True:
        page = workspace.client.get(f"/api/ai/credits?limit=2{cursor}").json["ledger"]
        seen += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 7


def test_200_a_hold_is_shown_however_many_have_ended_since(
    workspace: Workspace, asker: Asker
) -> None:
    balances.add(workspace.partition, 500, "invoice 1")
    shown: list[dict[str, object]] = []

    def answer_many() -> None:
        asker.meanwhile = lambda: None
        for _ in range(101):
            asker.post(operation="suggest_tags")
        shown.append(workspace.client.get("/api/ai/credits").json)

    asker.meanwhile = answer_many
    asker.post()
    (found,) = shown
    assert found["held"] == 2
    assert [hold["credits"] for hold in found["holds"]] == [2]  # type: ignore[attr-defined]


def test_200_usage_is_shown_however_many_keys_have_a_limit(workspace: Workspace) -> None:
    for _ in range(25):
        asker = Asker.of(workspace, ai_credits_per_day=5, credential_id=ids.new("key"))
        asker.post(operation="suggest_tags")
    shown = workspace.client.get("/v1/workspace/usage").json["ai_credits"]
    assert (shown["used"], shown["remaining"]) == (25, GRANTED - 25)


# ---- who may grant and limit ---------------------------------------------------------------------


def test_the_operator_grants_extra_credits_once(workspace: Workspace) -> None:
    first, again = (grant(workspace.id, 500, "inv_17") for _ in range(2))
    assert first.startswith("500 credits are granted")
    assert again.startswith("inv_17 was granted before")
    assert workspace.client.get("/api/ai/credits").json["extra"] == {"remaining": 500}


def test_402_for_a_key_beyond_its_own_day(workspace: Workspace) -> None:
    wanted = {"name": "CI", "scopes": ["ai:generate", "keys:manage"], "mode": "live"}
    made = workspace.client.post("/v1/keys", json={**wanted, "ai_credits_per_day": 1}).json
    assert made["ai_credits_per_day"] == 1
    client = Client(made["token"])
    assert client.post(ALIAS, json=PAGE).status == 200
    printed = {"error": "quota_exceeded", "dimension": "ai_credits", "upgrade_to": None}
    refused = client.post(ALIAS, json=PAGE)
    assert (refused.status, refused.json) == (402, printed)
    assert refused.headers["X-AI-Credits-Required"] == "1"


def test_402_for_whatever_comes_of_a_key_that_has_had_its_day(workspace: Workspace) -> None:
    """In its place, or made by it: the day is that of the first one."""
    wanted = {"name": "CI", "scopes": ["ai:generate", "keys:manage"], "mode": "live"}
    made = workspace.client.post("/v1/keys", json={**wanted, "ai_credits_per_day": 2}).json
    first = Client(made["token"])
    assert first.post(ALIAS, json=PAGE).status == 200
    child = Client(first.post("/v1/keys", json=wanted).json["token"])
    assert child.post(ALIAS, json=PAGE).status == 200
    rolled = first.post(f"/v1/keys/{made['id']}/roll", json={"overlap": "0"}).json
    again = Client(rolled["token"])
    by_others = workspace.client.post(f"/v1/keys/{rolled['id']}/roll", json={"overlap": "1h"}).json
    for client in (child, again, Client(by_others["token"])):
        assert client.post(ALIAS, json=PAGE).status == 402
    own = workspace.client.post("/v1/keys", json={**wanted, "ai_credits_per_day": 1}).json
    assert Client(own["token"]).post(ALIAS, json=PAGE).status == 200


def test_201_a_key_with_a_limit_makes_none_that_may_take_more(workspace: Workspace) -> None:
    wanted = {"name": "CI", "scopes": ["keys:manage"], "mode": "live"}
    made = workspace.client.post("/v1/keys", json={**wanted, "ai_credits_per_day": 5}).json
    client = Client(made["token"])
    for asked, had in ((None, 5), (9, 5), (2, 2)):
        limit = client.post("/v1/keys", json={**wanted, "ai_credits_per_day": asked})
        assert limit.json["ai_credits_per_day"] == had
    rolled = workspace.client.post(f"/v1/keys/{made['id']}/roll", json={"overlap": "0"})
    assert rolled.json["ai_credits_per_day"] == 5
