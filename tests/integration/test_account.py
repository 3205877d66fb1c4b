"""What the carrier says of our account: a pause for all who use it, and the end of no call.

The token may be changed at any moment: then what is known is read again, and nothing waits at all.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from linkwright import clock, pace, vault
from linkwright.errors import Unavailable
from linkwright.table import Item, Key, Table, get
from linkwright.voice.calls import items
from tests import carrier, processes, pump
from tests.carrier import Exchange
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import Workspace, another_number, make_workspace
from tests.stack import Stack
from tests.switchboard import PlacedCall
from tools.carrier.callees import MAGIC
from tools.carrier.errors import SUSPENDED, RestError

OLD = json.loads(carrier.SECRET)["carrier"]["auth_token"]
NEW = "the-token-that-comes-after-it"
WRONG_TOKEN = RestError(401, 20003, "Authenticate")
MACHINE = next(number for number, callee in MAGIC.items() if callee.kind == "machine")


@pytest.fixture(autouse=True)
def _the_secret_as_it_was(stack: Stack) -> Iterator[None]:
    yield
    stack.keep_secret(carrier.SECRET)
    processes.forget()


@contextmanager
def _refused(exchange: Exchange, by: RestError = SUSPENDED) -> Iterator[None]:
    exchange.live.account.refusal = by
    yield
    exchange.live.account.refusal = None


def _pause(exchange: Exchange) -> Item:
    found = get(Table.CORE, Key(f"PACE#{exchange.live.account.account_sid}", "bucket")) or {}
    return found if "until" in found else {}


def _paused_until(exchange: Exchange) -> datetime:
    return clock.from_epoch_ms(_pause(exchange)["until"])


def _after_the_pause(stack: Stack, exchange: Exchange, hand: Hand, *some: Workspace) -> None:
    hand.move(max((_paused_until(exchange) - clock.now()).total_seconds(), 0) + 61)
    invoke("sweep_overdue", {})
    for workspace in some:
        pump.work(stack, workspace.id)


def _secret(stack: Stack, **changes: Any) -> None:
    known = json.loads(carrier.SECRET)
    known["carrier"] |= changes
    stack.keep_secret(json.dumps(known))


# ---- a dial -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by",
    [
        WRONG_TOKEN,
        SUSPENDED,
        RestError(403, 20403, "Forbidden"),
        RestError(401, 70051, "Authorization failed"),
        RestError(400, 10001, "Account is not active"),
        RestError(403, 20008, "Resource not accessible with Test Account Credentials"),
    ],
    ids=lambda by: f"{by.status}-{by.code}",
)
def test_a_call_waits_as_if_it_had_not_been_dialled(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, by: RestError
) -> None:
    call_id = workspace.placed()
    with _refused(exchange, by):
        workspace.dial(call_id)
        call = workspace.call(call_id)
        assert (call["status"], call["attempt"], call["attempts"]) == ("queued", 0, [])
        assert pump.minutes(workspace.id) == (1, 0)
        assert (get(Table.CORE, Key(f"W#{workspace.id}#LINE", "all")) or {}).get("active") is None
        assert _pause(exchange)["reason"] == f"status {by.status}, error {by.code}"
    _after_the_pause(stack, exchange, hand, workspace)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")
    assert pump.dials(call_id) == [1]
    assert _pause(exchange) == {}


@pytest.mark.parametrize(("code", "is_paused"), [("20005", True), ("13224", False)])
def test_an_end_that_is_the_accounts_fault_pauses_it(
    workspace: Workspace, exchange: Exchange, code: str, is_paused: bool
) -> None:
    """That call is over at the carrier; those after it wait."""
    first, second = workspace.placed(), workspace.placed(to=another_number())
    workspace.dial(first)
    sent = exchange.run_to(exchange.call(first), "status", "initiated")
    failed = exchange.signed(sent, CallStatus="failed", ErrorCode=code, SequenceNumber="1")
    exchange.deliver(failed)
    assert workspace.end_of(first)[0] == "failed"
    assert bool(_pause(exchange)) == is_paused
    workspace.dial(second)
    assert workspace.end_of(second) == ("queued" if is_paused else "dialing", None)


@pytest.mark.slow
def test_the_account_is_asked_once_for_all_calls_of_all_workspaces(
    stack: Stack, exchange: Exchange, hand: Hand
) -> None:
    workspaces = [make_workspace() for _ in range(3)]
    calls = [(one, one.placed()) for one in workspaces for _ in range(2)]
    with _refused(exchange):
        lasted = []
        for number in range(1, 6):
            for workspace in workspaces:
                pump.relay(stack, workspace.id)
                pump.work(stack, workspace.id)
                processes.forget()
            assert exchange.orders == number
            lasted.append((_paused_until(exchange) - clock.now()).total_seconds())
            hand.move(lasted[-1] + 61)
            invoke("sweep_overdue", {})
    assert [round(seconds) for seconds in lasted] == [60, 120, 240, 480, 900]
    _end_all(stack, hand, workspaces)
    assert {one.end_of(call_id)[0] for one, call_id in calls} == {"completed"}


def _end_all(stack: Stack, hand: Hand, workspaces: list[Workspace]) -> None:
    for _ in range(3):
        hand.move(61)
        invoke("sweep_overdue", {})
        for workspace in workspaces:
            pump.work(stack, workspace.id)
            pump.settle(stack, workspace.id)


def test_a_refusal_of_one_mode_leaves_the_other_alone(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    test = make_workspace(mode="test")
    with _refused(exchange):
        workspace.dial(workspace.placed())
        call_id = test.placed()
        test.dial(call_id)
    pump.settle(stack, test.id)
    assert test.end_of(call_id)[0] == "completed"


def test_a_call_waits_also_where_the_pause_cannot_be_written(
    workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(pace, "pause", unavailable)
    call_id = workspace.placed()
    with _refused(exchange):
        workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("queued", None)
    assert items.is_left_alone(_item(workspace, call_id))


def test_what_is_wrong_with_a_number_ends_its_call_and_pauses_nothing(
    workspace: Workspace, exchange: Exchange
) -> None:
    call_id = workspace.placed()
    with _refused(exchange, RestError(403, 21215, "Account not allowed to call +972541234567")):
        workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("failed", "carrier_failed")
    assert _pause(exchange) == {}


# ---- everybody else who asks the carrier --------------------------------------------------------


def test_a_hang_up_waits_and_is_no_failure(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = workspace.placed()
    workspace.dial(call_id)
    placed = exchange.ring(call_id)
    workspace.client.post(f"/v1/voice/calls/{call_id}/cancel")
    with _refused(exchange):
        pump.relay(stack, workspace.id)
        pump.work(stack, workspace.id)
        assert not placed.hung_up
        assert _pause(exchange)
    _after_the_pause(stack, exchange, hand, workspace)
    assert placed.hung_up
    assert _pause(exchange) == {}


def test_a_recording_waits_and_is_not_lost(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = workspace.placed(workspace.agent(recording=True, recording_consent=False))
    pump.settle(stack, workspace.id, "call")
    with _refused(exchange):
        pump.relay(stack, workspace.id)
        pump.work(stack, workspace.id)
        assert len(exchange.live.recordings) == 1
    _after_the_pause(stack, exchange, hand, workspace)
    assert exchange.live.recordings == {}
    assert workspace.call(call_id)["recording_url"]


def test_a_call_is_asked_after_however_long_the_account_was_refused(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = workspace.placed(workspace.agent(max_duration_s=60))
    workspace.dial(call_id)
    exchange.deliver = lambda _: None
    exchange.finish(exchange.call(call_id))
    with _refused(exchange):
        for _ in range(30):
            hand.move(601)
            invoke("sweep_overdue", {})
            pump.work(stack, workspace.id)
            assert workspace.end_of(call_id) == ("dialing", None)
    _after_the_pause(stack, exchange, hand, workspace)
    assert workspace.end_of(call_id) == ("completed", "callee_hung_up")


def test_a_call_whose_order_got_lost_is_looked_for_after_the_pause(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = workspace.placed()

    def lose(place: Any) -> Any:
        place()
        exchange.live.account.refusal = SUSPENDED
        carrier.unanswered()

    exchange.placing = lose
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("dialing", None)
    exchange.live.account.refusal = None
    _after_the_pause(stack, exchange, hand, workspace)
    assert _item(workspace, call_id)["sid"] == exchange.call(call_id).sid


def test_a_machine_that_cannot_be_broken_off_is_noted(
    workspace: Workspace, exchange: Exchange
) -> None:
    call_id = workspace.placed(to=MACHINE)
    workspace.dial(call_id)
    placed = exchange.call(call_id)
    exchange.run_to(placed, "machine")
    with _refused(exchange):
        exchange.advance(placed)
        assert _pause(exchange)
    assert workspace.call(call_id)["answered_by"] == "voicemail"


# ---- a token that is changed --------------------------------------------------------------------


def _talks(workspace: Workspace, exchange: Exchange) -> tuple[str, PlacedCall]:
    """A call that is under way."""
    call_id = workspace.placed()
    workspace.dial(call_id)
    return call_id, exchange.ring(call_id)


def test_the_secret_is_read_again_before_the_account_is_paused(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    vault.vault()
    hand.move(vault.REREAD_S)
    exchange.live.account.auth_token = NEW
    _secret(stack, auth_token=NEW)
    call_id = workspace.placed()
    workspace.dial(call_id)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")
    # The order was refused, and taken by the new token; then that is known.
    assert exchange.orders == 2
    assert _pause(exchange) == {}


@pytest.mark.parametrize("knows", [OLD, NEW])
def test_a_token_that_is_promoted_costs_nothing_while_both_are_in_the_secret(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, knows: str
) -> None:
    """Whichever of the two our secret calls the primary one."""
    other = OLD if knows == NEW else NEW
    _secret(stack, auth_token=knows, secondary_auth_token=other)
    vault.vault.cache_clear()
    account = exchange.live.account
    account.secondary_token = NEW
    call_id, placed = _talks(workspace, exchange)
    account.auth_token, account.secondary_token = NEW, ""
    exchange.finish(placed)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")
    call_id, placed = _talks(workspace, exchange)
    exchange.finish(placed)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")
    assert _pause(exchange) == {}


def test_a_callback_by_a_token_that_is_newer_than_the_process_is_taken(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id, placed = _talks(workspace, exchange)
    hand.move(vault.REREAD_S)
    exchange.live.account.auth_token = NEW
    _secret(stack, auth_token=NEW)
    exchange.finish(placed)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")


def test_forged_signatures_do_not_have_the_secret_read_each_time(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, placed = _talks(workspace, exchange)
    sent = exchange.run_to(placed, "status")
    reads, read = Counter[str](), vault._read

    def counted() -> vault.Vault:
        reads["of the secret"] += 1
        return read()

    monkeypatch.setattr(vault, "_read", counted)
    exchange.live.account.auth_token = "forged-by-somebody"
    for _ in range(3):
        hand.move(vault.REREAD_S)
        replies = [exchange.deliver(exchange.signed(sent)) for _ in range(20)]
        assert {reply.status for reply in replies if reply} == {403}
    assert reads["of the secret"] == 3


def test_a_process_that_read_the_secret_before_it_was_filled_ends_no_call(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    stack.keep_secret("{}")
    processes.forget()
    assert vault.vault().carrier is None
    stack.keep_secret(carrier.SECRET)
    hand.move(vault.REREAD_S)
    call_id = workspace.placed()
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("dialing", None)


@pytest.mark.parametrize("text", ["{", '{"carrier": {"account_sid": "AC1"}}'])
def test_a_secret_that_was_written_wrongly_leaves_what_was_known(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, text: str
) -> None:
    vault.vault()
    hand.move(vault.REREAD_S)
    stack.keep_secret(text)
    call_id = workspace.placed()
    with _refused(exchange, WRONG_TOKEN):
        workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("queued", None)
    _after_the_pause(stack, exchange, hand, workspace)
    assert pump.dials(call_id) == [1]


def _item(workspace: Workspace, call_id: str) -> Any:
    return items.find(workspace.partition, call_id)
