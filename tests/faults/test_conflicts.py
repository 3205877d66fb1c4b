"""What no emulator does: two transactions meeting on one item. It passes, and must not pass for
the answer to a condition."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydynox.exceptions import TransactionCanceledException

from linkwright import transaction
from linkwright.table import Driver, Item
from tests.client import Answer
from tests.faults import matrix
from tests.faults.injection import CANARY
from tests.faults.matrix import KEY
from tests.faults.samples import sample
from tests.faults.world import World

PLACE = "POST /v1/voice/calls"
NONE, CONFLICT, FAILED = "None", "TransactionConflict", "ConditionalCheckFailed"
THROTTLED = "ProvisionedThroughputExceeded"


class Contended:
    """Cancels as many transactions as are planned, for the reasons given, then lets them pass.

    Only those that write to a partition which it is `about`.
    """

    def __init__(
        self, driver: Driver, plan: list[Callable[[int], list[str]]], about: str = ""
    ) -> None:
        self._driver = driver
        self._plan = plan
        self._about = about
        self.writes = 0

    def _is_struck(self, operations: list[Item]) -> bool:
        places = [one.get("item") or one["key"] for one in operations]
        return bool(self._plan) and any(re.search(self._about, place["pk"]) for place in places)

    def sync_transact_write(
        self, operations: list[Item], *, client_request_token: str | None = None
    ) -> None:
        self.writes += 1
        if self._is_struck(operations):
            reasons = ", ".join(self._plan.pop(0)(len(operations)))
            raise TransactionCanceledException(f"Transaction cancelled {CANARY} [{reasons}]")
        self._driver.sync_transact_write(operations, client_request_token=client_request_token)


def _conflict(items: int) -> list[str]:
    return [NONE] * (items - 1) + [CONFLICT]


def _conflict_and_no_limit_left(items: int) -> list[str]:
    return [NONE, CONFLICT] + [FAILED] * (items - 2)


def _throttle_and_no_limit_left(items: int) -> list[str]:
    return [NONE] + [FAILED] * (items - 2) + [THROTTLED]


def _done_before_and_conflict(items: int) -> list[str]:
    return [FAILED] + [CONFLICT] * (items - 1)


@pytest.fixture
def contend(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Contended]:
    world.reset()

    def start(*plan: Callable[[int], list[str]], about: str = "") -> Contended:
        contended = Contended(transaction.driver(), list(plan), about)
        monkeypatch.setattr(transaction, "driver", lambda: contended)
        return contended

    return start


def _place(world: World) -> Answer:
    answer = world.request(sample(PLACE), KEY)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    "reasons", [_conflict, _conflict_and_no_limit_left, _throttle_and_no_limit_left]
)
def test_201_after_what_passes_whatever_else_failed(
    world: World, contend: Callable[..., Contended], reasons: Callable[[int], list[str]]
) -> None:
    contended = contend(reasons, reasons)
    assert _place(world).status == 201
    assert contended.writes == 3
    world.settle()
    assert matrix.finished(world) == []


def test_503_and_nothing_written_while_it_does_not_pass(
    world: World, contend: Callable[..., Contended]
) -> None:
    before = world.items()["CoreTable"]
    contended = contend(*[_conflict_and_no_limit_left] * transaction.TRIES_OF_WHO_MEETS)
    refused = _place(world)
    assert (refused.status, refused.error["code"]) == (503, "server_error")
    assert CANARY not in refused.raw
    assert contended.writes == transaction.TRIES_OF_WHO_MEETS
    assert world.items()["CoreTable"] == before
    assert _place(world).status == 201


@pytest.mark.parametrize(("each_takes_s", "tries"), [(0.4, 6), (0.7, 3), (2.1, 1)])
def test_503_when_the_time_for_tries_is_up(
    world: World, contend: Callable[..., Contended], each_takes_s: float, tries: int
) -> None:
    def slowly(items: int) -> list[str]:
        world.advance(timedelta(seconds=each_takes_s))
        return _conflict(items)

    contended = contend(*[slowly] * transaction.TRIES_OF_WHO_MEETS)
    assert _place(world).status == 503
    assert contended.writes == tries


def test_201_replays_even_beside_a_conflict(
    world: World, contend: Callable[..., Contended]
) -> None:
    first = _place(world)
    contend(_done_before_and_conflict)
    second = _place(world)
    assert (second.status, second.raw) == (201, first.raw)
    assert second.headers["Idempotent-Replayed"] == "true"


# What every call of a workspace writes to, and every call of the carrier's account.
@pytest.mark.parametrize("about", ["#USE$", "#LINE$", "^PACE#"])
@pytest.mark.parametrize("given_up", [1, 3])
def test_a_call_is_only_delayed_by_conflicts_on_what_all_calls_write_to(
    world: World, contend: Callable[..., Contended], about: str, given_up: int
) -> None:
    """However often all tries of its claim meet others."""
    assert _place(world).status == 201
    before = world.now()
    contended = contend(*[_conflict] * transaction.TRIES_OF_WHO_MEETS * given_up, about=about)
    world.settle()
    # It is put off as often as all tries were in vain.
    put_off = [told for told in world.problems if told.startswith("dial_call failed without")]
    assert len(put_off) >= given_up
    assert matrix.finished(world) == put_off
    assert contended.writes > transaction.TRIES_OF_WHO_MEETS * given_up
    assert [call.status for call in world.telephone.board.calls] == ["completed"]
    assert world.now() > before
