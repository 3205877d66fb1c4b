"""The carrier that speaks Twilio's protocol: Twilio's own package judges its signatures."""

import io
import itertools
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.unit.carrier_app import App, Page, Received, start_app, twiml
from tools.carrier import (
    HUMAN,
    MAGIC,
    Behaviour,
    Call,
    Callee,
    Carrier,
    Event,
    Fault,
    Operation,
    sign,
    start_carrier,
)
from tools.carrier.callees import SCRIPTS
from tools.carrier.conversation import SORRY

FAST = 0.01
HUMAN_NUMBER = "+972541234567"
FROM = "+97237654321"
EVENTS = ["initiated", "ringing", "answered", "completed"]
LISTEN = (
    '<Gather input="speech" language="he-IL" action="/turn?call=c%201" speechTimeout="auto">'
    '<Say language="he-IL" voice="Google.he-IL-Standard-A">{}</Say></Gather>'
)


class Phone:
    """What a test has in hand: a carrier, the service it calls back, a client of its API."""

    def __init__(self, carrier: Carrier, app: App, http: httpx.Client) -> None:
        self.carrier = carrier
        self.app = app
        self.http = http

    def send(self, to: str = HUMAN_NUMBER, **more: Any) -> httpx.Response:
        form = {
            "To": to,
            "From": FROM,
            "Url": f"{self.app.url}/start?call=c%201",
            "StatusCallback": f"{self.app.url}/status?call=c%201&turn=",
            "StatusCallbackEvent": EVENTS,
        }
        return self.http.post("/Calls.json", data=form | more)

    def place(self, to: str = HUMAN_NUMBER, **more: Any) -> str:
        answer = self.send(to, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    def call(self, to: str = HUMAN_NUMBER, **more: Any) -> Call:
        """Place a call and wait until all about it is over."""
        return self.carrier.wait_until_over(self.place(to, **more))

    def wait_for(self, held: Callable[[], object]) -> None:
        until = time.monotonic() + 10
        while not held():
            assert time.monotonic() < until
            time.sleep(0.005)

    def until_status(self, call_sid: str, status: str) -> None:
        call = self.carrier.call(call_sid)
        assert call
        self.wait_for(lambda: call.status == status)

    def codes(self) -> list[int]:
        return [alert.code for alert in self.carrier.alerts]


@pytest.fixture
def phone() -> Iterator[Phone]:
    with start_app() as app, start_carrier(time_scale=FAST) as carrier:
        app.page("/start", "<Say>Hello</Say>")
        with _client(carrier) as http:
            yield Phone(carrier, app, http)


def _client(carrier: Carrier, token: str = "") -> httpx.Client:
    return httpx.Client(
        base_url=f"{carrier.base_url}/2010-04-01/Accounts/{carrier.account_sid}",
        auth=(carrier.account_sid, token or carrier.auth_token),
        timeout=10,
    )


def _twilio(phone: Phone) -> Client:
    client = Client(phone.carrier.account_sid, phone.carrier.auth_token)
    client.api.base_url = phone.carrier.base_url
    return client


def _conversation(received: Received) -> Page:
    """Repeats what it heard, and goes on listening."""
    heard = received.form["SpeechResult"]
    escaped = heard.replace("&", "&amp;").replace("<", "&lt;")
    return twiml(LISTEN.format(escaped))


# Signatures


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1/twilio/status",
        "https://calls.example/v1/twilio/status?call=call_1&turn=2&name=%D7%A9%20%26",
        "https://calls.example:8443/a?b=c",
        "https://calls.example",
    ],
)
@pytest.mark.parametrize(
    "params", [{}, {"CallSid": "CA1", "To": "+972", "SpeechResult": "שלום & <תודה>", "ToZip": ""}]
)
def test_twilios_validator_accepts_the_signature(url: str, params: dict[str, str]) -> None:
    signature = sign(url, params.items(), "token")
    assert RequestValidator("token").compute_signature(url, params) == signature
    assert RequestValidator("token").validate(url, params, signature)


def test_every_request_of_a_call_is_signed(phone: Phone) -> None:
    phone.app.page("/start", LISTEN.format("שלום"))
    phone.app.pages["/turn"] = _conversation
    phone.call(
        Record="true",
        RecordingStatusCallback=f"{phone.app.url}/recording?call=1",
        Method="GET",
        StatusCallbackMethod="GET",
    )
    validator = RequestValidator(phone.carrier.auth_token)
    assert {one.path for one in phone.app.received} == {"/start", "/status", "/turn", "/recording"}
    assert {one.method for one in phone.app.received} == {"GET", "POST"}
    for one in phone.app.received:
        signature = one.headers["X-Twilio-Signature"]
        assert validator.validate(one.url, one.form, signature), one.url
        assert not validator.validate(one.url + "x", one.form, signature)
        assert not validator.validate(one.url, one.form | {"To": "+1"}, signature)


def test_a_public_https_url_is_signed_and_reached_on_loopback() -> None:
    public = "https://calls.example"
    with start_app() as app, start_carrier(time_scale=FAST, origins={public: app.url}) as carrier:
        app.scheme = "https"
        app.page("/start", "<Hangup/>")
        with _client(carrier) as http:
            phone = Phone(carrier, app, http)
            phone.call(Url=f"{public}/start?a=b", StatusCallback=f"{public}/status#rc=2")
    validator = RequestValidator(carrier.auth_token)
    assert len(app.received) == 5
    for one in app.received:
        assert one.url.startswith(f"{public}/")
        assert validator.validate(one.url, one.form, one.headers["X-Twilio-Signature"])


