"""Leads pushed as a list: each with a result of its own, in one push or in several."""

from collections import Counter
from typing import Any

import pytest

from linkwright import jobs, plans, usage
from linkwright.errors import Unavailable
from linkwright.mailer import items
from linkwright.mailer.leads.models import MAX_LEADS
from linkwright.table import Item, Table, get, update
from linkwright.transaction import Transaction
from tests import mailing
from tests.client import Answer, Context
from tests.factories import Workspace, make_workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

AT_ONCE = 50
# Fifty share one processor here; on Lambda each has its own.
MINUTES = 900_000


def _people(count: int, first: int = 0) -> list[Item]:
    return [{"email": f"noa{at}@example.com"} for at in range(first, first + count)]


def _push(
    workspace: Workspace, campaign: str, people: list[Any], key: str | None = None, **more: Any
) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/v1/mailer/campaigns/{campaign}/leads"
    body, context = {"leads": people, **more}, Context(MINUTES)
    return workspace.client.post(path, json=body, headers=headers, context=context)


def _counts(answer: Answer) -> tuple[int, int, int, int]:
    told = answer.json
    return told["created"], told["duplicates"], told["suppressed"], told["invalid"]


def _statuses(answer: Answer) -> list[str]:
    assert [one["index"] for one in answer.json["results"]] == list(range(len(_ids(answer))))
    return [one["status"] for one in answer.json["results"]]


def _ids(answer: Answer) -> list[str | None]:
    return [one["lead_id"] for one in answer.json["results"]]


def _committed(workspace: Workspace) -> int:
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.partition, period, items.RESEARCHED)
    return int((get(Table.CORE, where) or {}).get("committed", 0))


def _require_once(stack: Stack, workspace: Workspace, campaign: str, count: int) -> None:
    """Each address has one lead, each lead one event and one job, and all are counted."""
    rows = stack.rows("CoreTable", workspace.id)
    made = [row for row in rows if row["pk"] == items.lead_key(workspace.partition, "").pk]
    assert len({row["address_hash"] for row in made}) == len(made) == count
    told = Counter(row["object"]["id"] for row in rows if row.get("type") == "lead.created")
    assert told == {row["sk"]: 1 for row in made}
    assert all(jobs.is_due(row) for row in made)
    addresses = [row for row in rows if "#ADR#" in row["pk"]]
    assert {row["lead"] for row in addresses} == {row["sk"] for row in made}
    shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json["lead_counts"]
    assert sum(shown.values()) == shown["pending"] == _committed(workspace) == count


