"""Faults on the wire, with the real clients: what the seam raises is what they raise."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from linkwright import aws, expressions, table, transaction
from linkwright.aws import kms as layers_kms
from linkwright.aws import sqs as layers_sqs
from linkwright.errors import Unavailable
from linkwright.settings import settings
from linkwright.table import Key, Table
from linkwright.table import driver as layers_driver
from linkwright.transaction import Transaction
from tests import stack as stacks
from tests.faults import seams
from tests.faults.clouds import Cloud, Emulated
from tests.faults.injection import Effect, Fault, Injector
from tests.faults.matrix import KEY
from tests.faults.proxy import Proxy, Wire, proxied
from tests.faults.samples import effectful_routes
from tests.faults.states import State, difference
from tests.faults.tally import TALLY
from tests.faults.world import World
from tests.stack import EmulatedStack

# They share an emulator.
pytestmark = pytest.mark.xdist_group("emulator")

AT = Key("SELF#TEST", "counter")
ATTEMPTS = 2

WIRES = {
    Fault.THROTTLE: Wire.THROTTLE,
    Fault.ERROR_500: Wire.ERROR_500,
    Fault.ERROR_503: Wire.ERROR_503,
    Fault.RESET: Wire.RESET_BEFORE,
    Fault.LOST_REPLY: Wire.RESET_AFTER,
    Fault.READ_TIMEOUT: Wire.SLOW,
    Fault.GARBAGE: Wire.GARBAGE,
}
# A route of each method: below the seam no two of them differ.
_EFFECTFUL = [*effectful_routes(), "POST /v1/voice/calls"]
ONE_OF_EACH = {route.partition(" ")[0]: route for route in _EFFECTFUL}
_OF_A_QUEUE = [fault for fault in WIRES if fault is not Fault.READ_TIMEOUT]


@pytest.fixture(scope="module")
def cloud(emulator: EmulatedStack) -> Cloud:
    mine = EmulatedStack(emulator.endpoint, "test-proxy")
    stacks.use(mine)
    return Emulated(mine)


@pytest.fixture(scope="module")
def wires(world: World) -> Iterator[Proxy]:
    with proxied(world.stack.endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(world: World, wires: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The layer's own clients, made by the layer, with the proxy for an address."""
    _go_through(wires.url, monkeypatch)
    world.reset()
    wires.spoil()
    yield wires
    monkeypatch.undo()
    settings.cache_clear()


