"""The account at Twilio that a test takes from step to step; a few pages of TwiML are our side."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from pydantic import SecretStr

from linkwright import egress
from linkwright.providers import telephony, twilio_callbacks
from linkwright.providers.twilio import API_URL, Account, Machine, NotFound, Order, Twilio
from tests import switchboard
from tests.switchboard import PlacedCall, Reply, Sent, Step, Switchboard, Wait, deliver_to_functions
from tests.unit.carrier_app import start_app
from tools.carrier import BUSY, FAILED, NO_ANSWER, Callee, Event, Turn, start_carrier
from tools.carrier.callees import SCRIPTS
from tools.carrier.conversation import SORRY

ACCOUNT, TOKEN = "AC" + "0c" * 16, "token"
PUBLIC = "https://api.example.com"
CALL_ID = "call_01J0000000000000000000ABCD"
PATH = f"/callbacks/twilio/org_a/{CALL_ID}/1"
TO, FROM = "+972541234567", "+97237654321"
OTHER = "+972549999999"
CALLS = f"{API_URL}/2010-04-01/Accounts/{ACCOUNT}/Calls"
BEGAN = datetime(2031, 5, 1, 12, tzinfo=UTC)
NOTHING = Reply(204, "", b"")
LISTEN = (
    f'<Gather input="speech" language="{{0}}" action="{PATH}/turn/1" timeout="5" '
    'speechTimeout="auto" actionOnEmptyResult="true"><Say language="{0}">Well?</Say></Gather>'
)
HEBREW = LISTEN.format("he-IL")
DIAL = f'<Dial action="{PATH}/transfer" timeout="20" timeLimit="60"><Number>{OTHER}</Number></Dial>'
START = (
    f'<Start><Recording recordingStatusCallback="{PATH}/recording" '
    'recordingStatusCallbackEvent="completed absent"/></Start><Say>Recorded</Say>'
)

FORM = {
    "To": TO,
    "From": FROM,
    "Url": f"{PUBLIC}{PATH}/answer",
    "FallbackUrl": f"{PUBLIC}{PATH}/fallback",
    "StatusCallback": f"{PUBLIC}{PATH}/status",
    "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
}
DETECTION = {
    "MachineDetection": "Enable",
    "AsyncAmd": "true",
    "AsyncAmdStatusCallback": f"{PUBLIC}{PATH}/machine",
}
RECORDING = {"Record": "true", "RecordingStatusCallback": f"{PUBLIC}{PATH}/recording"}

Page = str | Reply | None


@dataclass
class Office:
    """A switchboard and our side of it; `pages` goes by what follows the attempt in the path."""

    board: Switchboard
    now: datetime
    pages: dict[str, Page] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    before: Callable[[Step], None] = lambda _: None

    def send(self, method: str, path: str, form: Any = (), token: str = TOKEN) -> egress.Answer:
        basic = b64encode(f"{ACCOUNT}:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        body = urlencode(form, doseq=True).encode()
        return self.board.fetch(f"{CALLS}{path}", method=method, headers=headers, body=body)

    def place(self, to: str = TO, **more: Any) -> PlacedCall:
        answer = self.send("POST", ".json", FORM | {"To": to} | more)
        assert answer.status == 201, answer.body
        return self.board.calls[-1]

    def call(self, to: str = TO, **more: Any) -> PlacedCall:
        """To its end."""
        return self.run(self.place(to, **more))

    def run(self, call: PlacedCall) -> PlacedCall:
        self.board.run(call, self.deliver, self.wait)
        assert call.is_over
        assert call.advance() is None
        return call

    def deliver(self, sent: Sent) -> Reply | None:
        self.steps.append(sent)
        self.before(sent)
        if sent.kind != "page":
            return NOTHING
        page = self.pages.get(name(sent), "<Hangup/>")
        return document(page) if isinstance(page, str) else page

    def wait(self, seconds: float) -> None:
        self.steps.append(Wait(seconds))
        self.before(Wait(seconds))
        self.now += timedelta(seconds=seconds)

    def messages(self) -> list[Sent]:
        return [step for step in self.steps if isinstance(step, Sent)]

    def sent(self, kind: str) -> list[dict[str, str]]:
        return [sent.fields for sent in self.messages() if sent.kind == kind]

    def statuses(self) -> list[str]:
        return [fields["CallStatus"] for fields in self.sent("status")]

    def asked(self) -> list[str]:
        return [name(sent) for sent in self.messages() if sent.kind == "page"]

    def once(self, is_it: Callable[[Step], bool], act: Callable[[], object]) -> None:
        """Act the first time that a step is that one."""

        def before(step: Step) -> None:
            if is_it(step):
                self.before = lambda _: None
                act()

        self.before = before


def name(sent: Sent) -> str:
    return sent.path.removeprefix(f"{PATH}/")


def document(inner: str) -> Reply:
    return Reply(200, "text/xml", f"<Response>{inner}</Response>".encode())


def seen(step: Step) -> object:
    """A step in short."""
    if isinstance(step, Wait):
        return round(step.seconds, 2)
    return f"status {step.fields['CallStatus']}" if step.kind == "status" else name(step)


def is_page(at: str) -> Callable[[Step], bool]:
    return lambda step: isinstance(step, Sent) and name(step) == at


@pytest.fixture
def office() -> Office:
    return make_office()


def make_office() -> Office:
    board = Switchboard(
        account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC, now=lambda: made.now
    )
    made = Office(board, BEGAN)
    return made


@pytest.fixture
def twilio(office: Office, monkeypatch: pytest.MonkeyPatch) -> Twilio:
    monkeypatch.setattr(egress, "fetch", office.board.fetch)
    return Twilio(Account(ACCOUNT, SecretStr(TOKEN)))


# ---- The course of a call -----------------------------------------------------------------------


def test_a_call_goes_step_by_step(office: Office) -> None:
    office.board.callees[TO] = Callee(lines=("Yes, go on.",), rings_s=4)
    office.pages = {"answer": HEBREW, "turn/1": '<Pause length="2"/><Say>Goodbye</Say>'}
    call = office.call(**DETECTION, **RECORDING)
    assert [seen(step) for step in office.steps] == [
        *("status initiated", 0.3, "status ringing", 4, "status in-progress"),
        *("answer", 0.33, "machine", 0.6, 0.73, 1, "turn/1", 2, 0.47),
        *("status completed", 1, "recording"),
    ]
    assert [turn.who for turn in call.turns] == ["agent", "callee", "agent"]
    assert call.turns[0] == Turn("agent", "Well?", "he-IL")
    assert (call.status, call.ended_by, call.duration_s) == ("completed", "agent", 6)
    assert call.alerts == []


@pytest.mark.parametrize(
    ("to", "statuses"),
    [
        ("+15005550001", ["initiated", "ringing", "busy"]),
        ("+15005550002", ["initiated", "ringing", "no-answer"]),
        ("+15005550003", ["initiated", "ringing", "in-progress", "completed"]),
        ("+15005550004", ["initiated", "failed"]),
        ("+15005550005", ["initiated", "ringing", "in-progress", "completed"]),
        ("+15005550006", ["initiated", "ringing", "in-progress", "completed"]),
        (TO, ["initiated", "ringing", "in-progress", "completed"]),
    ],
)
def test_the_number_decides(office: Office, to: str, statuses: list[str]) -> None:
    call = office.call(to, Timeout="20")
    assert office.statuses() == statuses
    assert call.status == statuses[-1]
    assert office.asked() == (["answer"] if call.status == "completed" else [])
    updates = [twilio_callbacks.status_update(list(one.items())) for one in office.sent("status")]
    assert [update.sequence for update in updates] == list(range(len(updates)))
    assert [update.duration_s for update in updates] == [None] * (len(updates) - 1) + [0]
    assert (Wait(20) in office.steps) == (call.status == "no-answer")


def test_a_callee_that_rings_too_long_does_not_answer(office: Office) -> None:
    office.board.callees[TO] = Callee(rings_s=31)
    assert office.call(Timeout="30").status == "no-answer"


@pytest.mark.parametrize(
    ("to", "detection", "found"),
    [
        (TO, "Enable", "human"),
        ("+15005550003", "Enable", "machine_start"),
        ("+15005550003", "DetectMessageEnd", "machine_end_beep"),
        ("+15005550006", "Enable", "unknown"),
    ],
)
def test_who_answered_is_told_after_the_first_words(
    office: Office, to: str, detection: str, found: str
) -> None:
    office.pages["answer"] = "<Say>Hello</Say><Say>there</Say>"
    call = office.call(to, **DETECTION | {"MachineDetection": detection})
    assert [seen(step) for step in office.steps[-5:]] == [
        *("answer", 0.33, "machine", 0.33, "status completed"),
    ]
    [result] = office.sent("machine")
    assert result["AnsweredBy"] == call.answered_by == found
    assert "AnsweredBy" not in office.sent("page")[0]
    assert office.sent("status")[-1]["AnsweredBy"] == found


def test_who_answered_is_not_told_unless_ordered(office: Office) -> None:
    office.pages["answer"] = "<Say>Hello</Say>"
    assert office.call().answered_by is None
    assert office.sent("machine") == []


@pytest.mark.parametrize("language", ["he-IL", "en-US", "ar-AE"])
def test_six_turns(office: Office, language: str) -> None:
    office.pages = dict.fromkeys(("answer", "turn/1"), LISTEN.format(language))
    call = office.call()
    script = SCRIPTS[language[:2]]
    heard = [twilio_callbacks.speech(list(one.items())) for one in office.sent("page")[1:]]
    assert [speech.text for speech in heard] == list(script)
    assert call.said("callee") == list(script)
    assert [turn.who for turn in call.turns] == ["agent", "callee"] * 6 + ["agent"]
    assert call.ended_by == "callee"


def test_a_silence_goes_to_the_action_as_nothing(office: Office) -> None:
    office.board.callees[TO] = Callee(lines=(None, "Yes"))
    office.pages = {"answer": HEBREW, "turn/1": HEBREW.replace("turn/1", "turn/2"), "turn/2": ""}
    call = office.call()
    assert office.asked() == ["answer", "turn/1", "turn/2"]
    assert [one.get("SpeechResult") for one in office.sent("page")] == [None, "", "Yes"]
    assert Wait(5) in office.steps
    assert call.said("callee") == ["Yes"]


def test_a_silence_goes_on_with_the_document_where_no_action_wants_it(office: Office) -> None:
    office.board.callees[TO] = Callee(lines=(), hangs_up=False)
    silent = HEBREW.replace('actionOnEmptyResult="true"', "")
    office.pages["answer"] = f"{silent}<Redirect>next</Redirect>"
    office.call()
    assert office.asked() == ["answer", "next"]


def test_the_time_limit_ends_the_call(office: Office) -> None:
    office.pages["answer"] = '<Pause length="50"/><Pause length="50"/><Say>never</Say>'
    call = office.call(TimeLimit="60")
    assert (call.duration_s, call.ended_by, call.status) == (60, "time_limit", "completed")
    assert [step for step in office.steps if isinstance(step, Wait)][-2:] == [Wait(50), Wait(10)]
    assert call.turns == []


def test_time_is_the_tests_own(office: Office) -> None:
    office.pages["answer"] = '<Pause length="30"/>'
    call = office.call()
    times = [parsedate_to_datetime(one["Timestamp"]) for one in office.sent("status")]
    # Placed, dialled, rung for three seconds, and talked for thirty; a time is told in whole ones.
    assert times == [BEGAN + timedelta(seconds=seconds) for seconds in (0, 0, 3, 33)]
    assert call.created == BEGAN
    assert call.ended == BEGAN + timedelta(seconds=33.3)


def test_the_same_steps_each_time() -> None:
    runs = []
    for _ in range(2):
        office = make_office()
        office.pages = {"answer": START + HEBREW, "turn/1": DIAL}
        office.call()
        runs.append(office.steps)
    assert runs[0] == runs[1]


# ---- What the API does to a call ----------------------------------------------------------------


def test_a_call_is_hung_up_at_its_next_step(office: Office, twilio: Twilio) -> None:
    office.pages["answer"] = "<Say>Hello</Say><Say>never</Say>"
    call = office.place()
    office.once(is_page("answer"), lambda: twilio.end(call.sid))
    office.run(call)
    assert (call.status, call.ended_by, call.turns) == ("completed", "api", [])
    assert twilio.end(call.sid).status == "completed"


def test_a_call_that_rings_is_canceled(office: Office, twilio: Twilio) -> None:
    call = office.place()
    office.once(lambda step: seen(step) == "status ringing", lambda: twilio.end(call.sid))
    office.run(call)
    assert [seen(step) for step in office.steps[-2:]] == ["status ringing", "status canceled"]
    assert call.ended_by == "api"


def test_a_call_that_waits_to_be_dialled_is_canceled(office: Office, twilio: Twilio) -> None:
    call = office.place()
    twilio.end(call.sid)
    office.run(call)
    assert office.statuses() == ["canceled"]


def test_a_call_is_redirected_at_its_next_step(office: Office) -> None:
    office.pages = {"answer": "<Say>Hello</Say><Say>never</Say>", "machine": "<Say>Message</Say>"}
    call = office.place()
    url = {"Url": f"{PUBLIC}{PATH}/machine", "Method": "POST"}
    assert office.send("POST", f"/{call.sid}.json", url).status == 400
    office.once(
        lambda step: seen(step) == 0.33, lambda: office.send("POST", f"/{call.sid}.json", url)
    )
    office.run(call)
    assert call.said("agent") == ["Hello", "Message"]
    assert office.asked() == ["answer", "machine"]


# ---- Transfers and recordings -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("callee", "status", "duration_s", "waited_s"),
    [
        (Callee(rings_s=2), "completed", 5, 2),
        (BUSY, "busy", None, 0.3),
        (FAILED, "failed", None, 0.3),
        (NO_ANSWER, "no-answer", None, 20),
        (Callee(rings_s=25), "no-answer", None, 20),
    ],
)
def test_how_a_transfer_ended_goes_to_its_action(
    office: Office, callee: Callee, status: str, duration_s: int | None, waited_s: float
) -> None:
    office.board.callees[OTHER] = callee
    office.pages = {"answer": DIAL, "transfer": "<Say>Back</Say>"}
    call = office.call()
    fields = office.sent("page")[-1]
    told = twilio_callbacks.transferred(list(fields.items()))
    assert (fields["DialCallStatus"], told.duration_s) == (status, duration_s)
    assert told.connected == (status == "completed")
    assert Wait(waited_s) in office.steps
    assert call.said("agent") == ["Back"]
    assert office.board.dials() == office.board.dials(TO) == 1


@pytest.mark.parametrize(("until_s", "status"), [(Callee().rings_s, "canceled"), (5, "completed")])
def test_a_transfer_ends_with_its_call(
    office: Office, twilio: Twilio, until_s: float, status: str
) -> None:
    office.pages["answer"] = DIAL
    call = office.place()
    office.once(
        lambda step: step == Wait(until_s) and bool(office.asked()), lambda: twilio.end(call.sid)
    )
    office.run(call)
    listed = json.loads(office.send("GET", f".json?ParentCallSid={call.sid}").body)["calls"]
    assert [(child["to"], child["status"]) for child in listed] == [(OTHER, status)]
    assert (call.status, call.ended_by) == ("completed", "api")


def test_a_recording_lasts_from_the_answer_to_the_end(office: Office, twilio: Twilio) -> None:
    office.pages["answer"] = '<Pause length="9"/>'
    call = office.call(**RECORDING)
    [fields] = office.sent("recording")
    ready = twilio_callbacks.recording_ready(list(fields.items()))
    assert ready
    assert (ready.sid, ready.duration_s) == (call.sid, 9)
    assert call.recorded
    assert twilio.recording(ready.recording_sid, 5).startswith(b"\xff\xe3")
    twilio.delete_recording(ready.recording_sid)
    with pytest.raises(NotFound):
        twilio.recording(ready.recording_sid, 5)


def test_a_recording_begins_where_twiml_starts_it(office: Office) -> None:
    office.pages["answer"] = f'<Pause length="5"/>{START}<Pause length="3"/>'
    call = office.call()
    [fields] = office.sent("recording")
    assert (fields["RecordingStatus"], fields["RecordingDuration"]) == ("completed", "4")
    assert fields["RecordingSource"] == "StartCallRecordingTwiML"
    assert call.recorded


def test_a_recording_may_come_to_nothing(office: Office) -> None:
    office.board.account.recordings_absent = True
    office.pages["answer"] = START
    office.call()
    [fields] = office.sent("recording")
    assert twilio_callbacks.recording_ready(list(fields.items())) is None
    assert office.board.recordings == {}


def test_no_recording_unless_ordered(office: Office) -> None:
    assert not office.call().recorded
    assert office.sent("recording") == []


# ---- Pages that fail ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (None, 11205),
        (Reply(500, "text/xml", b"<Response/>"), 11200),
        (Reply(302, "text/xml", b"<Response/>"), 11200),
        (Reply(200, "application/json", b"{}"), 12300),
        (Reply(200, "text/xml", b"<Response>"), 12100),
        ("<Shout/>", 12200),
        (f"<Say>{'a' * 4097}</Say>", 13520),
    ],
)
def test_a_page_that_fails_is_asked_for_at_the_fallback(
    office: Office, page: Page, code: int
) -> None:
    office.pages = {"answer": page, "fallback": "<Say>Again</Say>"}
    call = office.call()
    assert office.asked() == ["answer", "fallback"]
    fields = office.sent("page")[1]
    assert (fields["ErrorCode"], fields["ErrorUrl"]) == (str(code), f"{PUBLIC}{PATH}/answer")
    assert call.said("agent") == ["Again"]
    assert [alert.code for alert in call.alerts] == [code]


def test_a_fallback_that_fails_ends_the_call(office: Office) -> None:
    office.pages = {"answer": None, "fallback": None}
    call = office.call()
    assert office.asked() == ["answer", "fallback"]
    assert call.said("carrier") == [SORRY]
    assert call.status == "completed"


def test_each_streak_of_failures_has_a_fallback_up_to_three(office: Office) -> None:
    office.pages = {"answer": None, "fallback": "<Redirect>answer</Redirect>"}
    call = office.call()
    assert office.asked() == ["answer", "fallback"] * 3 + ["answer"]
    assert call.said("carrier") == [SORRY]


def test_a_redirect_through_the_api_ends_a_streak_of_failures(office: Office) -> None:
    office.pages = {"answer": None, "fallback": '<Pause length="9"/>', "next": None}
    call = office.place()
    url = {"Url": f"{PUBLIC}{PATH}/next"}
    office.once(lambda step: step == Wait(9), lambda: office.send("POST", f"/{call.sid}.json", url))
    office.run(call)
    assert office.asked() == ["answer", "fallback", "next", "fallback"]


def test_a_document_that_only_redirects_comes_to_an_end(office: Office) -> None:
    office.pages["answer"] = "<Redirect/>"
    call = office.call()
    assert [alert.code for alert in call.alerts] == [11215, 11215]
    assert call.said("carrier") == [SORRY]


def test_without_a_fallback_the_first_failure_ends_the_call(office: Office) -> None:
    office.pages["answer"] = None
    assert office.call(FallbackUrl="").said("carrier") == [SORRY]


def test_a_report_that_nobody_takes_changes_nothing(office: Office) -> None:
    call = office.place()
    office.board.run(call, lambda sent: document("") if sent.kind == "page" else None)
    assert call.status == "completed"
    assert {alert.code for alert in call.alerts} == {11205}


@pytest.mark.parametrize(
    ("fragment", "failures", "is_taken"),
    [
        ("", 1, False),
        ("#rc=1&rp=4xx", 1, False),
        ("#rc=1&rp=5xx", 1, True),
        ("#rc=1&rp=5xx", 2, False),
        (f"#{telephony.OVERRIDES}", 3, True),
        (f"#{telephony.OVERRIDES}", 4, False),
    ],
)
def test_what_fails_is_sent_again_as_its_url_says(
    office: Office, fragment: str, failures: int, is_taken: bool
) -> None:
    left = {"page": failures, "status": failures}

    def deliver(sent: Sent) -> Reply:
        office.steps.append(sent)
        if left[sent.kind]:
            left[sent.kind] -= 1
            return Reply(503, "", b"")
        return document("<Say>Hello</Say>") if sent.kind == "page" else NOTHING

    url = f"{PUBLIC}{PATH}"
    call = office.place(
        Url=f"{url}/answer{fragment}", StatusCallback=f"{url}/status{fragment}", FallbackUrl=""
    )
    office.board.run(call, deliver)
    assert call.said("agent") == ["Hello"] * is_taken
    assert [alert.code for alert in call.alerts] == [11200] * (0 if is_taken else 2)
    pages = [sent for sent in office.messages() if sent.kind == "page"]
    assert {sent.url for sent in pages} == {f"{url}/answer"}
    assert len({sent.headers["X-Twilio-Signature"] for sent in pages}) == 1


def test_who_does_not_answer_has_taken_the_time_of_all_tries(office: Office) -> None:
    office.pages["answer"] = None
    office.call(Url=f"{PUBLIC}{PATH}/answer#rc=5&rp=all&rt=6000", FallbackUrl="")
    assert office.asked() == ["answer"] * 3


# ---- The REST API -------------------------------------------------------------------------------


def test_our_orders_are_understood(office: Office, twilio: Twilio) -> None:
    url = f"{PUBLIC}{PATH}"
    machine = Machine(f"{url}/machine", whole_greeting=True)
    order = Order(TO, FROM, f"{url}/answer", f"{url}/status", 600, 25, machine, f"{url}/recording")
    sid = twilio.place(order)
    [call] = office.board.calls
    assert (call.sid, call.status) == (sid, "queued")
    assert (call.order.longest_s, call.order.ring_s) == (600, 25)
    assert call.order.recording
    assert call.order.recording.events == {"completed", "absent"}
    assert office.board.call_of(CALL_ID) == office.board.call_of(CALL_ID, 1) == [call]
    assert office.board.call_of(CALL_ID, 2) == office.board.call_of("call_other") == []
    office.pages["answer"] = "<Say>Hello</Say>"
    office.run(call)
    assert twilio.fetch(sid).answered_by == "human"
    assert twilio.fetch(sid).duration_s == 1


def test_a_list_has_the_calls_between_two_numbers(office: Office, twilio: Twilio) -> None:
    wanted = [office.place().sid for _ in range(3)]
    office.place(OTHER)
    office.place(TO, From=OTHER)
    found = twilio.find(TO, FROM, BEGAN, BEGAN + timedelta(seconds=1))
    assert [call.sid for call in found] == wanted[::-1]
    assert twilio.find(TO, FROM, BEGAN + timedelta(seconds=1), BEGAN + timedelta(hours=1)) == []
    assert office.board.dials() == 5
    assert office.board.dials(OTHER) == 1


def test_a_list_has_pages(office: Office) -> None:
    placed = [office.place().sid for _ in range(3)]
    first = json.loads(office.send("GET", ".json?PageSize=2").body)
    assert [call["sid"] for call in first["calls"]] == placed[:0:-1]
    path = first["next_page_uri"].partition("/Calls")[2]
    second = json.loads(office.send("GET", path).body)
    assert [call["sid"] for call in second["calls"]] == placed[:1]
    assert second["next_page_uri"] is None


def test_a_list_may_be_late(office: Office, twilio: Twilio) -> None:
    office.board.account.listed_after_s = 2
    sid = office.place().sid
    assert twilio.find(TO, FROM, BEGAN, BEGAN) == []
    office.now += timedelta(seconds=2)
    assert [call.sid for call in twilio.find(TO, FROM, BEGAN, BEGAN)] == [sid]


def test_401_for_another_token(office: Office) -> None:
    answer = office.send("POST", ".json", {"To": TO}, token="other")
    assert (answer.status, json.loads(answer.body)["code"]) == (401, 20003)
    assert office.board.calls == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": "1"}, 21211),
        ({"From": ""}, 21213),
        ({"Url": "https://elsewhere.example.com/answer"}, 21205),
        ({"StatusCallback": f"{PUBLIC}.example.net/status"}, 21205),
        ({"TimeLimit": "0"}, 20001),
    ],
)
def test_400_in_twilios_form(office: Office, change: dict[str, str], code: int) -> None:
    answer = office.send("POST", ".json", FORM | change)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, code)
    assert answer.headers["content-type"] == "application/json"
    assert office.board.calls == []


def test_404_and_405(office: Office) -> None:
    assert office.send("GET", f"/CA{'0' * 32}.json").status == 404
    assert office.send("DELETE", ".json").status == 405


def test_nobody_else_is_reached(office: Office) -> None:
    with pytest.raises(AssertionError, match=r"example\.com is not Twilio"):
        office.board.fetch("https://example.com/Calls.json")


def test_an_answer_may_be_too_large(office: Office) -> None:
    headers = {"authorization": f"Basic {b64encode(f'{ACCOUNT}:{TOKEN}'.encode()).decode()}"}
    with pytest.raises(egress.TooLarge):
        office.board.fetch(f"{CALLS}.json", headers=headers, max_bytes=10)


# ---- What is sent -------------------------------------------------------------------------------


def test_every_message_is_signed(office: Office) -> None:
    office.pages = {"answer": START + HEBREW, "turn/1": DIAL}
    office.call(**DETECTION)
    messages = office.messages()
    assert {sent.kind for sent in messages} == {"status", "page", "machine", "recording"}
    for sent in messages:
        signature = sent.headers["X-Twilio-Signature"]
        assert twilio_callbacks.is_genuine(sent.url, sent.form, signature, TOKEN)
        assert not twilio_callbacks.is_genuine(f"{sent.url}x", sent.form, signature, TOKEN)
        assert not twilio_callbacks.is_genuine(sent.url, sent.form, signature, "other")
    tokens = [sent.headers["I-Twilio-Idempotency-Token"] for sent in messages]
    assert len(set(tokens)) == len(tokens)


def test_a_message_goes_to_its_function(monkeypatch: pytest.MonkeyPatch, office: Office) -> None:
    events: list[dict[str, Any]] = []

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        events.append(event)
        return {"statusCode": 200, "headers": {"Content-Type": "text/xml"}, "body": "<Response/>"}

    monkeypatch.setattr(switchboard, "load", lambda function: SimpleNamespace(handler=handler))
    call = office.place()
    office.board.run(call, deliver_to_functions)
    assert call.status == "completed"
    assert call.alerts == []
    form = parse_qsl(b64decode(events[0]["body"]).decode(), keep_blank_values=True)
    assert events[0]["rawPath"] == f"{PATH}/status"
    assert events[0]["headers"]["content-type"].startswith("application/x-www-form-urlencoded")
    signature = events[0]["headers"]["x-twilio-signature"]
    assert twilio_callbacks.is_genuine(f"{PUBLIC}{PATH}/status", form, signature, TOKEN)


def test_messages_are_those_of_the_carrier(office: Office) -> None:
    """Which asks a service over HTTP, in real time."""
    pages = {"answer": START + HEBREW, "turn/1": DIAL, "transfer": '<Pause length="9"/>'}
    office.pages.update(pages)
    call = office.call(**DETECTION, **RECORDING)
    with start_app() as app, start_carrier(time_scale=0.02, origins={PUBLIC: app.url}) as carrier:
        for at, inner in pages.items():
            app.page(f"{PATH}/{at}", inner)
        placed = httpx.post(
            f"{carrier.base_url}/2010-04-01/Accounts/{carrier.account_sid}/Calls.json",
            data=FORM | DETECTION | RECORDING,
            auth=(carrier.account_sid, carrier.auth_token),
        )
        other = carrier.wait_until_over(placed.json()["sid"])
    assert other.turns == call.turns
    assert other.resource().keys() == call.resource().keys()
    own = {Event.RECORDING: "recording", Event.MACHINE_DETECTION: "machine", "page": "page"}
    theirs = [(own.get(post.kind, "status"), sorted(post.params)) for post in carrier.posts()]
    ours = [(sent.kind, sorted(sent.fields)) for sent in office.messages()]
    assert sorted(theirs) == sorted(ours)
