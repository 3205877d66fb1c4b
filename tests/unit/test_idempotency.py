"""Under which key, and of which request, an answer is kept."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from linkwright import clock, idempotency
from linkwright.errors import Conflict, ValidationFailed
from linkwright.idempotency import Attempt, Reply, begin
from linkwright.table import Item, Table
from linkwright.transaction import Transaction

BODY = {"agent_id": "agt_1", "to": "+972541234567", "metadata": {"a": "1", "b": "2"}}
SECRET = "s" * 43
# Of a request to another deployment of the same code: these must never change.
FINGERPRINT = "2b1ba1ce113b0940cb1fb96ad57384842fe0c7bed2b645b91b8a88db1e89b2b0"
KEY = "I#ws_1#7d5815e69333e66354e04ae1dfeea5133d3d08a3c89200c4d2591afe78fef766"


def _begin(
    header: str | None = "k",
    *,
    partition: str = "ws_1",
    request_id: str = "req_1",
    method: str = "POST",
    path: str = "/v1/voice/calls",
    body: Item = BODY,
    secret: str = SECRET,
) -> Attempt:
    return begin(partition, request_id, header, method, path, body, secret=secret)


def test_one_key_of_one_workspace_is_one_record() -> None:
    assert _begin().key == _begin(request_id="req_2", path="/v1/other", body={}).key


@pytest.mark.parametrize("partition", ["ws_2", "ws_1.test", "ws_1#", "ws_11"])
def test_another_workspace_or_mode_has_records_of_its_own(partition: str) -> None:
    assert _begin(partition=partition).key != _begin().key


def test_another_key_is_another_record() -> None:
    keys = ["k", "K", "k ", " k", "k#", "1", "01", "null", "request:req_1", "client:k"]
    assert len({_begin(key).key for key in keys}) == len(keys)


def test_without_a_key_each_request_has_its_own() -> None:
    assert _begin(None).key == _begin(None).key
    assert _begin(None).key != _begin(None, request_id="req_2").key
    assert _begin(None).key != _begin("req_1").key
    assert _begin(None).key != _begin("request:req_1").key


@pytest.mark.parametrize("key", [" ", "~", "a" * 255, "0", "../..", "' OR 1=1", '"k"'])
def test_printable_ascii_is_a_key(key: str) -> None:
    attempt = _begin(key)
    assert attempt.key.pk.startswith("I#ws_1#")
    assert len(attempt.key.pk) == len("I#ws_1#") + 64


@pytest.mark.parametrize(
    "key", ["", "a" * 256, "a\r\nb", "a\n", "\t", "\x00", "\x7f", "é", "מפתח", "🔥", "\ud800"]
)
def test_everything_else_is_not(key: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        _begin(key)
    assert refusal.value.field == "Idempotency-Key"


def _shuffled(value: object, generator: random.Random) -> object:
    if isinstance(value, dict):
        names = generator.sample(list(value), len(value))
        return {name: _shuffled(value[name], generator) for name in names}
    return value


def test_the_order_of_keys_does_not_matter() -> None:
    generator = random.Random(1)
    for _ in range(50):
        body = json.loads(json.dumps(_shuffled(BODY, generator)))
        assert _begin(body=body).fingerprint == _begin().fingerprint


def test_everything_else_does() -> None:
    others = [
        _begin(method="PUT"),
        _begin(path="/v1/voice/agents"),
        _begin(path="/v1/voice/calls/"),
        _begin(body={}),
        *(
            _begin(body={**BODY, "x": value})
            for value in (
                1,
                1.5,
                "1",
                True,
                None,
                [],
                {},
                [1, 2],
                [2, 1],
                "\u00e9",
                "e\u0301",
                "1 ",
                "a",
                "A",
            )
        ),
    ]
    fingerprints = {_begin().fingerprint, *(other.fingerprint for other in others)}
    assert len(fingerprints) == len(others) + 1


def test_who_has_only_the_record_cannot_try_what_a_body_said() -> None:
    assert _begin(secret="t" * 43).fingerprint != _begin().fingerprint


def test_a_fingerprint_is_of_fixed_length_and_tells_nothing() -> None:
    attempt = _begin("canary", body={"canary": "canary" * 1_000})
    assert len(attempt.fingerprint) == 64
    assert "canary" not in repr(attempt)


def test_a_fingerprint_is_the_same_after_a_deployment() -> None:
    """Whoever repeats a request over a deployment gets its answer, and no 409."""
    body = {
        "to": "+972541234567",
        "agent_id": "agt_1",
        "metadata": {"שם": "é", "a": [1, 2.5, None]},
    }
    assert _begin("k", body=body).fingerprint == FINGERPRINT
    assert _begin("k", body=body).key.pk == KEY
    assert _begin("k", body=body).key.sk == "-"


def test_a_record_is_kept_a_day_and_deleted_after_it(
    environment: pytest.MonkeyPatch,
) -> None:
    now = datetime(2026, 11, 28, 10, tzinfo=UTC)
    environment.setattr(clock, "now", lambda: now)
    tx, attempt = Transaction("ws_1", "req_1"), _begin()
    attempt.record(tx, Reply(201, "{}", "/v1/voice/calls/call_1"))
    (operation,) = tx._operations
    day = int(now.timestamp()) + 24 * 3600
    assert operation["item"] == {
        "pk": attempt.key.pk,
        "sk": "-",
        "st": "DONE",
        "fp": attempt.fingerprint,
        "request_id": "req_1",
        "status": 201,
        "body": "{}",
        "location": "/v1/voice/calls/call_1",
        "exp": day,
        "ttl": day + 3600,
    }
    assert operation["expression_attribute_values"] == {":now": int(now.timestamp())}


def test_a_refused_key_is_told_why() -> None:
    with pytest.raises(ValidationFailed, match=r"^Header 'Idempotency-Key' must be 1 to 255 print"):
        _begin("")


# ---- what was answered --------------------------------------------------------------------------

REPLY = Reply(201, '{"key": "s3cr3t"}', "/v1/keys/key_1")
NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)


def _kept(environment: pytest.MonkeyPatch, attempt: Attempt) -> Item:
    """The record of an attempt that was answered, which is found from then on."""
    environment.setattr(clock, "now", lambda: NOW)
    tx = Transaction("ws_1", "req_1")
    attempt.record(tx, REPLY)
    (operation,) = tx._operations
    item: Item = operation["item"]
    found = {(Table.IDEM, attempt.key): item}
    environment.setattr(idempotency, "get", lambda *where: found.get(where))
    return item


def test_a_repeated_request_has_the_first_ones_answer(environment: pytest.MonkeyPatch) -> None:
    _kept(environment, _begin())
    assert _begin().settle() == (REPLY, False)
    assert _begin(request_id="req_2").settle() == (REPLY, True)
    assert _begin("another").settle() is None


def test_the_key_of_another_request_is_refused(environment: pytest.MonkeyPatch) -> None:
    _kept(environment, _begin())
    with pytest.raises(Conflict) as refused:
        _begin(body={}).settle()
    assert refused.value.details == {"reason": "idempotency_key_reused"}


@pytest.mark.parametrize(("later_s", "is_found"), [(-1, True), (0, False), (1, False)])
def test_an_answer_is_repeated_for_a_day(
    environment: pytest.MonkeyPatch, later_s: int, is_found: bool
) -> None:
    _kept(environment, _begin())
    later = NOW + timedelta(days=1, seconds=later_s)
    environment.setattr(clock, "now", lambda: later)
    # One that is kept longer is of no other request.
    assert (_begin().settle() is not None) == is_found
    if not is_found:
        assert _begin(body={}).settle() is None


def _of(secret_for: str | None, header: str | None = "k") -> Attempt:
    asked = ("ws_1", "req_1", header, "POST", "/v1/keys", BODY)
    return begin(*asked, secret=SECRET, secret_for=secret_for)


def test_a_secret_is_kept_sealed_and_shown_to_whom_it_was_answered(
    environment: pytest.MonkeyPatch,
) -> None:
    item = _kept(environment, _of("key_1"))
    assert "s3cr3t" not in str(item)
    assert _of("key_1").settle() == (REPLY, False)
    for other in (_of("key_2"), _of(None)):
        with pytest.raises(Conflict):
            other.settle()
    assert "sealed_by" not in repr(_of("key_1"))


def test_without_a_key_nobody_but_this_process_can_open_a_secret(
    environment: pytest.MonkeyPatch,
) -> None:
    attempt = _of("key_1", None)
    item = _kept(environment, attempt)
    assert "s3cr3t" not in str(item)
    assert attempt.settle() == (REPLY, False)
    assert _of("key_1", None).sealed_by != attempt.sealed_by
    assert _of(None).sealed_by is None


def test_only_what_is_over_is_written_over(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(clock, "now", lambda: NOW)
    tx = Transaction("ws_1", "req_1")
    _begin().record(tx, REPLY)
    (operation,) = tx._operations
    assert operation["condition_expression"] == "attribute_not_exists(#pk) OR #exp <= :now"