def _go_through(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    settings.cache_clear()
    driver, sqs = layers_driver.__wrapped__(), layers_sqs.__wrapped__()
    kms = layers_kms.__wrapped__()
    monkeypatch.setattr(table, "driver", lambda: driver)
    monkeypatch.setattr(transaction, "driver", lambda: driver)
    monkeypatch.setattr(aws, "sqs", lambda: sqs)
    monkeypatch.setattr(aws, "kms", lambda: kms)


# ---- the clients --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(WIRES))
def test_real_client_says_what_the_seam_says(world: World, proxy: Proxy, fault: Fault) -> None:
    proxy.spoil(*[WIRES[fault]] * ATTEMPTS)
    with pytest.raises(Unavailable) as raised:
        table.update(Table.CORE, AT, "ADD #n :one", values={"one": 1})
    assert type(raised.value.__cause__) is type(seams.dynamodb_failure(fault))
    assert 1 <= len(proxy.attempts) <= ATTEMPTS
    assert (_stored(world) > 0) == (fault.effect is not Effect.NONE)


def test_connecting_to_nothing_says_what_the_seam_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and so nobody else's, but it does not listen
        _go_through(f"http://127.0.0.1:{nobody.getsockname()[1]}", monkeypatch)
        with pytest.raises(Unavailable) as raised:
            table.get(Table.CORE, AT)
    monkeypatch.undo()
    settings.cache_clear()
    expected = seams.dynamodb_failure(Fault.CONNECT_TIMEOUT)
    assert type(raised.value.__cause__) is type(expected)


def test_real_client_takes_an_empty_object_as_the_seam_does(world: World, proxy: Proxy) -> None:
    core, keys = Table.CORE.deployed_name, AT.attributes()
    proxy.spoil(*[Wire.EMPTY] * 4)
    item, metrics = table.driver().sync_get_item(core, keys, consistent_read=True)
    assert (item, metrics.consumed_rcu) == (None, None)
    update = {"update_expression": "ADD #n :one", "return_values": "ALL_NEW"}
    names = expressions.placeholders("#n", values={"one": 1})
    item, metrics = table.driver().sync_update_item(core, keys, **update, **names)
    assert (item, metrics.consumed_wcu) == (None, None)
    rows, last, metrics = table.driver().sync_query_page(
        core, "#pk = :pk", **expressions.placeholders("#pk", values={"pk": AT.pk})
    )
    assert (list(rows), last, metrics.consumed_rcu) == ([], None, None)
    assert list(table.driver().sync_batch_get(core, [keys], False)) == []
    assert len(proxy.attempts) == 4
    assert _stored(world) == 0


@pytest.mark.parametrize("wire", [Wire.THROTTLE, Wire.ERROR_500, Wire.ERROR_503])
def test_transaction_gives_up_a_store_that_stays_away(proxy: Proxy, wire: Wire) -> None:
    proxy.spoil(*[wire] * 99)
    tx = Transaction("ws", "req")
    tx.update(Table.CORE, AT, "ADD #n :one", values={"one": 1})
    with pytest.raises(Unavailable):
        tx.commit()
    assert 1 <= len(proxy.attempts) <= transaction.TRIES * ATTEMPTS


@pytest.mark.parametrize("fault", _OF_A_QUEUE)
def test_real_queue_client_says_what_the_seam_says(
    world: World, proxy: Proxy, fault: Fault
) -> None:
    expected = _send_at_the_seam(world, fault)
    proxy.spoil(*[WIRES[fault] if fault is not Fault.GARBAGE else Wire.EMPTY] * ATTEMPTS)
    assert _sent(aws.sqs()) == expected
    assert 1 <= len(proxy.attempts) <= ATTEMPTS


@pytest.mark.parametrize("fault", _OF_A_QUEUE)
def test_real_key_client_says_what_the_seam_says(world: World, proxy: Proxy, fault: Fault) -> None:
    through_the_proxy = aws.kms()
    with world.seam.use(Injector(fault, 1)):
        expected = _made(seams.FaultyClient("kms", lambda: through_the_proxy, world.seam))
    proxy.spoil(*[WIRES[fault] if fault is not Fault.GARBAGE else Wire.EMPTY] * ATTEMPTS)
    assert _made(through_the_proxy) == expected
    assert 1 <= len(proxy.attempts) <= ATTEMPTS


def _made(client: Any) -> object:
    try:
        answer = client.generate_data_key(
            KeyId=settings().kms_key_arn, KeySpec="AES_256", EncryptionContext={"entity": "mbx_1"}
        )
    except Exception as failure:  # noqa: BLE001 -- its kind is what is looked at
        return type(failure)
    return answer.get("Plaintext")


def _send_at_the_seam(world: World, fault: Fault) -> object:
    proxied_client = aws.sqs()
    with world.seam.use(Injector(fault, 1)):
        return _sent(seams.FaultyClient("sqs", lambda: proxied_client, world.seam))


def _sent(client: Any) -> object:
    """How the client answers a message: by what it took, or by the kind of what it raised."""
    entry = {"Id": "1", "MessageBody": "{}"}
    try:
        answer = client.send_message_batch(QueueUrl=settings().dial_queue_url, Entries=[entry])
    except Exception as failure:  # noqa: BLE001 -- its kind is what is looked at
        return type(failure)
    return answer.get("Successful")


def _stored(world: World) -> int:
    return sum(item["n"] for item in world.items()["CoreTable"] if item["pk"] == AT.pk)


# ---- one lost reply, anywhere -------------------------------------------------------------------


@pytest.mark.parametrize("route", ONE_OF_EACH.values())
def test_second_attempt_of_the_client_does_nothing_twice(
    world: World, proxy: Proxy, route: str
) -> None:
    """A lost reply below the seam: the client itself sends again what was done already.

    Every route, and what follows from it, is put to the same in memory: `resent` in the tally.
    """
    attempts, expected = _run(world, proxy, route)
    problems: list[str] = []
    for at in range(attempts):
        _, found = _run(world, proxy, route, *[Wire.GOOD] * at, Wire.RESET_AFTER)
        wrong = difference(expected, found)
        problems += [f"attempt {at + 1} ({proxy.attempts[at]}): {text}" for text in wrong]
        TALLY.runs[route, "through the proxy"] += 1
    assert attempts >= 2
    assert problems == []


def _run(world: World, proxy: Proxy, route: str, *plan: Wire) -> tuple[int, State]:
    """A request. Returns the number of its attempts, and the state it leaves."""
    world.reset()
    wanted = world.prepared(route)
    proxy.spoil(*plan)
    answer = world.request(wanted, KEY)
    assert answer is not None
    assert 200 <= answer.status < 300
    return len(proxy.attempts), world.state()