# Placing a call


def test_201_with_twilios_call_resource(phone: Phone) -> None:
    answer = phone.send()
    assert answer.status_code == 201
    body = answer.json()
    assert body["sid"][:2] == "CA"
    assert len(body["sid"]) == 34
    assert abs(datetime.now(UTC) - parsedate_to_datetime(body["date_created"])) < timedelta(
        seconds=5
    )
    expected = {
        "account_sid": phone.carrier.account_sid,
        "status": "queued",
        "to": HUMAN_NUMBER,
        "from": FROM,
        "direction": "outbound-api",
        "duration": None,
        "answered_by": None,
        "start_time": None,
        "end_time": None,
        "price": None,
        "uri": f"/2010-04-01/Accounts/{phone.carrier.account_sid}/Calls/{body['sid']}.json",
    }
    assert expected.items() <= body.items()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "972541234567"}, 21211),
        ({"From": ""}, 21213),
        ({"From": "me"}, 21212),
        ({"Url": ""}, 21205),
        ({"Url": "https://example.com/start"}, 21205),
        ({"StatusCallback": "ftp://127.0.0.1/"}, 21205),
        ({"Method": "PUT"}, 20001),
        ({"MachineDetection": "Yes"}, 20001),
        ({"TimeLimit": "0"}, 20001),
        ({"Timeout": "601"}, 20001),
    ],
)
def test_400_in_twilios_form(phone: Phone, change: dict[str, str], code: int) -> None:
    answer = phone.send(**change)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["code"], body["status"]) == (code, 400)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert body["message"]
    assert phone.carrier.calls() == []


def test_401_for_another_token_and_another_account(phone: Phone) -> None:
    with _client(phone.carrier, "other") as stranger:
        answer = stranger.post("/Calls.json", data={"To": HUMAN_NUMBER})
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    other = phone.http.get(f"{phone.carrier.base_url}/2010-04-01/Accounts/AC1/Calls.json")
    assert other.status_code == 401
    nobody = httpx.get(f"{phone.http.base_url}Calls.json", headers={"Authorization": "Basic x"})
    assert nobody.status_code == 401
    assert phone.carrier.calls() == []


def test_404_and_405(phone: Phone) -> None:
    for path in ("/Calls/CA" + "0" * 32 + ".json", "/Messages.json", "/Recordings/RE1.wav"):
        answer = phone.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert phone.http.delete("/Calls.json").status_code == 405


# What each number does

COMPLETED = ["initiated", "ringing", "in-progress", "completed"]


@pytest.mark.parametrize(
    ("to", "statuses", "answered_by"),
    [
        ("+15005550001", ["initiated", "ringing", "busy"], None),
        ("+15005550002", ["initiated", "ringing", "no-answer"], None),
        ("+15005550003", COMPLETED, "machine_start"),
        ("+15005550004", ["initiated", "failed"], None),
        ("+15005550005", COMPLETED, "human"),
        ("+15005550006", COMPLETED, "unknown"),
        (HUMAN_NUMBER, COMPLETED, "human"),
    ],
)
def test_the_number_decides(
    phone: Phone, to: str, statuses: list[str], answered_by: str | None
) -> None:
    call = phone.call(to, MachineDetection="Enable")
    assert phone.app.statuses() == statuses
    assert call.answered_by == answered_by
    assert call.status == statuses[-1]
    reports = phone.app.at("/status")
    assert [int(one.form["SequenceNumber"]) for one in reports] == list(range(len(reports)))
    assert reports[-1].form.get("AnsweredBy") == answered_by
    assert reports[-1].form["CallDuration"] == str(call.duration_s)
    assert "CallDuration" not in reports[0].form
    pages = phone.app.at("/start")
    assert [one.form["AnsweredBy"] for one in pages] == ([answered_by] if answered_by else [])


def test_a_status_callback_has_twilios_fields(phone: Phone) -> None:
    call = phone.call()
    form = phone.app.at("/status")[-1].form
    expected = {
        "CallSid": call.sid,
        "AccountSid": phone.carrier.account_sid,
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
        "CallbackSource": "call-progress-events",
        "To": HUMAN_NUMBER,
        "Called": HUMAN_NUMBER,
        "From": FROM,
        "ToCountry": "IL",
        "ToZip": "",
        "Duration": "1",
    }
    assert expected.items() <= form.items()
    assert parsedate_to_datetime(form["Timestamp"]).utcoffset() == timedelta(0)


def test_only_the_end_is_reported_unless_more_is_asked_for(phone: Phone) -> None:
    phone.call(StatusCallbackEvent=[])
    assert phone.app.statuses() == ["completed"]
    assert phone.app.at("/status")[0].form["SequenceNumber"] == "3"


def test_events_in_one_field_are_taken_and_never_reported(phone: Phone) -> None:
    phone.call(StatusCallbackEvent="initiated ringing")
    assert phone.app.statuses() == []
    assert phone.codes() == [21626]


def test_a_message_can_be_left_after_the_beep(phone: Phone) -> None:
    phone.app.page("/start", "<Say>Call me back</Say>")
    call = phone.call("+15005550003", MachineDetection="DetectMessageEnd")
    assert phone.app.at("/start")[0].form["AnsweredBy"] == "machine_end_beep"
    assert call.said("agent") == ["Call me back"]


def test_detection_that_takes_too_long_is_unknown(phone: Phone) -> None:
    phone.call("+15005550003", MachineDetection="DetectMessageEnd", MachineDetectionTimeout="3")
    assert phone.app.at("/start")[0].form["AnsweredBy"] == "unknown"


