"""Requests that take several transactions, under a key that another request had."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from linkwright import plans, usage
from linkwright.errors import Unavailable
from linkwright.in_parts import LEASE_S
from linkwright.mailer import items
from linkwright.mailer.leads import looking
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.usage import standing
from tests import leads, mailhost, mailing
from tests.client import Answer, Context
from tests.clocks import Hand
from tests.factories import TARGET, Workspace, make_workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

# The path and the body of a request that is more than one transaction.
Wanted = tuple[str, dict[str, Any]]
UNDER = {"Idempotency-Key": "k"}


def _leads(own: Workspace) -> Wanted:
    path = f"/v1/mailer/campaigns/{own.mailer_campaign()}/leads"
    return path, {"leads": [{"email": f"p{at}@example.com"} for at in range(70)]}


def _approvals(own: Workspace) -> Wanted:
    campaign = own.mailer_campaign()
    made = [leads.put_written(own, campaign, email=f"p{at}@example.com") for at in range(3)]
    wanted = [{"lead_id": lead, "seq": 1, "version": 1} for lead in made]
    return f"/v1/mailer/campaigns/{campaign}/emails/approve", {"items": wanted}


def _links(own: Workspace) -> Wanted:
    return "/api/links/bulk", {"links": [{"url": TARGET}] * 40}


def _mailboxes(own: Workspace) -> Wanted:
    return "/v1/mailer/mailboxes", mailhost.wanted(f"{own.id.lower()}@example.com")


IN_PARTS = pytest.mark.parametrize("wanted", [_leads, _approvals, _links, _mailboxes])


def _ask(own: Workspace, asked: Wanted) -> Answer:
    return own.client.post(asked[0], json=asked[1], headers=UNDER)


@IN_PARTS
def test_409_for_a_key_of_another_request_and_nothing_is_done(
    stack: Stack, wanted: Callable[[Workspace], Wanted], workspace: Workspace
) -> None:
    asked = wanted(workspace)
    other = {"email": "stop@example.com"}
    made = workspace.client.post("/v1/mailer/suppressions", json=other, headers=UNDER)
    assert made.status == 201
    before = stack.rows("CoreTable", workspace.id)
    refused = _ask(workspace, asked)
    assert (refused.status, refused.error["reason"]) == (409, "idempotency_key_reused")
    assert stack.rows("CoreTable", workspace.id) == before


@IN_PARTS
def test_20x_again_under_its_own_key_is_the_first_answer(
    stack: Stack, wanted: Callable[[Workspace], Wanted], workspace: Workspace
) -> None:
    asked = wanted(workspace)
    first = _ask(workspace, asked)
    before = stack.rows("CoreTable", workspace.id)
    again = _ask(workspace, asked)
    assert (again.status, again.raw) == (first.status, first.raw)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stack.rows("CoreTable", workspace.id) == before


@pytest.mark.parametrize(("state", "changes"), [("sending", 1), ("sent", 2), ("unknown", 2)])
def test_200_approved_as_before_though_it_was_mailed_since(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, state: str, changes: int
) -> None:
    """A request that was cut off is told of what it approved as it would have been."""
    asked = _approvals(workspace)

    def fail() -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        _at_the_second(patch, fail)
        assert _ask(workspace, asked).status == 503
    lead = asked[1]["items"][0]["lead_id"]
    for _ in range(changes):
        where = items.email_key(workspace.partition, lead, 1)
        mailing.is_otherwise(workspace, where, state=state)
    answer = _ask(workspace, asked)
    found = [(one["status"], one["version"]) for one in answer.json["results"]]
    assert found == [("approved", 2)] * 3


# ---- at once -------------------------------------------------------------------------------------

AT_ONCE = 50
# Fifty share a processor here; on Lambda each has its own.
MINUTES = 900_000
PATIENCE_S = 120


def _many_links(own: Workspace) -> Wanted:
    return "/api/links/bulk", {"links": [{"url": TARGET, "title": str(at)} for at in range(60)]}


OF_CHUNKS = pytest.mark.parametrize("wanted", [_leads, _many_links])


def _made(stack: Stack, own: Workspace) -> tuple[list[str], Counter[str]]:
    """The leads or links there are, and of which of them events tell."""
    rows = stack.rows("CoreTable", own.id)
    made = [row["sk"] for row in rows if row["pk"].endswith(("#LEAD", "#LNK"))]
    told = ("lead.created", "link.created")
    return made, Counter(row["object"]["id"] for row in rows if row.get("type") in told)


def _ids(answer: Answer) -> list[str]:
    return [one.get("lead_id") or one["link"]["id"] for one in answer.json["results"]]


def _committed(own: Workspace) -> int:
    period = plans.period(own.item["anchor_day"]).label
    where = (usage.key(own.partition, period, "leads_researched"), standing(own.partition, "links"))
    return sum(int((get(Table.CORE, one) or {}).get("committed", 0)) for one in where)


def _require_once(stack: Stack, own: Workspace, answer: Answer) -> None:
    """All that was asked for, each once, and none that the answer does not name."""
    made, told = _made(stack, own)
    assert sorted(made) == sorted(_ids(answer))
    assert told == dict.fromkeys(made, 1)
    assert _committed(own) == len(made) >= 40


@OF_CHUNKS
@pytest.mark.slow
def test_20x_each_once_and_one_answer_for_fifty_at_once_under_one_key(
    stack: Stack, wanted: Callable[[Workspace], Wanted]
) -> None:
    own = make_workspace("enterprise")
    path, body = wanted(own)

    def ask(_: int = 0) -> Answer:
        return own.client.post(path, json=body, headers=UNDER, context=Context(MINUTES))

    answers = at_once(AT_ONCE, ask)
    beaten = [answer for answer in answers if answer.status == 409]
    assert {answer.status for answer in answers} <= {200, 409, 503}
    assert {answer.error["reason"] for answer in beaten} <= {"idempotency_key_in_progress"}
    assert all(0 < int(answer.headers["Retry-After"]) <= LEASE_S for answer in beaten)
    until, last = time.monotonic() + PATIENCE_S, ask()
    while last.status != 200 and time.monotonic() < until:
        time.sleep(0.5)
        last = ask()
    assert {answer.raw for answer in answers if answer.status == 200} <= {last.raw}
    _require_once(stack, own, last)


@OF_CHUNKS
def test_409_while_another_run_is_at_it_and_then_its_answer(
    stack: Stack,
    wanted: Callable[[Workspace], Wanted],
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, others = wanted(workspace), list[Answer]()
    _at_the_second(monkeypatch, lambda: others.append(_ask(workspace, asked)))
    first = _ask(workspace, asked)
    assert (others[0].status, others[0].error["reason"]) == (409, "idempotency_key_in_progress")
    assert 0 < int(others[0].headers["Retry-After"]) <= LEASE_S
    again = _ask(workspace, asked)
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (first.raw, "true")
    _require_once(stack, workspace, first)


@OF_CHUNKS
def test_20x_the_answer_of_who_took_over_for_a_run_that_was_held_up(
    stack: Stack,
    wanted: Callable[[Workspace], Wanted],
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than its lease, and before its second part: it writes nothing more."""
    hand, asked, others = Hand(monkeypatch), wanted(workspace), list[Answer]()

    def take_over() -> None:
        hand.move(LEASE_S + 1)
        others.append(_ask(workspace, asked))

    _at_the_second(monkeypatch, take_over)
    first = _ask(workspace, asked)
    assert (first.raw, first.headers["Idempotent-Replayed"]) == (others[0].raw, "true")
    assert others[0].status == 200
    _require_once(stack, workspace, first)