def test_200_each_with_a_result_of_its_own(stack: Stack, workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    known = workspace.lead(campaign, email="known@example.com")
    workspace.suppression("stop@example.com")
    people: list[Any] = [
        {"email": "new@example.com", "first_name": "נועה"},
        {"email": "KNOWN@example.com"},
        {"email": "Stop@example.com"},
        {"email": "no address"},
        {"email": "a@example.com", "first_name": "a\nBcc: b@example.com"},
        {"email": "b@example.com", "colour": "red", "title": 1},
        "c@example.com",
        {"email": "New@example.com"},
        {"email": "stop@example.com"},
    ]
    answer = _push(workspace, campaign, people)
    assert answer.status == 200
    assert _statuses(answer) == [
        *("created", "duplicate", "suppressed", "invalid", "invalid", "invalid", "invalid"),
        *("duplicate", "suppressed"),
    ]
    assert _counts(answer) == (1, 2, 2, 4)
    results = answer.json["results"]
    assert (results[1]["lead_id"], results[7]["lead_id"]) == (known, results[0]["lead_id"])
    assert results[2]["lead_id"] is None
    told = [(one["error"]["code"], one["error"]["field"]) for one in results[3:6]]
    assert told == [("validation_failed", field) for field in ("email", "first_name", None)]
    assert {one["path"] for one in results[5]["error"]["errors"]} == {"colour", "title"}
    _require_once(stack, workspace, campaign, 2)


@pytest.mark.slow
def test_200_makes_500_in_chunks_and_none_a_second_time(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    campaign = workspace.mailer_campaign()
    answer = _push(workspace, campaign, _people(500))
    assert _counts(answer) == (500, 0, 0, 0)
    assert len(set(_ids(answer))) == 500
    again = _push(workspace, campaign, _people(500))
    assert (_counts(again), _ids(again)) == ((0, 500, 0, 0), _ids(answer))
    _require_once(stack, workspace, campaign, 500)


@pytest.mark.parametrize("count", [31, 32, 62, 64])
def test_200_however_many_there_are_for_a_campaign_that_is_over(
    workspace: Workspace, count: int
) -> None:
    """Which goes on by that, so that one transaction has an item more."""
    campaign = mailing.put_campaign(workspace, [], state="completed")
    assert _counts(_push(workspace, campaign, _people(count))) == (count, 0, 0, 0)


MORE = {f"column_{at}": "x" for at in range(12)}
LONG = {"\N{GRINNING FACE}" * 100: 1}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (MORE, "12 fields are not valid."),
        (LONG, "It is not valid, as others of the list: push fewer of them to be told why."),
    ],
    ids=["a dozen columns", "a long one"],
)
@pytest.mark.slow
def test_200_for_a_list_in_which_nearly_nobody_is_valid(
    workspace: Workspace, fields: dict[str, Any], told: str
) -> None:
    """The record of its answer is an item, which holds 400 KB."""
    campaign = workspace.mailer_campaign()
    people = [{"email": "ok@example.com"}, *[{"email": "a@example.com"} | fields] * 499]
    for _ in range(2):
        answer = _push(workspace, campaign, people, key="k")
        assert (answer.status, _counts(answer)) == (200, (1, 0, 0, 499))
    first, last = (answer.json["results"][at]["error"] for at in (1, -1))
    assert next(iter(fields))[:10] in str(first)
    assert (last["code"], last["message"]) == ("validation_failed", told)
    assert len(last["errors"] or []) <= 5


@pytest.mark.parametrize("people", [[], _people(501), {"email": "a@example.com"}, "a"])
def test_400_for_no_list_of_1_to_500(workspace: Workspace, people: Any) -> None:
    """Never cut: what is too long is not made in part."""
    campaign = workspace.mailer_campaign()
    answer = _push(workspace, campaign, people)
    assert (answer.status, answer.error["field"]) == (400, "leads")
    shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json["lead_counts"]
    assert set(shown.values()) == {0}


def test_200_skips_whom_another_campaign_has_if_that_is_wanted(workspace: Workspace) -> None:
    first, second = workspace.mailer_campaign(), workspace.mailer_campaign()
    known = _push(workspace, first, _people(2))
    answer = _push(workspace, second, _people(3), skip_if_in_workspace=True)
    assert (_counts(answer), _ids(answer)[:2]) == ((1, 2, 0, 0), _ids(known))
    assert _counts(_push(workspace, second, _people(3))) == (2, 1, 0, 0)


def test_200_tells_those_beyond_the_plan_so(stack: Stack, workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.partition, period, items.RESEARCHED)
    update(Table.CORE, where, "SET #committed = :most", values={"most": 9_960})
    answer = _push(workspace, campaign, _people(50))
    assert _counts(answer) == (40, 0, 0, 10)
    assert _statuses(answer) == ["created"] * 40 + ["invalid"] * 10
    error = answer.json["results"][40]["error"]
    assert (error["code"], error["dimension"]) == ("plan_limit_exceeded", "leads")
    assert _committed(workspace) == 10_000


def test_200_the_same_answer_under_the_same_key_and_409_for_another_list(
    stack: Stack, workspace: Workspace
) -> None:
    campaign, other = workspace.mailer_campaign(), workspace.mailer_campaign()
    answer = _push(workspace, campaign, _people(70), key="k")
    again = _push(workspace, campaign, _people(70), key="k")
    assert (again.json, again.headers["Idempotent-Replayed"]) == (answer.json, "true")
    for where, people in ((campaign, _people(70, 100)), (other, _people(70))):
        refused = _push(workspace, where, people, key="k")
        assert (refused.status, refused.error["reason"]) == (409, "idempotency_key_reused")
    _require_once(stack, workspace, campaign, 70)