def test_detection_aside_does_not_hold_up_the_call(phone: Phone) -> None:
    phone.app.page("/start", '<Pause length="30"/>')
    call_sid = phone.place(
        "+15005550003",
        MachineDetection="Enable",
        AsyncAmd="true",
        AsyncAmdStatusCallback=f"{phone.app.url}/amd",
    )
    phone.wait_for(lambda: phone.app.at("/amd"))
    assert "AnsweredBy" not in phone.app.at("/start")[0].form
    found = phone.app.at("/amd")[0].form
    assert (found["CallSid"], found["AnsweredBy"]) == (call_sid, "machine_start")
    assert found["MachineDetectionDuration"] == "2000"


def test_a_callee_that_rings_too_long_does_not_answer(phone: Phone) -> None:
    phone.carrier.callees[HUMAN_NUMBER] = Callee(rings_s=20)
    assert phone.call(Timeout="10").status == "no-answer"


def test_a_screening_voice_asks_and_hangs_up(phone: Phone) -> None:
    phone.app.page("/start", LISTEN.format("שלום"))
    phone.app.pages["/turn"] = _conversation
    call = phone.call("+15005550006")
    assert len(call.said("callee")) == 1
    assert "מי מתקשר" in call.said("callee")[0]
    assert len(call.said("agent")) == 2
    assert (call.status, call.ended_by) == ("completed", "callee")


# The conversation


@pytest.mark.parametrize(
    ("page", "code", "said"),
    [
        ('<Say voice="Polly.Nonexistent">Hi</Say><Say>Bye</Say>', 13511, ["Bye"]),
        ('<Say voice="Polly.Joanna" language="he-IL">Hi</Say><Say>Bye</Say>', 13512, ["Bye"]),
        ('<Gather input="speech" language="nl"><Say>Hi</Say></Gather>', 13331, ["Hi"]),
    ],
)
def test_what_is_in_no_voice_or_language_of_its_is_not_heard(
    phone: Phone, page: str, code: int, said: list[str]
) -> None:
    phone.app.page("/start", page)
    call = phone.call()
    assert call.said("agent") == said
    assert [(alert.code, alert.warning) for alert in phone.carrier.alerts] == [(code, True)]


@pytest.mark.parametrize(
    ("language", "spoken"), [("he-IL", "he-IL"), ("en-US", "en-US"), ("ar-IL", "ar-XA")]
)
def test_six_turns(phone: Phone, language: str, spoken: str) -> None:
    heard, _, said = LISTEN.partition("<Say")
    listen = f"{heard.replace('he-IL', language)}<Say{said.replace('he-IL', spoken)}"
    phone.app.page("/start", listen.format("1"))
    phone.app.pages["/turn"] = lambda received: twiml(listen.format(received.form["Confidence"]))
    call = phone.call()
    script = SCRIPTS[language[:2]]
    assert len(script) == 6
    turns = phone.app.at("/turn")
    assert [one.form["SpeechResult"] for one in turns] == list(script)
    assert {one.form["Language"] for one in turns} == {language}
    assert {one.form["CallStatus"] for one in turns} == {"in-progress"}
    assert turns[0].url == f"{phone.app.url}/turn?call=c%201"
    assert call.said("callee") == list(script)
    assert [turn.who for turn in call.turns] == ["agent", "callee"] * 6 + ["agent"]
    assert call.turns[0].language == spoken
    assert call.ended_by == "callee"
    assert call.duration_s
    assert call.duration_s > 10


def test_hebrew_and_entities_arrive_intact_both_ways(phone: Phone) -> None:
    text = "ד\"ר כהן & בניו <ושות'> — ₪5 ‏"
    phone.carrier.callees[HUMAN_NUMBER] = Callee(lines=(text.strip(),))
    phone.app.page("/start", LISTEN.format("רמת־גן &amp; &lt;Dial&gt; &#x5D0;"))
    phone.app.pages["/turn"] = lambda _: twiml("<Hangup/>")
    call = phone.call()
    assert call.turns[0].text == "רמת־גן & <Dial> א"
    assert phone.app.at("/turn")[0].form["SpeechResult"] == text.strip()
    assert phone.carrier.calls() == [call]


def test_silence_falls_through_unless_empty_results_are_wanted(phone: Phone) -> None:
    phone.carrier.callees[HUMAN_NUMBER] = Callee(lines=(None, None, "כן"))
    gather = '<Gather input="speech" timeout="3" action="/turn" {}/>'
    both = gather.format("") + gather.format('actionOnEmptyResult="true"')
    phone.app.page("/start", both + "<Say>never</Say>")
    phone.app.page("/turn", "<Hangup/>")
    call = phone.call()
    assert [one.form["SpeechResult"] for one in phone.app.at("/turn")] == [""]
    assert call.said("agent") == []
    assert call.ended_by == "agent"
    assert (call.duration_s or 0) >= 6


def test_a_gather_for_keys_hears_no_speech(phone: Phone) -> None:
    phone.app.page("/start", '<Gather action="/turn"/><Say>nothing</Say>')
    assert phone.call().said("agent") == ["nothing"]
    assert phone.app.at("/turn") == []