@OF_CHUNKS
def test_20x_at_once_for_who_sends_again_what_has_failed(
    stack: Stack,
    wanted: Callable[[Workspace], Wanted],
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for the lease of a run that knows that it is over."""
    asked = wanted(workspace)

    def fail() -> None:
        raise Unavailable

    _at_the_second(monkeypatch, fail)
    assert _ask(workspace, asked).status == 503
    made, _ = _made(stack, workspace)
    answer = _ask(workspace, asked)
    assert answer.status == 200
    assert set(made) < set(_ids(answer))
    _require_once(stack, workspace, answer)


def _at_the_second(patch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen right before the second part of a request is written."""
    commit, parts = Transaction.commit, list[Transaction]()

    def committed(tx: Transaction) -> None:
        parts.append(tx)
        if len(parts) == 2:
            act()
        commit(tx)

    patch.setattr(Transaction, "commit", committed)


# ---- what another run makes while this one reads -------------------------------------------------


def _with_room_for(own: Workspace, room: int) -> None:
    """So many leads more in this billing cycle."""
    counter = usage.key(own.partition, plans.period(own.item["anchor_day"]).label, items.RESEARCHED)
    committed = plans.PLANS[own.item["plan"]].leads_researched - room
    update(Table.CORE, counter, "SET #committed = :used", values={"used": committed})


def _fails_at_the_second(own: Workspace, asked: Wanted, headers: dict[str, str]) -> None:
    """A run of the request that makes one part of it."""

    def fail() -> None:
        raise Unavailable

    with pytest.MonkeyPatch.context() as patch:
        _at_the_second(patch, fail)
        assert own.client.post(asked[0], json=asked[1], headers=headers).status == 503


def _require_told(stack: Stack, own: Workspace, answer: Answer, most: int) -> None:
    made, _ = _made(stack, own)
    created = [one["lead_id"] for one in answer.json["results"] if one["status"] == "created"]
    assert (sorted(created), len(created)) == (sorted(made), most)


def test_200_with_all_that_there_is_room_for_where_another_run_has_made_some_meanwhile(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was refused by what is another one by now is judged anew."""
    path, _ = _leads(workspace)
    asked = path, {"leads": [{"email": f"p{at}@example.com"} for at in range(140)]}
    _with_room_for(workspace, 100)
    left, others = usage.left, list[int]()

    def meanwhile(*facts: Any) -> int:
        others.append(0)
        if len(others) == 1:
            _fails_at_the_second(workspace, asked, UNDER)
        return left(*facts)

    monkeypatch.setattr(usage, "left", meanwhile)
    answer = _ask(workspace, asked)
    assert answer.status == 200
    _require_told(stack, workspace, answer, 100)


def test_200_with_what_was_made_though_it_was_read_before_the_head_that_says_so(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items that are read together are not read at one moment."""
    path, _ = _leads(workspace)
    asked = path, {"leads": [{"email": f"p{at}@example.com"} for at in range(40)]}
    campaign = path.split("/")[4]
    # Whose first part are the last ones, so that none is made twice.
    named = next(key for key in "abcdefgh" if _digest(f"{campaign}#{key}") % 2)
    headers = {"Idempotency-Key": named}
    _with_room_for(workspace, 40)
    get_many, others = looking.get_many, list[int]()

    def in_turn(table: Table, keys: list[Key], **more: Any) -> dict[Key, Item]:
        found = get_many(table, keys, **more)
        others.append(0)
        if len(others) == 1:
            _fails_at_the_second(workspace, asked, headers)
            late = [key for key in keys if key.pk.split("#")[2] in {"PUSH", "CMP"}]
            found |= get_many(table, late, **more)
        return found

    monkeypatch.setattr(looking, "get_many", in_turn)
    answer = workspace.client.post(asked[0], json=asked[1], headers=headers)
    assert answer.status == 200
    _require_told(stack, workspace, answer, 40)


def _digest(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:32], 16)


def test_201_links_whose_passwords_are_not_to_be_guessed_by_the_head_of_the_request(
    stack: Stack, workspace: Workspace
) -> None:
    """Whoever reads the table could try all that are short."""
    heads = []
    for own in (workspace, make_workspace()):
        link = {"url": TARGET, "password": "4711"}
        answer = own.client.post("/api/links/bulk", json={"links": [link]}, headers=UNDER)
        assert answer.json["results"][0]["status"] == 201
        heads += [row["fp"] for row in stack.rows("CoreTable", own.id) if "is_done" in row]
    assert len({*heads}) == len(heads) == 2
