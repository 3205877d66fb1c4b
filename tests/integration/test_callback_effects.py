"""What the carrier tells of a call: once, a hundred times, in any order, and of what is not ours.

The tables are in memory: a call is told of in a thousand ways, and a test looks at all of them.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any
from urllib.parse import quote

import pytest

from linkwright import clock, egress, jobs, table, transaction
from linkwright.providers.llm import Failure, ModelFailed
from linkwright.table import Item
from linkwright.voice.calls import follow_ups, items
from linkwright.voice.calls import turn_log as turns
from tests import carrier, models
from tests.carrier import Exchange
from tests.clocks import Hand
from tests.factories import CALLEE, make_workspace
from tests.integration.every_route import KINDS, UNKNOWN_SID
from tests.integration.in_memory import in_memory
from tests.integration.logs import logged
from tests.integration.signed import FORMS, Dialled, Signed, about, verbs
from tests.simulation.tables import Tables
from tests.stack import Stack
from tests.talks import TARGET
from tools.demo import demo_agent

CALL_ID = "call_01ARZ3NDEKTSV4RRFFQ69G5FAV"
RECORDING = f"RE{'5' * 32}"
TIMES = 100

COMPLETED = {"CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "42"}


@pytest.fixture(scope="module")
def tables(stack: Stack) -> Iterator[Tables]:
    with in_memory(stack) as made:
        yield made


@pytest.fixture
def kept(stack: Stack, tables: Tables) -> Callable[[], list[Item]]:
    """All that is in the table of objects."""
    # A write puts another item in its place, and never changes one that is there.
    return lambda: tables.rows(stack.names["CoreTable"])


@pytest.fixture
def call(tables: Tables, exchange: Exchange) -> Dialled:
    return Dialled(make_workspace())


def _events(tables: Tables, stack: Stack, call: Dialled) -> list[Item]:
    """What our customer is told of the call, in its order."""
    pk = f"W#{call.workspace.partition}#EVT"
    found = tables.partition(stack.names["CoreTable"], pk)
    return sorted(found, key=lambda event: int(event["sequence"]))


def _jobs(tables: Tables, stack: Stack, call: Dialled, kind: str) -> list[str]:
    pk = f"W#{call.workspace.partition}#{kind}"
    return [item["sk"] for item in tables.partition(stack.names["CoreTable"], pk)]


def _metrics(printed: str) -> Counter[str]:
    """How often each metric was counted."""
    lines = [json.loads(line) for line in printed.splitlines() if '"_aws"' in line]
    return Counter(name for line in lines for name, value in line.items() if type(value) is list)


# ---- The same, again and again -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "event", "shown"),
    [
        ("ringing", "call.ringing", "ringing"),
        ("in-progress", "call.answered", "in_progress"),
        ("completed", "call.ended", "completed"),
        ("busy", "call.ended", "busy"),
        ("no-answer", "call.ended", "no_answer"),
        ("failed", "call.ended", "failed"),
        ("canceled", "call.ended", "canceled"),
    ],
)
def test_204_for_a_status_told_a_hundred_times_which_happens_once(
    stack: Stack, tables: Tables, call: Dialled, status: str, event: str, shown: str
) -> None:
    version = call.item["v"]
    answers = [call.tell("status", CallStatus=status) for _ in range(TIMES)]
    assert {(answer.status, answer.raw) for answer in answers} == {(204, "")}
    assert [one["type"] for one in _events(tables, stack, call)] == ["call.queued", event]
    assert (call.show()["status"], call.item["v"]) == (shown, version + 1)


@pytest.mark.parametrize("status", ["queued", "initiated", "transferring"])
def test_204_for_a_status_that_says_nothing_new(
    kept: Callable[[], list[Item]], call: Dialled, status: str
) -> None:
    before = kept()
    assert call.tell("status", CallStatus=status).status == 204
    assert kept() == before


def test_200_with_one_page_for_an_answer_asked_a_hundred_times(
    stack: Stack, tables: Tables, call: Dialled
) -> None:
    pages = {call.tell("answer").raw for _ in range(TIMES)}
    assert len(pages) == 1
    assert [one["type"] for one in _events(tables, stack, call)] == ["call.queued", "call.answered"]
    assert len(turns.read(call.item)) == 1


def test_200_with_one_page_for_a_turn_told_a_hundred_times(
    call: Dialled, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.Scripted(*(f"Answer {at}." for at in range(TIMES)))
    models.use(monkeypatch, model)
    call.tell("answer")
    pages = {call.tell("turn/1", SpeechResult=f"דבר {at}").raw for at in range(TIMES)}
    assert len(pages) == 1
    assert [(turn.heard, turn.said) for turn in turns.read(call.item)[1:]] == [
        ("דבר 0", "Answer 0.")
    ]
    assert len(model.prompts) == 1


def test_204_for_a_machine_told_a_hundred_times_which_is_broken_off_once(
    call: Dialled, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call.tell("answer")
    version, asked = call.item["v"], []
    fetch = exchange.fetch
    monkeypatch.setattr(
        egress, "fetch", lambda url, **options: asked.append(url) or fetch(url, **options)
    )
    for _ in range(TIMES):
        assert call.tell("machine", AnsweredBy="machine_start").status == 204
    assert call.tell("machine", AnsweredBy="human").status == 204
    assert (call.show()["answered_by"], call.item["v"]) == ("voicemail", version + 1)
    assert [url.rpartition("/")[2] for url in asked] == [f"{call.placed.sid}.json"]


def test_204_for_a_recording_told_a_hundred_times_which_is_one_job(
    stack: Stack, tables: Tables, call: Dialled
) -> None:
    for _ in range(TIMES):
        assert call.tell("recording", RecordingSid=RECORDING).status == 204
    assert _jobs(tables, stack, call, "REC") == [f"{call.id}#{RECORDING}"]
    where = follow_ups.recording_key(call.workspace.partition, call.id, RECORDING)
    assert jobs.is_waiting(where)


@pytest.mark.parametrize("status", ["absent", "in-progress", "failed"])
def test_204_for_a_recording_that_there_is_not(
    kept: Callable[[], list[Item]], call: Dialled, status: str
) -> None:
    before = kept()
    assert call.tell("recording", RecordingStatus=status).status == 204
    assert kept() == before


# ---- In any order --------------------------------------------------------------------------------

STEPS = {
    "initiated": ("status", {"CallStatus": "initiated", "SequenceNumber": "0"}),
    "ringing": ("status", {"CallStatus": "ringing", "SequenceNumber": "1"}),
    "answered": ("status", {"CallStatus": "in-progress", "SequenceNumber": "2"}),
    "completed": ("status", COMPLETED),
    "machine": ("machine", {}),
}
# 720, of which each is there twice: the late ringing says what the first one said.
ORDERS = sorted(set(permutations([*STEPS, "ringing"])))


@pytest.mark.parametrize(
    ("answered", "end"),
    [
        ("human", ("completed", "human", "callee_hung_up")),
        ("machine_start", ("voicemail", "voicemail", "voicemail")),
        ("unknown", ("completed", "unknown", "callee_hung_up")),
    ],
)
@pytest.mark.slow
def test_the_end_is_the_same_in_all_720_orders(
    stack: Stack,
    tables: Tables,
    call: Dialled,
    monkeypatch: pytest.MonkeyPatch,
    answered: str,
    end: tuple[str, str, str],
) -> None:
    assert len(ORDERS) == 720 / 2
    Hand(monkeypatch)
    now, before, workspace = clock.timestamp(), call.item, call.workspace.id
    items = [one for one in tables.rows(stack.names["CoreTable"]) if workspace in one["pk"]]
    status, answered_by, reason = end
    ended = {"status": status, "ended_at": now, "ended_reason": reason}
    for order in ORDERS:
        again = _tables_of(stack, items)
        for module in (table, transaction):
            monkeypatch.setattr(module, "driver", lambda again=again: again)
        for step in order:
            kind, fields = STEPS[step]
            known = {"AnsweredBy": answered} if step in {"machine", "completed"} else {}
            assert call.tell(kind, **fields, **known).status == 204
        was_answered = order.index("answered") < order.index("completed")
        assert call.item["view"] == before["view"] | ended | {
            "answered_at": now if was_answered else before["view"]["attempts"][0]["started_at"],
            "answered_by": answered_by,
            "duration_s": 42,
            "transcript_status": "ready",
            "attempts": [before["view"]["attempts"][0] | ended],
        }
        assert [event["type"] for event in _events(again, stack, call)] == [
            "call.queued",
            *(["call.ringing"] if _is_news("ringing", order) else []),
            *(["call.answered"] if was_answered else []),
            "call.ended",
        ]
        (used,) = again.partition(stack.names["CoreTable"], f"W#{call.workspace.partition}#USE")
        assert (used["committed"], used["used"]) == (1, 1)
        assert _jobs(again, stack, call, "HUP") == []
        assert _jobs(again, stack, call, "FLW") == [call.id]


def _tables_of(stack: Stack, items: list[Item]) -> Tables:
    made = Tables(stack.names)
    for item in items:
        put = {"type": "put", "table": stack.names["CoreTable"], "item": item}
        made.sync_transact_write([put])
    return made


def _is_news(step: str, order: tuple[str, ...]) -> bool:
    """Whether it comes before all that is further on."""
    return order.index(step) < min(order.index("answered"), order.index("completed"))


@pytest.mark.parametrize("detected", ["human", "machine_start", "fax"])
def test_what_the_detection_says_stays_known_whatever_is_told_after_it(
    call: Dialled, detected: str
) -> None:
    call.tell("machine", AnsweredBy=detected)
    known = call.show()["answered_by"]
    assert known != "unknown"
    for later in (
        call.signed("status", CallStatus="in-progress"),
        call.signed("answer"),
        call.signed("machine", AnsweredBy="unknown"),
    ):
        assert later.send().status in {200, 204}
        assert call.show()["answered_by"] == known
    call.tell("status", **COMPLETED)
    assert call.show()["answered_by"] == known


@pytest.mark.parametrize(
    ("late", "fields"),
    [
        ("status", {"CallStatus": "ringing"}),
        ("status", {"CallStatus": "in-progress"}),
        ("status", {"CallStatus": "no-answer"}),
        ("status", {"CallStatus": "completed", "CallDuration": "99"}),
        ("machine", {"AnsweredBy": "machine_start"}),
        ("answer", {}),
        ("turn/1", {}),
        ("turn/9", {}),
        ("transfer", {}),
    ],
)
def test_what_comes_after_the_end_changes_nothing(
    kept: Callable[[], list[Item]],
    call: Dialled,
    capsys: pytest.CaptureFixture[str],
    late: str,
    fields: dict[str, str],
) -> None:
    call.tell("answer")
    call.tell("status", **COMPLETED)
    before = kept()
    capsys.readouterr()
    answer = call.tell(late, **fields)
    if late in {"status", "machine"}:
        assert answer.status == 204
    else:
        assert [verb.tag for verb in verbs(answer)] == ["Hangup"]
    assert kept() == before
    assert _metrics(capsys.readouterr().out)["callbacks_unknown"] == 1


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        (COMPLETED, ("completed", "callee_hung_up")),
        ({"CallStatus": "busy"}, ("busy", "busy")),
        ({"CallStatus": "no-answer"}, ("no_answer", "no_answer")),
        ({"CallStatus": "failed"}, ("failed", "carrier_failed")),
    ],
)
def test_an_end_that_is_told_before_the_carrier_has_answered_our_order(
    stack: Stack,
    tables: Tables,
    exchange: Exchange,
    fields: dict[str, str],
    end: tuple[str, str],
) -> None:
    workspace = make_workspace()
    call_id = str(workspace.place(workspace.agent()).json["id"])

    def place(order: Callable[[], egress.Answer]) -> egress.Answer:
        answer = order()
        sid = exchange.call(call_id).sid
        told = about(workspace.partition, call_id, "status", sid, **fields)
        assert told.send().status == 204
        return answer

    exchange.placing = place
    workspace.dial(call_id)
    shown = workspace.call(call_id)
    assert (shown["status"], shown["ended_reason"]) == end
    item = tables.find(stack.names["CoreTable"], f"W#{workspace.partition}#CALL", call_id) or {}
    assert item["sid"] == exchange.call(call_id).sid
    hang_ups = f"W#{workspace.partition}#HUP"
    assert list(tables.partition(stack.names["CoreTable"], hang_ups)) == []


# ---- Of what is not ours -------------------------------------------------------------------------


def _assert_left_alone(answer: Any) -> None:
    if answer.status == 200:
        assert [verb.tag for verb in verbs(answer)] == ["Hangup"]
    else:
        assert (answer.status, answer.raw) == (204, "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("whose", ["nobody's", "another workspace's", "the other mode's"])
def test_2xx_without_any_effect_for_a_call_that_is_not_there(
    kept: Callable[[], list[Item]],
    call: Dialled,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    whose: str,
) -> None:
    """Its partition and its id are read together, so a call is found in its own only."""
    partition, call_id = {
        "nobody's": (call.workspace.partition, CALL_ID),
        "another workspace's": (make_workspace().partition, call.id),
        "the other mode's": (f"{call.workspace.partition}.test", call.id),
    }[whose]
    before = kept()
    capsys.readouterr()
    _assert_left_alone(about(partition, call_id, kind, call.placed.sid).send())
    assert kept() == before
    if kind != "recording":
        assert _metrics(capsys.readouterr().out)["callbacks_unknown"] == 1


# What says that a call at the carrier is over, or may be: there is nothing to hang up.
OVER = [
    ("status", {"CallStatus": status})
    for status in ("completed", "busy", "no-answer", "failed", "canceled")
] + [("machine", {"AnsweredBy": "machine_start"}), ("recording", {})]
ALIVE = [
    ("status", {"CallStatus": status})
    for status in ("queued", "initiated", "ringing", "in-progress")
] + [("answer", {}), ("turn/1", {}), ("transfer", {})]


@pytest.mark.parametrize(("kind", "fields"), OVER)
def test_2xx_without_any_effect_for_a_call_of_the_carrier_that_is_not_the_one_placed(
    kept: Callable[[], list[Item]],
    call: Dialled,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    fields: dict[str, str],
) -> None:
    before = kept()
    capsys.readouterr()
    told = about(call.workspace.partition, call.id, kind, UNKNOWN_SID, **fields)
    assert told.send().status == 204
    assert kept() == before
    if kind != "recording":
        assert _metrics(capsys.readouterr().out)["callbacks_unknown"] == 1


@pytest.mark.parametrize(("kind", "fields"), ALIVE)
def test_2xx_and_a_hang_up_for_one_that_is_on_the_phone_and_not_the_one_placed(
    stack: Stack,
    tables: Tables,
    call: Dialled,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    fields: dict[str, str],
) -> None:
    before = call.item
    capsys.readouterr()
    for _ in range(3):
        told = about(call.workspace.partition, call.id, kind, UNKNOWN_SID, **fields)
        _assert_left_alone(told.send())
    assert call.item == before
    assert _jobs(tables, stack, call, "HUP") == [UNKNOWN_SID]
    assert [event["type"] for event in _events(tables, stack, call)] == ["call.queued"]
    assert _metrics(capsys.readouterr().out)["callbacks_unknown"] == 3


def test_2xx_without_any_effect_for_an_attempt_that_was_not_made(
    kept: Callable[[], list[Item]], call: Dialled
) -> None:
    before = kept()
    for kind in KINDS.keys() - {"recording"}:
        told = call.signed(kind)
        path = told.path.replace("/1/", "/2/", 1)
        _assert_left_alone(Signed(path, told.fields, told.token).send())
    assert kept() == before


# ---- What is not told ----------------------------------------------------------------------------


def test_logs_hold_no_number_id_token_or_word_of_a_talk(
    tables: Tables,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    heard, said = "הקוד שלי הוא ארבע שבע", "Your appointment is a canary"
    capsys.readouterr()
    with logged() as lines:
        call = Dialled(make_workspace())
        numbers = {"To": CALLEE, "From": carrier.PHONE_NUMBER, "Caller": carrier.PHONE_NUMBER}
        words = {"turn/1": {"SpeechResult": heard}, "turn/2": {"SpeechResult": heard}}
        for reply in (said, ModelFailed(Failure.INVALID_OUTPUT, "not what was asked for")):
            is_text = isinstance(reply, str)
            models.use(monkeypatch, models.Scripted(reply) if is_text else models.Broken(reply))
            kinds = ("answer", "turn/1", "status") if is_text else ("turn/2", "transfer")
            for kind in (*kinds, "machine", "recording"):
                told = call.signed(kind, **numbers, **words.get(kind, {}))
                assert told.send().status in {200, 204}
                assert told.send(signature=told.signature[:-1]).status == 403
                assert told.send(body=f"{heard}{CALLEE}").status == 400
                twice = Signed(told.path, [*told.fields, told.fields[0]], told.token)
                assert twice.send().status == 400
                unknown = about(call.workspace.partition, call.id, kind, UNKNOWN_SID, **numbers)
                assert unknown.send().status in {200, 204}
        told = call.signed("turn/3", **numbers, SpeechResult=heard)
        with monkeypatch.context() as broken:
            text = f"{CALLEE} {call.placed.sid} {heard}"
            broken.setattr(items, "find", _raise(RuntimeError(text)))
            assert told.send().status == 500
        assert call.tell("status", **COMPLETED, **numbers).status == 204
    printed = lines.getvalue() + "".join(capsys.readouterr()) + caplog.text
    assert [turn.said for turn in turns.read(call.item)][1] == said
    assert "the model failed" in printed
    assert "request failed" in printed
    secret = json.loads(carrier.SECRET)["carrier"]
    ours, theirs = heard.split()[0], said.split()[-1]
    for hidden in (
        *(CALLEE, CALLEE[1:], carrier.PHONE_NUMBER[1:], TARGET[1:]),
        *(call.placed.sid, UNKNOWN_SID, FORMS["recording"][-1][1], secret["account_sid"]),
        *(secret["auth_token"], call.signed("status").signature, told.signature),
        *(ours, json.dumps(ours)[1:-1], quote(ours), theirs, demo_agent("").prompt[:20]),
    ):
        assert hidden not in printed


def _raise(failure: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise failure

    return fail