def test_redirect_pause_and_the_document_as_its_own_action(phone: Phone) -> None:
    phone.app.page("/start", '<Pause length="2"/><Redirect method="GET">next?x=1</Redirect>')
    pages = itertools.chain(
        ['<Gather input="speech"/>'], itertools.repeat("<Say>thanks</Say><Hangup/><Say>no</Say>")
    )
    phone.app.pages["/next"] = lambda _: twiml(next(pages))
    call = phone.call()
    assert [one.method for one in phone.app.at("/next")] == ["GET", "POST"]
    assert call.said("agent") == ["thanks"]


def test_twiml_can_come_with_the_order(phone: Phone) -> None:
    call = phone.call(Url="", Twiml="<Response><Say>inline</Say></Response>")
    assert call.said("agent") == ["inline"]
    assert phone.app.at("/start") == []


@pytest.mark.parametrize(
    ("to", "status", "bridged"),
    [
        ("+15005550001", "busy", None),
        ("+15005550002", "no-answer", None),
        ("+15005550004", "failed", None),
        ("+15005550005", "completed", "true"),
    ],
)
def test_dial_tells_its_action_how_it_went(
    phone: Phone, to: str, status: str, bridged: str | None
) -> None:
    phone.app.page("/start", f'<Dial action="/dialled"><Number>{to}</Number></Dial><Say>no</Say>')
    phone.app.page("/dialled", "<Hangup/>")
    phone.call()
    form = phone.app.at("/dialled")[0].form
    assert (form["DialCallStatus"], form.get("DialBridged")) == (status, bridged)
    child = phone.carrier.call(form["DialCallSid"])
    assert child
    assert (child.direction, child.status) == ("outbound-dial", status)
    assert phone.carrier.dials(to) == 1


def test_the_time_limit_ends_the_call(phone: Phone) -> None:
    phone.app.page("/start", '<Pause length="600"/>')
    call = phone.call(TimeLimit="20")
    assert (call.status, call.ended_by, call.duration_s) == ("completed", "time_limit", 20)


# Documents that cannot be carried out


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (twiml("<Shout>Hello</Shout>"), 12200),
        (twiml("<Gather><Dial>+1</Dial></Gather>"), 12200),
        (twiml("<Say>Hello"), 12100),
        (Page("<!DOCTYPE r><Response/>"), 12100),
        (Page("<Answer/>"), 12102),
        (Page("{}", "application/json"), 12300),
        (Page("<Response/>", status=500), 11200),
        (twiml(f"<Say>{'x' * 70_000}</Say>"), 11750),
        (twiml(f"<Say>{'x' * 4_097}</Say>"), 13520),
    ],
)
def test_a_bad_document_ends_the_call(phone: Phone, page: Page, code: int) -> None:
    phone.app.pages["/start"] = lambda _: page
    call = phone.call()
    assert phone.codes() == [code]
    assert phone.carrier.alerts[0].call_sid == call.sid
    assert call.said("carrier") == [SORRY]
    assert call.said("agent") == []
    assert phone.app.statuses() == COMPLETED


def test_the_fallback_is_asked_once(phone: Phone) -> None:
    phone.app.pages["/start"] = lambda _: Page("", status=503)
    phone.app.page("/fallback", "<Say>Sorry</Say><Redirect>/start</Redirect>")
    call = phone.call(FallbackUrl=f"{phone.app.url}/fallback")
    asked = phone.app.at("/fallback")
    assert [one.form["ErrorCode"] for one in asked] == ["11200"]
    assert call.said("agent") == ["Sorry"]
    assert call.said("carrier") == [SORRY]


def test_an_unknown_attribute_is_a_warning(phone: Phone) -> None:
    phone.app.page("/start", '<Say lang="he-IL">Hello</Say><Say/>')
    call = phone.call()
    assert [(alert.code, alert.warning) for alert in phone.carrier.alerts] == [
        (12200, True),
        (13520, True),
    ]
    assert call.said("agent") == ["Hello"]


def test_only_loopback_is_called(phone: Phone) -> None:
    phone.app.page("/start", "<Redirect>https://example.com/next</Redirect>")
    phone.call()
    assert phone.codes() == [11205]


# Trying again


def test_a_url_says_how_often_it_is_asked_again(phone: Phone) -> None:
    failures = {"/start": [503, 429], "/status": [500]}

    def fail(received: Received) -> Page:
        left = failures[received.path]
        return Page("", status=left.pop()) if left else twiml("<Say>Hello</Say>")

    phone.app.pages |= dict.fromkeys(failures, fail)
    again = "#rc=2&rp=all"
    call = phone.call(
        Url=f"{phone.app.url}/start{again}", StatusCallback=f"{phone.app.url}/status{again}"
    )
    assert call.said("agent") == ["Hello"]
    assert phone.codes() == []
    assert phone.app.statuses() == ["initiated", *COMPLETED]
    pages = phone.app.at("/start")
    assert [post.status for post in phone.carrier.posts("page")] == [429, 503, 200]
    tokens = {one.headers["I-Twilio-Idempotency-Token"] for one in pages}
    assert len(tokens) == 1
    assert {one.url for one in pages} == {f"{phone.app.url}/start"}


@pytest.mark.parametrize("fragment", ["", "#rc=0&rp=all", "#rc=5", "#rc=5&rp=4xx"])
def test_what_its_url_does_not_say_is_not_asked_again(phone: Phone, fragment: str) -> None:
    phone.app.pages["/start"] = lambda _: Page("", status=503)
    call = phone.call(Url=f"{phone.app.url}/start{fragment}")
    assert len(phone.app.at("/start")) == 1
    assert call.said("carrier") == [SORRY]


