"""Each fault at the seam does what it says: proved by reading the table, the queue, the carrier."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pydynox.exceptions import PydynoxException

from linkwright import aws, aws_http, egress, expressions, sealing, table, vault
from linkwright.errors import Unavailable
from linkwright.providers import mail, twilio
from linkwright.providers.mail import Mail
from linkwright.table import Key, Table
from tests import stack as stacks
from tests.carrier import PUBLIC_URL, SECRET
from tests.faults import matrix, seams
from tests.faults.clouds import Cloud, Emulated
from tests.faults.injection import Effect, Fault, Injector, Killed, Reach
from tests.faults.world import World
from tests.stack import EmulatedStack
from tests.unit.aws_server import served

# They share an emulator.
pytestmark = pytest.mark.xdist_group("emulator")

KEY = Key("SELF#TEST", "counter")
Write = Callable[[], object]

# What a call that is struck raises, as far as the code under test can tell.
_RAISES = (PydynoxException, BotoCoreError, ClientError, Unavailable, Killed)


@pytest.fixture(scope="module")
def cloud(emulator: EmulatedStack) -> Cloud:
    """The real clients, and an emulator that they speak to."""
    mine = EmulatedStack(emulator.endpoint, "test-seams")
    stacks.use(mine)
    return Emulated(mine)


def _update() -> object:
    return table.driver().sync_update_item(
        Table.CORE.deployed_name,
        KEY.attributes(),
        update_expression="ADD #n :one",
        return_values="ALL_NEW",
        **expressions.placeholders("#n", values={"one": 1}),
    )


def _transact() -> object:
    item = {**KEY.attributes(), "n": 1}
    put = {"type": "put", "table": Table.CORE.deployed_name, "item": item}
    return table.driver().sync_transact_write([put], client_request_token=uuid4().hex)


def _stored(world: World) -> int:
    return sum(item["n"] for item in world.items()["CoreTable"] if item["pk"] == KEY.pk)


def _queued(world: World) -> int:
    sqs = world.stack.client("sqs")
    name = "ApproximateNumberOfMessages"
    url = world.stack.names["DialQueue"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    return int(attributes[name])


def _send() -> dict[str, Any]:
    entry = {"Id": "1", "MessageBody": "{}"}
    url = table.settings().dial_queue_url
    return dict(aws.sqs().send_message_batch(QueueUrl=url, Entries=[entry]))


def _dial() -> object:
    """The status of the answer, or what is known where there is none."""
    order = twilio.Order("+972541234567", "+15017122661", f"{PUBLIC_URL}/a", f"{PUBLIC_URL}/s", 60)
    account = json.loads(SECRET)["carrier"]
    user = f"{account['account_sid']}:{account['auth_token']}".encode()
    try:
        return egress.fetch(
            f"{twilio.API_URL}/2010-04-01/Accounts/{account['account_sid']}/Calls.json",
            method="POST",
            headers={"authorization": f"Basic {base64.b64encode(user).decode()}"},
            body=urlencode(order.form()).encode(),
        ).status
    except (egress.EgressError, Killed) as failure:
        return type(failure)


# What is known of an order: by the status of an answer, or by the kind of failure without one.
_DIALLED: dict[Fault, object] = {
    Fault.THROTTLE: 429,
    Fault.ERROR_500: 500,
    Fault.ERROR_503: 503,
    Fault.ERROR_500_AFTER: 500,
    Fault.RESET: egress.BadAnswer,
    Fault.CONNECT_TIMEOUT: egress.Unreachable,
    Fault.READ_TIMEOUT: egress.TooSlow,
    Fault.KILL_BEFORE: Killed,
    Fault.KILL_AFTER: Killed,
    Fault.LOST_REPLY: egress.BadAnswer,
    Fault.GARBAGE: 200,
}


@pytest.mark.parametrize("write", [_update, _transact])
@pytest.mark.parametrize("fault", list(Fault))
def test_fault_at_the_table_has_the_effect_it_says(
    world: World, fault: Fault, write: Write
) -> None:
    world.reset()
    with world.seam.use(Injector(fault, 1)):
        if fault is Fault.GARBAGE and write is _update:
            item, metrics = _update()  # type: ignore[misc]
            assert (item, metrics.consumed_wcu) == (None, None)
        else:
            with pytest.raises(_RAISES):
                write()
        at_once = _stored(world)
    assert at_once == (1 if fault.effect is Effect.DONE else 0)
    assert _stored(world) == (0 if fault.effect is Effect.NONE else 1)


@pytest.mark.parametrize("fault", list(Fault))
def test_fault_at_the_queue_has_the_effect_it_says(world: World, fault: Fault) -> None:
    world.reset()
    with world.seam.use(Injector(fault, 1)):
        if fault is Fault.GARBAGE:
            assert "Successful" not in _send()
        else:
            with pytest.raises(_RAISES):
                _send()
        at_once = _queued(world)
    assert at_once == (1 if fault.effect is Effect.DONE else 0)
    assert _queued(world) == (0 if fault.effect is Effect.NONE else 1)


@pytest.mark.parametrize("fault", list(Fault))
def test_fault_at_the_carrier_has_the_effect_it_says(world: World, fault: Fault) -> None:
    world.reset()
    with world.seam.use(Injector(fault, 1)) as injector:
        status = _dial()
        at_once = world.telephone.board.dials()
    assert injector.calls == ["carrier POST Calls.json"]
    assert status == _DIALLED[fault]
    assert at_once == (1 if fault.effect is Effect.DONE else 0)
    assert world.telephone.board.dials() == (0 if fault.effect is Effect.NONE else 1)


@pytest.mark.parametrize("fault", list(Fault))
def test_fault_at_the_secret_is_no_secret(world: World, fault: Fault) -> None:
    world.reset()
    vault.vault.cache_clear()
    with world.seam.use(Injector(fault, 1)) as injector:
        with pytest.raises(Killed if fault.kills else Unavailable):
            vault.vault()
        assert vault.vault().carrier is not None
    assert injector.calls == ["get_secret_value"] * 2


@pytest.mark.parametrize("fault", list(Fault))
def test_fault_at_the_key_seals_and_opens_nothing(world: World, fault: Fault) -> None:
    world.reset()
    where = (world.partition, "mbx_1")
    failure = Killed if fault.kills else Unavailable
    with world.seam.use(Injector(fault, 1)) as injector:
        with pytest.raises(failure):
            sealing.seal("hunter2", *where)
        sealed = sealing.seal("hunter2", *where)
    assert injector.calls == ["generate_data_key"] * 2
    with world.seam.use(Injector(fault, 1)) as injector:
        with pytest.raises(failure):
            sealing.unseal(sealed, *where)
        assert sealing.unseal(sealed, *where) == "hunter2"
    assert injector.calls == ["decrypt"] * 2


@pytest.mark.parametrize("fault", list(Fault))
def test_fault_at_the_mail_has_the_effect_it_says(world: World, fault: Fault) -> None:
    world.reset()
    to = f"{uuid4().hex}@example.com"
    with world.seam.use(Injector(fault, 1)) as injector:
        with pytest.raises(Killed if fault.kills else Unavailable):
            mail.send(Mail(to, "s", "t"))
        at_once = len(world.stack.letters(to))
    assert injector.calls == ["send_email"]
    assert at_once == (1 if fault.effect is Effect.DONE else 0)
    assert len(world.stack.letters(to)) == (0 if fault.effect is Effect.NONE else 1)


_STATUSES = [(fault, *answer) for fault, answer in seams._STATUS.items()]


@pytest.mark.parametrize(("fault", "status", "kind"), _STATUSES, ids=str)
def test_fault_at_the_mail_is_told_as_our_client_tells_it(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, status: int, kind: str
) -> None:
    """Whether it may have been done decides whether it is done again."""
    answer = (status, b'{"message": "no"}', {"x-amzn-errortype": kind})
    with served(answer) as (url, _), pytest.raises(Unavailable) as told:
        aws_http.post(url, "ses", "/", {}, ())
    assert type(told.value) is type(seams.service_failure("ses", fault, "SendEmail"))


@pytest.mark.parametrize("fault", [fault for fault in Fault if not fault.kills])
def test_every_fault_of_a_read_is_unavailable_and_never_nothing(world: World, fault: Fault) -> None:
    world.reset()
    for at in (1, 2):
        with world.seam.use(Injector(fault, at)) as injector:
            if at == 2:
                assert table.get(Table.CORE, KEY) is None
            with pytest.raises(Unavailable):
                table.get(Table.CORE, KEY)
            assert injector.struck
        with world.seam.use(Injector(fault, 1)), pytest.raises(Unavailable):
            table.query(Table.CORE, KEY.pk, limit=1)


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_nothing_can_hide_a_kill(world: World, fault: Fault) -> None:
    world.reset()

    def careless() -> None:
        try:
            _update()
        except Exception:  # noqa: BLE001 -- the carelessness that must not help
            return

    with world.seam.use(Injector(fault, 1)), pytest.raises(Killed):
        careless()


def test_late_effect_lands_after_the_next_call(world: World) -> None:
    world.reset()
    with world.seam.use(Injector(Fault.READ_TIMEOUT, 1)):
        with pytest.raises(PydynoxException):
            _update()
        assert _stored(world) == 0
        item, _ = _update()  # type: ignore[misc]
        assert item["n"] == 1
        assert _stored(world) == 2


def test_transient_fault_hits_once_and_an_outage_stays(world: World) -> None:
    world.reset()
    with world.seam.use(Injector(Fault.ERROR_503, 2)) as once:
        _update()
        with pytest.raises(PydynoxException):
            _update()
        _update()
    assert once.calls == ["sync_update_item SELF #n"] * 3
    with world.seam.use(Injector(Fault.ERROR_503, 2, Reach.OUTAGE)):
        _update()
        for _ in range(3):
            with pytest.raises(PydynoxException):
                _update()
    assert _stored(world) == 3


@pytest.mark.parametrize("fault", [fault for fault in Fault if not fault.kills])
def test_counter_without_a_condition_is_raised_once(world: World, fault: Fault) -> None:
    """One token over all tries of a commit, even where no condition would refuse a second."""
    assert matrix.counted(world, fault) == 1