def test_409_before_anything_is_made_for_another_list_under_the_key_of_one_cut_off(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = workspace.mailer_campaign()
    _cut_off(monkeypatch, after=1)
    assert _push(workspace, campaign, _people(70), key="k").status == 503
    monkeypatch.undo()
    # Which chunk is the first, its id says.
    made = _committed(workspace)
    assert made in {8, 31}
    refused = _push(workspace, campaign, _people(70, 100), key="k")
    assert (refused.status, refused.error["reason"]) == (409, "idempotency_key_reused")
    assert _committed(workspace) == made
    assert _counts(_push(workspace, campaign, _people(70), key="k")) == (70, 0, 0, 0)


def _cut_off(patch: pytest.MonkeyPatch, after: int) -> None:
    """Whatever is written after so many transactions is not."""
    commit, done = Transaction.commit, list[None]()

    def counted(tx: Transaction) -> None:
        if len(done) == after:
            raise Unavailable
        done.append(None)
        commit(tx)

    patch.setattr(Transaction, "commit", counted)


def test_200_all_of_it_as_its_own_for_a_push_that_was_cut_off(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = workspace.mailer_campaign()
    for after in (1, 0, 1, 0):
        with monkeypatch.context() as patch:
            _cut_off(patch, after)
            assert _push(workspace, campaign, _people(100), key="k").status == 503
    # Two chunks of 31, or one of them and the last.
    assert _committed(workspace) in {38, 62}
    answer = _push(workspace, campaign, _people(100), key="k")
    assert _counts(answer) == (100, 0, 0, 0)
    _require_once(stack, workspace, campaign, 100)


def test_200_for_who_meets_others_in_every_chunk(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pushes one of each chunk, just before the first is written."""
    campaign = workspace.mailer_campaign()
    commit, others = Transaction.commit, [_people(1, at)[0] for at in (0, 31, 62, 93)]

    def first(tx: Transaction) -> None:
        monkeypatch.setattr(Transaction, "commit", commit)
        assert _counts(_push(workspace, campaign, others)) == (4, 0, 0, 0)
        commit(tx)

    monkeypatch.setattr(Transaction, "commit", first)
    answer = _push(workspace, campaign, _people(100))
    assert _counts(answer) == (96, 4, 0, 0)
    _require_once(stack, workspace, campaign, 100)


def _until_told(workspace: Workspace, campaign: str, people: list[Any], key: str) -> Answer:
    """As a client does that is told to try again, under its own key."""
    while True:
        answer = _push(workspace, campaign, people, key)
        if answer.status != 503:
            return answer


@pytest.mark.slow
def test_200_each_once_for_fifty_pushes_of_one_list(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    campaign, people = workspace.mailer_campaign(), _people(MAX_LEADS)
    answers = at_once(AT_ONCE, lambda at: _until_told(workspace, campaign, people, f"key {at}"))
    assert {answer.status for answer in answers} == {200}
    _require_once(stack, workspace, campaign, len(people))
    assert len({tuple(_ids(answer)) for answer in answers}) == 1
    assert all(_counts(answer)[2:] == (0, 0) for answer in answers)
    assert sum(answer.json["created"] for answer in answers) == len(people)


def test_200_one_answer_for_ten_pushes_of_one_list_under_one_key(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    campaign, people = workspace.mailer_campaign(), _people(100)
    answers = at_once(10, lambda _: _push(workspace, campaign, people, "k"))
    assert {answer.status for answer in answers} <= {200, 409, 503}
    told = {answer.raw for answer in answers if answer.status == 200}
    assert len(told) == 1
    _require_once(stack, workspace, campaign, 100)
    again = _push(workspace, campaign, people, "k")
    assert ({again.raw}, _counts(again)) == (told, (100, 0, 0, 0))


@pytest.mark.slow
def test_200_each_once_for_pushes_of_lists_that_overlap(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    campaign = workspace.mailer_campaign()
    answers = at_once(10, lambda at: _push(workspace, campaign, _people(100, 20 * at)))
    assert {answer.status for answer in answers} <= {200, 503}
    for at, answer in enumerate(answers):
        if answer.status != 200:
            assert _push(workspace, campaign, _people(100, 20 * at)).status == 200
    _require_once(stack, workspace, campaign, 280)