def test_who_does_not_answer_in_time_is_asked_again(phone: Phone) -> None:
    slow = iter([0.4])

    def start(_: Received) -> Page:
        time.sleep(next(slow, 0))
        return twiml("<Say>Hello</Say>")

    phone.app.pages["/start"] = start
    call = phone.call(Url=f"{phone.app.url}/start#rc=1&rp=rt&rt=150")
    assert call.said("agent") == ["Hello"]
    assert [post.status for post in phone.carrier.posts("page")] == [None, 200]


# Ending, finding and listing calls


def test_a_call_is_ended_through_the_api(phone: Phone) -> None:
    phone.app.page("/start", '<Pause length="3000"/>')
    call_sid = phone.place()
    phone.wait_for(lambda: phone.app.at("/start"))
    kept = phone.http.post(f"/Calls/{call_sid}.json", data={"Status": "canceled"})
    assert kept.json()["status"] == "in-progress"
    ended = phone.http.post(f"/Calls/{call_sid}.json", data={"Status": "completed"})
    assert ended.status_code == 200
    call = phone.carrier.wait_until_over(call_sid)
    assert phone.app.statuses() == COMPLETED
    assert call.ended_by == "api"
    again = phone.http.post(f"/Calls/{call_sid}.json", data={"Status": "completed"})
    assert (again.status_code, again.json()["code"]) == (400, 21220)
    shown = phone.http.get(f"/Calls/{call_sid}.json").json()
    assert (shown["status"], shown["duration"]) == ("completed", str(call.duration_s))


@pytest.mark.parametrize("status", ["canceled", "completed"])
def test_a_call_that_rings_is_cancelled(phone: Phone, status: str) -> None:
    phone.carrier.callees[HUMAN_NUMBER] = Callee(rings_s=500)
    call_sid = phone.place(Timeout="600")
    phone.until_status(call_sid, "ringing")
    redirect = phone.http.post(f"/Calls/{call_sid}.json", data={"Url": f"{phone.app.url}/next"})
    assert redirect.status_code == 400
    phone.http.post(f"/Calls/{call_sid}.json", data={"Status": status})
    phone.carrier.wait_until_over(call_sid)
    assert phone.app.statuses() == ["initiated", "ringing", "canceled"]


def test_a_live_call_is_sent_to_another_document(phone: Phone) -> None:
    phone.app.page("/start", '<Pause length="3000"/><Say>no</Say>')
    phone.app.page("/next", "<Say>Goodbye</Say>")
    call_sid = phone.place()
    phone.wait_for(lambda: phone.app.at("/start"))
    phone.http.post(f"/Calls/{call_sid}.json", data={"Url": f"{phone.app.url}/next"})
    assert phone.carrier.wait_until_over(call_sid).said("agent") == ["Goodbye"]


def test_calls_are_found_by_numbers_and_time(phone: Phone) -> None:
    sids = [phone.call(to).sid for to in (HUMAN_NUMBER, "+15005550001", HUMAN_NUMBER)]
    now = datetime.now(UTC)
    before, after = (now + timedelta(minutes=minutes) for minutes in (-5, 5))

    def found(**query: str) -> list[str]:
        answer = phone.http.get("/Calls.json", params=query)
        assert answer.status_code == 200
        return [call["sid"] for call in answer.json()["calls"]]

    def moment(at: datetime) -> str:
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    assert found() == sids[::-1]
    assert found(To=HUMAN_NUMBER, From=FROM) == [sids[2], sids[0]]
    assert found(Status="busy") == [sids[1]]
    assert found(From="+1") == []
    window = {"StartTime>": moment(before), "StartTime<": moment(after)}
    assert found(To=HUMAN_NUMBER, **window) == [sids[2], sids[0]]
    assert found(**{"StartTime>": moment(after)}) == []
    assert found(**{"StartTime<": moment(before)}) == []
    assert found(StartTime=f"{now:%Y-%m-%d}") == sids[::-1]
    raw = phone.http.get(f"/Calls.json?StartTime>={now:%Y-%m-%d}&PageSize=2")
    body = raw.json()
    assert (len(body["calls"]), body["page"], body["page_size"]) == (2, 0, 2)
    rest = phone.http.get(phone.carrier.base_url + body["next_page_uri"]).json()
    assert [call["sid"] for call in rest["calls"]] == [sids[0]]
    assert rest["next_page_uri"] is None
    assert phone.http.get("/Calls.json", params={"StartTime>": "soon"}).status_code == 400


def test_calls_are_found_by_their_start_and_their_end(phone: Phone) -> None:
    begun = [phone.call().sid for _ in range(3)]
    now, day = datetime.now(UTC), timedelta(days=1)
    for days, sid in enumerate(begun):
        call = phone.carrier.call(sid)
        assert call is not None
        call.started, call.ended = now - days * day, now - days * day + timedelta(hours=1)
    under_way, not_begun = (phone.carrier.call(phone.call().sid) for _ in range(2))
    assert under_way is not None
    assert not_begun is not None
    under_way.ended = not_begun.started = not_begun.ended = None

    def found(**query: datetime) -> list[str]:
        params = {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in query.items()}
        return [one["sid"] for one in phone.http.get("/Calls.json", params=params).json()["calls"]]

    every = [not_begun.sid, under_way.sid, *reversed(begun)]
    hour = timedelta(hours=1)
    assert found() == every
    assert found(**{"StartTime>": now - day - hour}) == [under_way.sid, begun[1], begun[0]]
    assert found(**{"StartTime<": now - day + hour}) == [begun[2], begun[1]]
    assert found(**{"EndTime>": now - day}) == [begun[1], begun[0]]
    assert found(**{"EndTime<": now - day}) == [begun[2]]
    assert found(**{"EndTime>": now - 2 * day, "EndTime<": now}) == [begun[2], begun[1]]
    ended = phone.http.get("/Calls.json", params={"EndTime": f"{now - 2 * day + hour:%Y-%m-%d}"})
    assert [one["sid"] for one in ended.json()["calls"]] == [begun[2]]


