"""What each kind of receiver is sent: to a URL signed, into the operator's account as it is."""

import json
from datetime import timedelta
from typing import Any

import pytest

from linkwright import aws, clock, ownership, sealing, settings
from linkwright.errors import Unavailable
from linkwright.sealing import Unsealable
from linkwright.table import Item
from linkwright.webhooks import catalogue, receivers, sending
from linkwright.webhooks.logs import bodies
from linkwright.webhooks.sending import Message, Outcome
from tests.unit.calls import NOW

BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/shop"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:shop"
CALL = catalogue.sample("call.ended")
EVENT: Item = {
    **{"pk": "W#ws_1.test#EVT", "sk": "evt_1", "id": "evt_1", "type": "call.ended"},
    **{"created_at": "2026-11-28T09:00:00Z", "workspace_id": "ws_1", "api_version": "v1"},
    **{"sequence": 3, "request_id": "req_1", "metadata": {"n": "1"}, "object": CALL},
}


class Cloud:
    """The operator's account: what came to it."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.answer: dict[str, Any] = {"EventId": "1"}
        self.is_down = False
        arns = (BUS, QUEUE, f"{QUEUE}.fifo")
        self.owners = {f"ARN#{arn}": "ws_1" for arn in arns}

    def put_event(self, *told: str) -> dict[str, Any]:
        self._take(told)
        return self.answer

    def send_message(self, **told: str) -> dict[str, Any]:
        self._take(told)
        return {"MessageId": "1"}

    def _take(self, told: Any) -> None:
        if self.is_down:
            raise Unavailable
        self.told.append(told)


@pytest.fixture
def cloud(environment: pytest.MonkeyPatch) -> Cloud:
    cloud = Cloud()
    environment.setattr(clock, "now", lambda: NOW)
    environment.setattr(aws, "event_bridge", lambda: cloud)
    environment.setattr(aws, "sqs", lambda: cloud)
    environment.setattr(sealing, "unseal", _opened)
    environment.setattr(ownership, "owner", lambda key: cloud.owners.get(key.pk))
    return cloud


@pytest.fixture
def posted(cloud: Cloud, environment: pytest.MonkeyPatch) -> list[tuple[str, Message]]:
    """What is sent to URLs."""
    sent: list[tuple[str, Message]] = []

    def post(url: str, message: Message) -> Outcome:
        sent.append((url, message))
        return Outcome({}, is_taken=True)

    environment.setattr(sending, "post", post)
    return sent


def _opened(sealed: str, partition: str, entity: str) -> str:
    """What was sealed for this endpoint; nothing else opens."""
    if (partition, entity) != ("ws_1.test", "wh_1"):
        raise Unsealable
    return sealed.removeprefix("sealed ")


def _endpoint(kind: str, **facts: Any) -> Item:
    view = {"id": "wh_1", "type": kind, "payload": "full", "url": "https://hooks.example/in"}
    where = {"pk": "W#ws_1.test#WH", "sk": "wh_1", "secrets": [{"sealed": "sealed whsec_b25l"}]}
    return {**where, "view": {**view, **facts.pop("view", {})}, **facts}


def _sent(endpoint: Item, event: Item = EVENT) -> Outcome:
    return receivers.prepared(endpoint, event, asked=3)()


def _known(message: Message) -> list[str]:
    return [secret.get_secret_value() for secret in message.secrets]


# ---- to a URL -----------------------------------------------------------------------------------


def test_a_url_is_sent_the_event_under_its_id_with_the_secret_and_the_headers(
    posted: list[tuple[str, Message]],
) -> None:
    headers = "sealed " + json.dumps({"X-Key": "k3y"})
    assert _sent(_endpoint("https", sealed_headers=headers)).is_taken
    ((url, message),) = posted
    assert (url, message.id) == ("https://hooks.example/in", "evt_1")
    assert message.body == bodies.message(EVENT, "full")
    assert _known(message) == ["whsec_b25l"]
    assert message.headers == {"X-Key": "k3y"}


def test_a_thin_one_is_sent_where_to_look(posted: list[tuple[str, Message]]) -> None:
    _sent(_endpoint("https", view={"payload": "thin"}))
    ((_, message),) = posted
    assert message.body == bodies.message(EVENT, "thin")
    assert message.body != bodies.message(EVENT, "full")
    assert message.headers == {}


@pytest.mark.parametrize(("left_s", "is_good"), [(1, True), (0, False), (-1, False)])
def test_an_old_secret_signs_until_its_end(
    posted: list[tuple[str, Message]], left_s: int, is_good: bool
) -> None:
    until = clock.timestamp(NOW + timedelta(seconds=left_s))
    secrets = [{"sealed": "sealed new"}, {"sealed": "sealed old", "until": until}]
    _sent(_endpoint("https", secrets=secrets))
    assert _known(posted[0][1]) == (["new", "old"] if is_good else ["new"])


# ---- into the operator's account ----------------------------------------------------------------


def test_a_bus_is_told_whose_event_and_of_which_type(cloud: Cloud) -> None:
    outcome = _sent(_endpoint("eventbridge", view={"arn": BUS}))
    body = bodies.message(EVENT, "full").decode()
    assert cloud.told == [(BUS, "linkwright", "call.ended", body)]
    assert (outcome.is_taken, outcome.attempt["status"], outcome.attempt["error"]) == (
        *(True, None, None),
    )


def test_an_entry_that_a_bus_did_not_take_is_tried_again(cloud: Cloud) -> None:
    cloud.answer = {"ErrorCode": "InternalFailure"}
    outcome = _sent(_endpoint("eventbridge", view={"arn": BUS}))
    assert outcome == Outcome(outcome.attempt)
    assert (outcome.attempt["status"], outcome.attempt["error"]) == (None, "unreachable")


@pytest.mark.parametrize(("kind", "arn"), [("eventbridge", BUS), ("sqs", QUEUE)])
def test_one_that_is_away_is_tried_again(cloud: Cloud, kind: str, arn: str) -> None:
    cloud.is_down = True
    outcome = _sent(_endpoint(kind, view={"arn": arn}))
    assert (outcome.is_taken, outcome.attempt["error"]) == (False, "unreachable")


@pytest.mark.parametrize(
    ("own", "url"),
    [
        ("", "https://sqs.eu-west-1.amazonaws.com/123456789012/shop"),
        ("http://localhost:4566", "http://localhost:4566/123456789012/shop"),
    ],
)
def test_a_queue_is_found_by_its_arn(
    cloud: Cloud, environment: pytest.MonkeyPatch, own: str, url: str
) -> None:
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    environment.setenv("AWS_ENDPOINT_URL_SQS", own)
    settings.settings.cache_clear()
    assert _sent(_endpoint("sqs", view={"arn": QUEUE})).is_taken
    body = bodies.message(EVENT, "full").decode()
    assert cloud.told == [{"QueueUrl": url, "MessageBody": body}]


@pytest.mark.parametrize(
    ("event", "group"),
    [
        (EVENT, CALL["id"]),
        ({**EVENT, "type": "ping", "object": catalogue.sample("ping")}, "ping"),
    ],
    ids=["of an object", "of none"],
)
def test_a_queue_that_keeps_the_order_keeps_that_of_an_object(
    cloud: Cloud, event: Item, group: str
) -> None:
    assert _sent(_endpoint("sqs", view={"arn": f"{QUEUE}.fifo"}), event).is_taken
    (told,) = cloud.told
    assert told["QueueUrl"].endswith("/123456789012/shop.fifo")
    assert (told["MessageGroupId"], told["MessageDeduplicationId"]) == (group, "evt_1.3")


# ---- what is wrong on our side ------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"pk": "W#ws_2.test#WH"},
        {"sk": "wh_2"},
        {"sealed_headers": "sealed {"},
        {"view": {"type": "telegram"}},
    ],
    ids=["another workspace's", "another's", "no headers", "no kind"],
)
def test_what_cannot_be_sent_is_a_failed_attempt_and_a_line_in_the_log(
    posted: list[tuple[str, Message]],
    environment: pytest.MonkeyPatch,
    broken: dict[str, Any],
) -> None:
    logged: list[Any] = []

    def log_failure(_: str, failure: Exception, **told: str) -> None:
        logged.append((isinstance(failure, Exception), told))

    environment.setattr(receivers, "log_failure", log_failure)
    endpoint = _endpoint("https", **broken)
    assert _sent(endpoint) == Outcome(
        {"at": clock.timestamp(NOW), "status": None, "error": "internal", "duration_ms": 0}
    )
    assert logged == [(True, {"event": "evt_1", "webhook": endpoint["sk"]})]
    assert posted == []


def test_a_key_that_is_away_is_no_attempt(
    posted: list[tuple[str, Message]], environment: pytest.MonkeyPatch
) -> None:
    def is_away(*_: str) -> str:
        raise Unavailable

    environment.setattr(sealing, "unseal", is_away)
    with pytest.raises(Unavailable):
        receivers.prepared(_endpoint("https"), EVENT, asked=1)


def test_what_no_queue_takes_is_written_as_json_has_it_besides(cloud: Cloud) -> None:
    event = {**EVENT, "metadata": {"name": "a\ufffe\uffff"}}
    assert _sent(_endpoint("sqs", view={"arn": QUEUE}), event).is_taken
    body = cloud.told[0]["MessageBody"]
    assert not {"\ufffe", "\uffff"} & set(body)
    assert json.loads(body) == json.loads(bodies.message(event, "full"))


@pytest.mark.parametrize(("kind", "arn"), [("eventbridge", BUS), ("sqs", QUEUE)])
@pytest.mark.parametrize("owner", ["ws_2", None])
def test_what_is_another_workspaces_by_now_is_sent_nothing(
    cloud: Cloud, kind: str, arn: str, owner: str | None
) -> None:
    cloud.owners = {f"ARN#{arn}": owner} if owner else {}
    outcome = _sent(_endpoint(kind, view={"arn": arn}))
    assert (outcome.is_taken, outcome.is_gone) == (False, True)
    assert outcome.attempt["error"] == "arn_not_registered"
    assert cloud.told == []