@pytest.mark.slow
def test_twilios_own_client_understands_the_api(phone: Phone) -> None:
    client = _twilio(phone)
    placed = client.calls.create(
        to=HUMAN_NUMBER,
        from_=FROM,
        twiml="<Response><Say>Hello</Say></Response>",
        record=True,
        status_callback=f"{phone.app.url}/status",
        status_callback_event=EVENTS,
        recording_status_callback_event=["in-progress", "completed"],
    )
    phone.carrier.wait_until_over(placed.sid)
    assert phone.app.statuses() == COMPLETED
    now = datetime.now(UTC)
    minute = timedelta(minutes=1)
    (found,) = client.calls.list(
        to=HUMAN_NUMBER, start_time_after=now - minute, start_time_before=now + minute
    )
    assert (found.sid, found.status, found.direction) == (placed.sid, "completed", "outbound-api")
    assert now - minute < found.start_time <= found.end_time
    (recording,) = client.calls(placed.sid).recordings.list()
    assert client.recordings(recording.sid).delete()
    with pytest.raises(TwilioRestException) as refused:
        client.calls(placed.sid).update(status="completed")
    assert (refused.value.status, refused.value.code) == (400, 21220)


def test_twilios_own_client_pages_by_what_stands_beside_a_page(phone: Phone) -> None:
    client = _twilio(phone)
    sids = [phone.call().sid for _ in range(5)][::-1]
    page = client.calls.page(page_size=2)
    assert [call.sid for call in page] == sids[:2]
    later = phone.call().sid
    # What was placed meanwhile moves no page.
    second = page.next_page()
    assert second is not None
    assert [call.sid for call in second] == sids[2:4]
    third = second.next_page()
    assert third is not None
    assert ([call.sid for call in third], third.next_page()) == (sids[4:], None)
    back = third.previous_page()
    assert back is not None
    assert [call.sid for call in back] == sids[2:4]
    assert [call.sid for call in client.calls.list(page_size=2)] == [later, *sids]
    assert [call.sid for call in client.calls.list(page_size=1, to="+15005550001")] == []


@pytest.mark.parametrize("query", ["Page=1", "PageToken=PACA0", "PageToken=soon&Page=1"])
def test_400_for_a_page_that_no_list_named(phone: Phone, query: str) -> None:
    phone.call()
    refused = phone.http.get(f"/Calls.json?{query}")
    assert (refused.status_code, refused.json()["code"]) == (400, 21481)


def test_twilios_own_client_reads_its_account(phone: Phone) -> None:
    account = _twilio(phone).api.v2010.accounts(phone.carrier.account_sid).fetch()
    assert (account.sid, account.status, account.type) == (
        phone.carrier.account_sid,
        "active",
        "Full",
    )
    assert account.auth_token == phone.carrier.auth_token
    listed = phone.carrier.base_url + account.subresource_uris["calls"]
    assert httpx.get(listed, auth=(account.sid, account.auth_token)).json()["calls"] == []
    other = phone.carrier.base_url + f"/2010-04-01/Accounts/AC{'0' * 32}.json"
    assert httpx.get(other, auth=(account.sid, account.auth_token)).status_code == 401


# Recordings


def test_twilios_own_client_knows_where_the_sound_of_a_recording_is(phone: Phone) -> None:
    call = phone.call(Record="true")
    (recording,) = _twilio(phone).calls(call.sid).recordings.list()
    (found,) = _twilio(phone).recordings.list()
    assert found.sid == recording.sid
    auth = (phone.carrier.account_sid, phone.carrier.auth_token)
    sound = httpx.get(f"{found.media_url}.wav", auth=auth)
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/x-wav")


def test_recordings_are_listed_in_pages_of_the_account_and_of_a_call(phone: Phone) -> None:
    calls = [phone.call(Record="true").sid for _ in range(3)]
    made = [one.sid for one in phone.carrier.recordings.values()]

    def listed(path: str, **query: object) -> Any:
        return phone.http.get(path, params={name: str(one) for name, one in query.items()}).json()

    body = listed("/Recordings.json", PageSize=2)
    assert [one["sid"] for one in body["recordings"]] == [made[2], made[1]]
    assert (body["page"], body["page_size"], body["start"], body["end"]) == (0, 2, 0, 1)
    after = phone.http.get(phone.carrier.base_url + body["next_page_uri"]).json()
    assert [one["sid"] for one in after["recordings"]] == [made[0]]
    assert after["next_page_uri"] is None
    for query in ({"CallSid": calls[1]}, {"CallSid": calls[1], "DateCreated>": "2020-01-01"}):
        assert [one["sid"] for one in listed("/Recordings.json", **query)["recordings"]] == [
            made[1]
        ]
    assert listed("/Recordings.json", **{"DateCreated<": "2020-01-01"})["recordings"] == []
    of_call = listed(f"/Calls/{calls[2]}/Recordings.json", PageSize=1)
    assert [one["call_sid"] for one in of_call["recordings"]] == [calls[2]]
    assert listed(f"/Calls/CA{'0' * 32}/Recordings.json")["code"] == 20404


def test_a_recording_is_known_below_its_call_alone(phone: Phone) -> None:
    first, second = (phone.call(Record="true").sid for _ in range(2))
    made = next(one.sid for one in phone.carrier.recordings.values() if one.call_sid == first)
    assert phone.http.get(f"/Calls/{first}/Recordings/{made}.json").json()["sid"] == made
    for method in ("GET", "DELETE"):
        other = phone.http.request(method, f"/Calls/{second}/Recordings/{made}.json")
        assert other.status_code == 404
    assert phone.http.delete(f"/Calls/{first}/Recordings/{made}.json").status_code == 204
    assert made not in phone.carrier.recordings


def test_what_is_deleted_is_known_without_its_sound(phone: Phone) -> None:
    call = phone.call(Record="true")
    (made,) = phone.carrier.recordings
    assert phone.http.delete(f"/Recordings/{made}.json").status_code == 204
    assert phone.http.delete(f"/Recordings/{made}.json").status_code == 404
    assert phone.http.get(f"/Recordings/{made}.json").status_code == 404
    too = {"IncludeSoftDeleted": "true"}
    assert phone.http.get(f"/Recordings/{made}.json", params=too).json()["status"] == "deleted"
    assert phone.http.get(f"/Recordings/{made}.mp3", params=too).status_code == 404
    path = f"/Calls/{call.sid}/Recordings.json"
    assert phone.http.get(path).json()["recordings"] == []
    (known,) = phone.http.get(path, params=too).json()["recordings"]
    assert (known["sid"], known["status"]) == (made, "deleted")


def test_a_recording_is_reported_fetched_and_deleted(phone: Phone) -> None:
    phone.app.page("/start", '<Pause length="4"/>')
    call = phone.call(
        Record="true",
        RecordingChannels="dual",
        RecordingStatusCallback=f"{phone.app.url}/recording",
        RecordingStatusCallbackEvent="in-progress completed",
    )
    started, done = (one.form for one in phone.app.at("/recording"))
    assert started["RecordingStatus"] == "in-progress"
    expected = {
        "CallSid": call.sid,
        "RecordingStatus": "completed",
        "RecordingChannels": "2",
        "RecordingSource": "OutboundAPI",
        "RecordingDuration": str(call.duration_s),
        "ErrorCode": "0",
    }
    assert expected.items() <= done.items()
    assert phone.app.at("/status")[-1].form["RecordingUrl"] == done["RecordingUrl"]
    url = done["RecordingUrl"]
    assert httpx.get(f"{url}.wav").status_code == 401
    for sound_url in (url, f"{url}.wav"):
        sound = phone.http.get(sound_url)
        assert sound.headers["Content-Type"] == "audio/x-wav"
        with wave.open(io.BytesIO(sound.content)) as file:
            assert file.getnchannels() == 2
            assert file.getnframes() / file.getframerate() == call.duration_s
    assert phone.http.get(f"{url}.mp3").content[:2] == b"\xff\xe3"
    listed = phone.http.get(f"/Calls/{call.sid}/Recordings.json").json()["recordings"]
    assert [one["sid"] for one in listed] == [done["RecordingSid"]]
    assert phone.http.delete(f"{url}.json").status_code == 204
    assert phone.http.get(f"{url}.wav").status_code == 404


def test_a_recording_can_be_absent(phone: Phone) -> None:
    phone.carrier.behave(Behaviour(recordings_absent=True))
    phone.call(
        Record="true",
        RecordingStatusCallback=f"{phone.app.url}/recording",
        RecordingStatusCallbackEvent=["completed", "absent"],
    )
    (report,) = phone.app.at("/recording")
    assert (report.form["RecordingStatus"], report.form["ErrorCode"]) == ("absent", "16101")
    assert phone.http.get(report.form["RecordingUrl"]).status_code == 404


def test_a_recording_begun_by_a_document_has_its_own_callback(phone: Phone) -> None:
    start = '<Start><Recording recordingStatusCallback="/recording"/></Start>'
    phone.app.page("/start", f'<Pause length="5"/>{start}<Pause length="2"/>')
    phone.call()
    form = phone.app.at("/recording")[0].form
    assert form["RecordingSource"] == "StartCallRecordingTwiML"
    assert form["RecordingDuration"] == "2"
    assert "RecordingUrl" not in phone.app.at("/status")[-1].form


def test_record_gives_its_action_what_was_said(phone: Phone) -> None:
    phone.app.page("/start", '<Record action="/said" maxLength="30"/>')
    phone.app.page("/said", "<Hangup/>")
    phone.call()
    said = phone.app.at("/said")[0].form
    assert phone.http.get(said["RecordingUrl"]).status_code == 200


@pytest.mark.parametrize("to", ["+15005550001", "+15005550002", "+15005550004"])
def test_nothing_is_recorded_of_a_call_nobody_took(phone: Phone, to: str) -> None:
    phone.call(to, Record="true", RecordingStatusCallback=f"{phone.app.url}/recording")
    assert phone.app.at("/recording") == []
    assert phone.carrier.recordings == {}


# Faults


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DROP])
def test_a_call_exists_though_its_request_was_not_answered(phone: Phone, fault: Fault) -> None:
    phone.carrier.behave(Behaviour(faults={Operation.PLACE: fault}, fault_times=1))
    phone.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.TransportError):
        phone.send()
    (call,) = phone.carrier.calls(HUMAN_NUMBER)
    assert phone.carrier.wait_until_over(call.sid).status == "completed"
    listed = phone.http.get("/Calls.json", params={"To": HUMAN_NUMBER}).json()["calls"]
    assert [one["sid"] for one in listed] == [call.sid]
    assert phone.app.statuses() == COMPLETED
    assert [(one.operation, one.status) for one in phone.carrier.requests] == [
        (Operation.PLACE, None),
        (Operation.LIST, 200),
    ]
    assert phone.send().status_code == 201


@pytest.mark.parametrize(
    ("fault", "status", "code", "dials"),
    [
        (Fault.FAIL, 500, 20500, 0),
        (Fault.FAIL_AFTER, 500, 20500, 1),
        (Fault.LIMIT, 429, 20429, 0),
        (Fault.SUSPEND, 403, 20005, 0),
    ],
)
def test_an_error_says_nothing_about_the_call(
    phone: Phone, fault: Fault, status: int, code: int, dials: int
) -> None:
    phone.carrier.behave(Behaviour(faults={Operation.PLACE: fault}))
    answer = phone.send()
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert phone.carrier.dials(HUMAN_NUMBER) == dials


def test_a_secondary_token_is_taken_and_signs_once_it_is_promoted(phone: Phone) -> None:
    account, first = phone.carrier.account_sid, phone.carrier.auth_token
    phone.carrier.secondary_token = "f" * 32
    path = f"{phone.carrier.base_url}/2010-04-01/Accounts/{account}/Calls.json"

    def status(token: str) -> int:
        return httpx.get(path, auth=(account, token)).status_code

    assert [status(first), status("f" * 32), status("e" * 32)] == [200, 200, 401]
    phone.carrier.promote()
    assert [status(first), status("f" * 32)] == [401, 200]
    assert phone.carrier.poster.auth_token == "f" * 32


@pytest.mark.parametrize("at_once", [False, True])
def test_copies_are_the_same_message(phone: Phone, at_once: bool) -> None:
    phone.carrier.behave(Behaviour(copies=5, at_once=at_once))
    phone.call()
    assert phone.app.statuses() == [status for status in COMPLETED for _ in range(5)]
    tokens = [one.headers["I-Twilio-Idempotency-Token"] for one in phone.app.at("/status")]
    assert [tokens.count(token) for token in tokens] == [5] * 20
    bodies = {tuple(one.form.items()) for one in phone.app.at("/status")}
    assert len(bodies) == 4


def test_a_turn_can_be_asked_for_twice(phone: Phone) -> None:
    phone.app.page("/start", LISTEN.format("שלום"))
    phone.app.page("/turn", "<Hangup/>")
    phone.carrier.behave(Behaviour(page_copies=2))
    phone.call()
    assert len(phone.app.at("/turn")) == 2


def test_callbacks_come_in_any_order(phone: Phone) -> None:
    reversed_order = (Event.COMPLETED, Event.ANSWERED, Event.RINGING, Event.INITIATED)
    phone.carrier.behave(Behaviour(order=reversed_order))
    phone.call()
    assert phone.app.statuses() == COMPLETED[::-1]
    numbers = [one.form["SequenceNumber"] for one in phone.app.at("/status")]
    assert numbers == ["3", "2", "1", "0"]


def test_callbacks_get_lost_and_come_late(phone: Phone) -> None:
    phone.carrier.behave(Behaviour(lost=frozenset({Event.COMPLETED}), late_s=20))
    call_sid = phone.place()
    phone.until_status(call_sid, "completed")
    assert phone.app.statuses() != COMPLETED[:3]
    phone.carrier.wait_until_over(call_sid)
    assert phone.app.statuses() == COMPLETED[:3]


@pytest.mark.slow
def test_many_calls_at_once(phone: Phone) -> None:
    with ThreadPoolExecutor(20) as pool:
        sids = list(pool.map(lambda _: phone.place(), range(60)))
    for call_sid in sids:
        assert phone.carrier.wait_until_over(call_sid).status == "completed"
        posts = phone.carrier.posts(call_sid=call_sid)
        assert sorted(post.kind for post in posts) == sorted([*EVENTS, "page"])
        assert {post.status for post in posts} == {200, 204}, phone.carrier.alerts
    assert phone.carrier.dials(HUMAN_NUMBER) == len(set(sids)) == 60


def test_a_call_is_listed_late_and_answers_are_slow(phone: Phone) -> None:
    phone.carrier.behave(Behaviour(listed_after_s=0.3, answer_after_s=0.2))
    began = time.monotonic()
    phone.place()
    assert time.monotonic() - began >= 0.2
    phone.carrier.behave(Behaviour(listed_after_s=60))
    assert phone.http.get("/Calls.json").json()["calls"] == []
    phone.carrier.behave(Behaviour())
    assert len(phone.http.get("/Calls.json").json()["calls"]) == 1


def test_a_receiver_that_fails_is_noted_and_holds_up_nothing(phone: Phone) -> None:
    phone.app.pages["/status"] = lambda _: Page("", status=500)
    call = phone.call()
    assert call.status == "completed"
    assert phone.codes() == [11200] * 4


def test_closing_ends_what_is_under_way() -> None:
    with start_app() as app:
        app.page("/start", '<Pause length="3000"/>')
        began = time.monotonic()
        with start_carrier() as carrier, _client(carrier) as http:
            phone = Phone(carrier, app, http)
            phone.place()
        assert time.monotonic() - began < 60
        assert carrier.calls()[0].ended


def test_the_magic_numbers() -> None:
    assert list(MAGIC) == [f"+1500555000{last}" for last in range(1, 7)]
    assert MAGIC["+15005550005"] == HUMAN
