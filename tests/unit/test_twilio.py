"""Twilio's API, by a server on loopback that answers as it does, or not at all."""

import base64
import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from linkwright import clock, deadline, settings
from linkwright.providers import twilio, twilio_words
from linkwright.providers.telephony_types import AnsweredBy, CallUpdate, Progress, Refusal
from linkwright.providers.twilio import (
    Account,
    AccountRefused,
    CallState,
    Machine,
    NotFound,
    NotPlaced,
    Order,
    RateLimited,
    Rejected,
    Twilio,
    TwilioError,
    Unavailable,
    Unknown,
)
from linkwright.providers.twilio_http import Watch

pytestmark = pytest.mark.usefixtures("loopback")

ACCOUNT = "AC" + "0c" * 16
TOKEN = "canary-4f1d0c2b9a"
BASIC = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
CALL, OTHER = "CA" + "0a" * 16, "CA" + "0b" * 16
RECORDING = "RE" + "1b" * 16
TO, FROM = "+972541234567", "+15005550006"
# Longer than any test waits.
HANGS_S = 60
HOOK = "https://api.example.com/callbacks/twilio/org_a/call_0001/1"
CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"
ORDER = Order(TO, FROM, f"{HOOK}/answer", f"{HOOK}/status", time_limit_s=600)
SINCE = datetime(2026, 5, 31, 12, 0, 0, 500_000, tzinfo=UTC)
UNTIL = datetime(2026, 5, 31, 12, 0, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    # Until all is over, so that only who asks ends it.
    hangs: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    form: list[tuple[str, str]]


class Server:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self.over = Event()
        self._replies: list[Reply] = []

    def answers(self, *replies: Reply) -> None:
        self._replies += replies

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self._replies.pop(0)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query, form = parse_qsl(parts.query), parse_qsl(body.decode(), True)
            reply = made.reply(Asked(self.command, parts.path, query, headers, form))
            if reply.hangs:
                made.over.wait(HANGS_S)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) + reply.cut))
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        made.url = f"http://127.0.0.1:{listening.server_address[1]}"
        yield made
        made.over.set()
        listening.shutdown()
        thread.join()


def client(url: str) -> Twilio:
    return Twilio(Account(ACCOUNT, SecretStr(TOKEN), url))


@pytest.fixture
def carrier(server: Server) -> Twilio:
    return client(server.url)


def reply(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers)


def problem(status: int, code: int) -> Reply:
    message = f"The number {TO} of account {ACCOUNT} is wrong"
    return reply(status, {"code": code, "message": message, "status": status})


def call(sid: str = CALL, **changes: Any) -> dict[str, Any]:
    """As https://www.twilio.com/docs/voice/api/call-resource shows it."""
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "to": TO,
        "from": FROM,
        "status": "completed",
        "direction": "outbound-api",
        "answered_by": None,
        "duration": "15",
        "date_created": "Sun, 31 May 2026 12:00:10 +0000",
        "start_time": None,
        "price": "-0.03000",
        **changes,
    }


def state(sid: str = CALL, **changes: Any) -> CallState:
    seen = {
        "status": "completed",
        "answered_by": None,
        "duration_s": 15,
        "created_at": datetime(2026, 5, 31, 12, 0, 10, tzinfo=UTC),
        **changes,
    }
    return CallState(sid, **seen)


def page(*calls: dict[str, Any], onward: str | None = None) -> Reply:
    return reply(200, {"calls": calls, "next_page_uri": onward, "page_size": len(calls)})


# ---- Placing ----------------------------------------------------------------------------------


def test_201_gives_the_sid(server: Server, carrier: Twilio) -> None:
    server.answers(reply(201, call(status="queued", duration=None, date_created=None)))
    assert carrier.place(ORDER) == CALL
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.query) == ("POST", f"{CALLS}.json", [])
    assert asked.headers["authorization"] == f"Basic {BASIC}"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.form == [
        ("To", "+972541234567"),
        ("From", "+15005550006"),
        ("Url", f"{HOOK}/answer"),
        ("Method", "POST"),
        ("FallbackUrl", f"{HOOK}/answer"),
        ("FallbackMethod", "POST"),
        ("StatusCallback", f"{HOOK}/status"),
        ("StatusCallbackMethod", "POST"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("Timeout", "30"),
        ("TimeLimit", "600"),
    ]


@pytest.mark.parametrize(
    ("whole_greeting", "detection"), [(False, "Enable"), (True, "DetectMessageEnd")]
)
def test_201_with_detection_and_recording(
    server: Server, carrier: Twilio, whole_greeting: bool, detection: str
) -> None:
    server.answers(reply(201, call()))
    machine = Machine(f"{HOOK}/machine", whole_greeting)
    carrier.place(
        Order(TO, FROM, HOOK, HOOK, 60, 20, machine=machine, recording_url=f"{HOOK}/recording")
    )
    assert server.asked[0].form[12:] == [
        ("Timeout", "20"),
        ("TimeLimit", "60"),
        ("MachineDetection", detection),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", f"{HOOK}/machine"),
        ("AsyncAmdStatusCallbackMethod", "POST"),
        ("Record", "true"),
        ("RecordingStatusCallback", f"{HOOK}/recording"),
        ("RecordingStatusCallbackMethod", "POST"),
        ("RecordingStatusCallbackEvent", "completed"),
        ("RecordingStatusCallbackEvent", "absent"),
    ]


@pytest.mark.parametrize(
    ("answer", "is_ours", "detail"),
    [
        (problem(400, 21211), False, "The number is not valid. (error 21211)"),
        (problem(400, 21214), False, "The carrier cannot reach the number."),
        (problem(400, 21215), False, "The carrier may not call this country."),
        (problem(403, 21202), False, "The carrier does not call premium numbers."),
        (problem(400, 21210), True, "The calling number is not one of ours."),
        (problem(400, 99999), False, "The carrier refused the call. (error 99999)"),
        (Reply(422, b"<html>No</html>"), False, "The carrier refused the call."),
        (reply(422, {"code": "x"}), False, "The carrier refused the call."),
    ],
)
def test_4xx_is_no_call(
    server: Server, carrier: Twilio, answer: Reply, is_ours: bool, detail: str
) -> None:
    server.answers(answer)
    with pytest.raises(NotPlaced) as refused:
        carrier.place(ORDER)
    assert refused.value.refusal.is_ours == is_ours
    assert refused.value.refusal.detail.startswith(detail)
    assert not refused.value.may_pass
    assert not isinstance(refused.value, RateLimited)


REFUSALS = [
    (problem(401, 20003), "status 401, error 20003"),
    (Reply(401), "status 401, error None"),
    (problem(401, 70051), "status 401, error 70051"),
    (problem(403, 20005), "status 403, error 20005"),
    (problem(403, 20403), "status 403, error 20403"),
    (problem(400, 10001), "status 400, error 10001"),
    (problem(403, 99999), "status 403, error 99999"),
    (Reply(403, b"<html>No</html>"), "status 403, error None"),
]


@dataclass
class Watching(Watch):
    """Writes down what it is told."""

    tokens: tuple[str, ...] = ()
    heard: list[str] = field(default_factory=list)

    def require_open(self) -> None:
        self.heard.append("asks")

    def other_tokens(self, refused: SecretStr) -> list[SecretStr]:
        assert refused.get_secret_value() == TOKEN
        return [SecretStr(token) for token in self.tokens]

    def refused(self, why: AccountRefused) -> None:
        self.heard.append(str(why))

    def accepted(self) -> None:
        self.heard.append("accepted")


@pytest.fixture
def watch() -> Watching:
    return Watching()


@pytest.fixture
def watched(server: Server, watch: Watching) -> Twilio:
    return Twilio(Account(ACCOUNT, SecretStr(TOKEN), server.url, watch))


@pytest.mark.parametrize(("answer", "why"), REFUSALS)
def test_a_refusal_of_the_account_is_told_apart_whatever_was_asked(
    server: Server, watched: Twilio, watch: Watching, answer: Reply, why: str
) -> None:
    asks: list[Callable[[], object]] = [
        lambda: watched.place(ORDER),
        lambda: watched.fetch(CALL),
        lambda: watched.end(CALL),
        lambda: watched.redirect(CALL, HOOK),
        lambda: watched.find(TO, FROM, SINCE, UNTIL),
        lambda: watched.recording(RECORDING, 1),
        lambda: watched.delete_recording(RECORDING),
    ]
    for ask in asks:
        server.answers(answer)
        with pytest.raises(AccountRefused) as refused:
            ask()
        assert str(refused.value) == why
    # To place a call is no question: who does so took its turn before.
    assert watch.heard == [why] + ["asks", why] * (len(asks) - 1)


@pytest.mark.parametrize(
    ("answer", "is_accepted"),
    [
        (reply(201, {"sid": CALL, "status": "queued"}), True),
        (problem(400, 21211), True),
        (problem(403, 21202), True),
        (problem(429, 20429), False),
        (Reply(408), False),
        (Reply(502), False),
    ],
)
def test_any_other_answer_says_that_the_account_works(
    server: Server, watched: Twilio, watch: Watching, answer: Reply, is_accepted: bool
) -> None:
    server.answers(answer)
    with suppress(TwilioError):
        watched.place(ORDER)
    assert watch.heard == ["accepted"] * is_accepted


def test_what_refuses_a_recording_elsewhere_does_not_know_the_account(
    server: Server, watched: Twilio, watch: Watching
) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost") + "/media"
    server.answers(Reply(307, headers={"Location": elsewhere}), problem(403, 99999))
    with pytest.raises(Rejected):
        watched.recording(RECORDING, 1)
    assert watch.heard == ["asks", "accepted"]


def test_other_tokens_are_tried_before_the_account_counts_as_refused(
    server: Server, watched: Twilio, watch: Watching
) -> None:
    watch.tokens = ("first", "second", "third")
    placed = reply(201, {"sid": CALL, "status": "queued"})
    server.answers(problem(401, 20003), problem(401, 20003), placed)
    assert watched.place(ORDER) == CALL
    tried = [base64.b64decode(asked.headers["authorization"][6:]) for asked in server.asked]
    assert [one.decode().partition(":")[2] for one in tried] == [TOKEN, "first", "second"]
    assert watch.heard == ["accepted"]
    assert server.asked[0].form == server.asked[2].form


def test_an_order_by_another_token_of_which_nothing_is_heard_is_unknown(
    server: Server, watched: Twilio, watch: Watching
) -> None:
    watch.tokens = ("first",)
    server.answers(problem(401, 20003), Reply(201, hangs=True))
    with pytest.raises(Unknown):
        watched.place(ORDER, timeout_s=0.4)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2),
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({}, None),
    ],
)
def test_429_is_no_call_yet(
    server: Server, carrier: Twilio, headers: dict[str, str], seconds: int | None
) -> None:
    encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    server.answers(reply(429, {"code": 20429}, **encoded))
    with pytest.raises(RateLimited) as refused:
        carrier.place(ORDER)
    assert refused.value.retry_after_s == seconds
    assert refused.value.may_pass


@pytest.mark.parametrize(
    "answer",
    [
        *(Reply(status, b"{}") for status in (302, 307, 408, 500, 502, 503, 504)),
        Reply(201, json.dumps(call()).encode(), cut=True),
        Reply(201, b""),
        Reply(201, b"<html></html>"),
        reply(201, {"sid": "CA123", "status": "queued"}),
        Reply(201, b"x" * 1_000_001),
    ],
)
def test_no_clear_answer_may_be_a_call(server: Server, carrier: Twilio, answer: Reply) -> None:
    server.answers(answer)
    with pytest.raises(Unknown):
        carrier.place(ORDER)
    assert len(server.asked) == 1


def test_a_slow_answer_may_be_a_call(server: Server, carrier: Twilio) -> None:
    server.answers(Reply(201, json.dumps(call()).encode(), hangs=True))
    with pytest.raises(Unknown):
        carrier.place(ORDER, timeout_s=0.2)
    assert len(server.asked) == 1


def test_the_function_s_own_end_is_the_end(server: Server, carrier: Twilio) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 1_200

    server.answers(Reply(201, json.dumps(call()).encode(), hangs=True))
    begun = time.monotonic()
    with deadline.of(Context()), pytest.raises(Unknown):
        carrier.place(ORDER, timeout_s=50)
    assert time.monotonic() - begun < 25


def test_no_connection_is_no_call(server: Server) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        url = f"http://127.0.0.1:{closed.server_address[1]}"
    with pytest.raises(NotPlaced) as refused:
        client(url).place(ORDER)
    assert refused.value.may_pass
    assert not refused.value.refusal.is_ours


def test_an_address_that_is_not_allowed_is_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGRESS_ALLOW_LOOPBACK")
    settings.settings.cache_clear()
    with pytest.raises(NotPlaced) as refused:
        client("http://127.0.0.1:9").place(ORDER)
    assert not refused.value.may_pass
    assert refused.value.refusal.is_ours


# ---- Ending and asking ------------------------------------------------------------------------


def test_ending(server: Server, carrier: Twilio) -> None:
    server.answers(reply(200, call()))
    assert carrier.end(CALL) == state()
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", f"{CALLS}/{CALL}.json")
    assert asked.form == [("Status", "completed")]


def test_ending_what_is_over(server: Server, carrier: Twilio) -> None:
    server.answers(problem(400, 21220), reply(200, call(status="busy", duration=None)))
    assert carrier.end(CALL) == state(status="busy", duration_s=None)
    assert [asked.method for asked in server.asked] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(404, 20404), NotFound),
        (problem(400, 20001), Rejected),
        (problem(401, 20003), AccountRefused),
        (problem(429, 20429), Unavailable),
        (Reply(408), Unavailable),
        (Reply(500, b"{}"), Unavailable),
        (Reply(200, b"{}"), Unavailable),
        (Reply(200, b"{", cut=True), Unavailable),
        (Reply(200, hangs=True), Unavailable),
    ],
)
def test_what_keeps_from_ending(
    server: Server, carrier: Twilio, answer: Reply, error: type[TwilioError]
) -> None:
    server.answers(answer, answer)
    # Who answers has the time that a busy machine takes.
    timeout_s = 0.2 if answer.hangs else 5
    with pytest.raises(error):
        carrier.end(CALL, timeout_s=timeout_s)
    with pytest.raises(error):
        carrier.fetch(CALL, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, {}),
        ({"duration": ""}, {"duration_s": None}),
        ({"answered_by": "human"}, {"answered_by": "human"}),
        ({"status": "a-new-one"}, {"status": "a-new-one"}),
        ({"date_created": None}, {"created_at": None}),
        (
            {"date_created": None, "start_time": "Sun, 31 May 2026 14:00:11 +0200"},
            {"created_at": datetime(2026, 5, 31, 12, 0, 11, tzinfo=UTC)},
        ),
    ],
)
def test_fetching(
    server: Server, carrier: Twilio, changes: dict[str, Any], seen: dict[str, Any]
) -> None:
    server.answers(reply(200, call(**changes)))
    assert carrier.fetch(CALL) == state(**seen)
    assert (server.asked[0].method, server.asked[0].form) == ("GET", [])


# ---- Looking for a call -----------------------------------------------------------------------


def find(carrier: Twilio) -> list[str]:
    return [found.sid for found in carrier.find(TO, FROM, SINCE, UNTIL)]


def test_finding_asks_by_both_numbers(server: Server, carrier: Twilio) -> None:
    server.answers(page(call()))
    assert carrier.find(TO, FROM, SINCE, UNTIL) == [state()]
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", f"{CALLS}.json")
    assert asked.query == [("To", TO), ("From", FROM), ("PageSize", "200")]


@pytest.mark.parametrize(
    ("created", "is_found"),
    [
        (SINCE - timedelta(seconds=1), False),
        # Of the second in which the window begins.
        (SINCE, True),
        (UNTIL - timedelta(seconds=1), True),
        (UNTIL, True),
        (UNTIL + timedelta(seconds=1), False),
    ],
)
def test_the_window_has_both_ends(
    server: Server, carrier: Twilio, created: datetime, is_found: bool
) -> None:
    server.answers(page(call(date_created=format_datetime(created))))
    assert find(carrier) == [CALL] * is_found


def test_a_call_without_any_time_counts(server: Server, carrier: Twilio) -> None:
    server.answers(page(call(date_created=None)))
    assert find(carrier) == [CALL]


def test_transfers_and_calls_to_us_do_not_count(server: Server, carrier: Twilio) -> None:
    server.answers(page(call(direction="outbound-dial"), call(OTHER, direction="inbound")))
    assert find(carrier) == []


def test_finding_goes_on_to_the_next_page(server: Server, carrier: Twilio) -> None:
    onward = f"{CALLS}.json?PageSize=200&Page=1&PageToken=PA{CALL}"
    server.answers(page(call(), onward=onward), page(call(OTHER)))
    assert find(carrier) == [CALL, OTHER]
    assert server.asked[1].query[-1] == ("PageToken", f"PA{CALL}")
    assert server.asked[1].headers["authorization"] == f"Basic {BASIC}"


def test_finding_stops_at_calls_before_the_window(server: Server, carrier: Twilio) -> None:
    before = call(date_created="Sun, 31 May 2026 11:00:00 +0000")
    server.answers(page(call(), before, onward=f"{CALLS}.json?Page=1"))
    server.answers(page(before, before, onward=f"{CALLS}.json?Page=2"))
    assert find(carrier) == [CALL]
    assert len(server.asked) == 2


def test_too_many_calls_are_no_answer(server: Server, carrier: Twilio) -> None:
    server.answers(*[page(call(), onward=f"{CALLS}.json?Page=1")] * twilio.MAX_PAGES)
    with pytest.raises(Unavailable):
        find(carrier)
    assert len(server.asked) == twilio.MAX_PAGES


def test_all_pages_share_the_time(
    server: Server, carrier: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each answer takes two seconds.
    monkeypatch.setattr(clock, "monotonic", lambda: 2.0 * len(server.asked))
    server.answers(*[page(call(), onward=f"{CALLS}.json?Page=1")] * twilio.MAX_PAGES)
    with pytest.raises(Unavailable, match="TooSlow"):
        carrier.find(TO, FROM, SINCE, UNTIL, timeout_s=3)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/Calls.json?Page=1",
        "@evil.example/",
        ".evil.example/",
        "/2010-04-01/Accounts/ACother/Calls.json?Page=1",
        f"{CALLS}.json/../Keys.json?",
    ],
)
def test_a_next_page_elsewhere_is_not_asked(server: Server, carrier: Twilio, onward: str) -> None:
    server.answers(page(call(), onward=onward))
    with pytest.raises(Unavailable):
        find(carrier)
    assert len(server.asked) == 1


# ---- Recordings -------------------------------------------------------------------------------


def test_a_recording(server: Server, carrier: Twilio) -> None:
    server.answers(Reply(200, b"ID3\x00sound", {"Content-Type": "audio/mpeg"}))
    assert carrier.recording(RECORDING, 5) == b"ID3\x00sound"
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.mp3"
    assert (server.asked[0].method, server.asked[0].path) == ("GET", path)


def test_a_recording_elsewhere_is_asked_without_credentials(
    server: Server, carrier: Twilio
) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost") + "/media"
    server.answers(Reply(302, b"", {"Location": elsewhere}), Reply(200, b"\xff\xfbsound"))
    assert carrier.recording(RECORDING, 5) == b"\xff\xfbsound"
    assert "authorization" not in server.asked[1].headers


def test_a_recording_has_a_largest_size(
    server: Server, carrier: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio, "MAX_RECORDING_BYTES", 10)
    server.answers(Reply(200, b"ID3" + b"x" * 7), Reply(200, b"ID3" + b"x" * 8))
    assert carrier.recording(RECORDING, 5) == b"ID3" + b"x" * 7
    with pytest.raises(Unavailable):
        carrier.recording(RECORDING, 5)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"ID", b"\xff", b"\xff\xd8\xff"])
def test_what_is_no_sound_is_no_recording(server: Server, carrier: Twilio, body: bytes) -> None:
    server.answers(Reply(200, body))
    with pytest.raises(Unavailable):
        carrier.recording(RECORDING, 5)


def test_deleting_a_recording_twice_is_once(server: Server, carrier: Twilio) -> None:
    gone = Reply(200, b'{"status": "deleted"}')
    server.answers(Reply(204), problem(404, 20404), gone, Reply(500), Reply(200, b"{}"))
    carrier.delete_recording(RECORDING)
    carrier.delete_recording(RECORDING)
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.json"
    assert [one.method for one in server.asked] == ["DELETE", "DELETE", "GET"]
    assert {one.path for one in server.asked} == {path}
    for _ in range(2):
        with pytest.raises(Unavailable):
            carrier.delete_recording(RECORDING)


@pytest.mark.parametrize(
    "known", [problem(404, 20404), Reply(200, b'{"status": "completed"}')], ids=["not", "since"]
)
def test_what_twilio_does_not_know_yet_is_not_deleted(
    server: Server, carrier: Twilio, known: Reply
) -> None:
    server.answers(problem(404, 20404), known)
    with pytest.raises(NotFound):
        carrier.delete_recording(RECORDING)


# ---- What is told to nobody -------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        problem(400, 21211),
        problem(401, 20003),
        problem(404, 20404),
        problem(429, 20429),
        reply(500, {"message": TO}),
        Reply(200, f"{TO} {TOKEN}".encode()),
        reply(200, {"sid": TO, "status": TOKEN}),
        Reply(200, TO.encode(), cut=True),
        Reply(200, TO.encode(), hangs=True),
    ],
)
def test_errors_and_logs_have_no_number_and_no_token(
    server: Server, carrier: Twilio, answer: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers(*[answer] * 4)
    told = [repr(carrier), repr(ORDER), str(carrier)]
    for question in (
        lambda: carrier.place(ORDER, 0.2),
        lambda: carrier.end(CALL, 0.2),
        lambda: carrier.fetch(CALL, 0.2),
        lambda: carrier.find(TO, FROM, SINCE, UNTIL, 0.2),
    ):
        with pytest.raises(TwilioError) as failed:
            question()
        told += traceback.format_exception(failed.value)
    told.append(caplog.text)
    text = "".join(told)
    for secret in (TOKEN, BASIC, TO, FROM, TO[1:], FROM[1:]):
        assert secret not in text


# ---- Its words in the port's ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answered", "update"),
    [
        ("queued", None, None),
        ("initiated", None, None),
        ("a-new-one", None, None),
        ("ringing", None, CallUpdate(Progress.RINGING)),
        ("in-progress", None, CallUpdate(Progress.ANSWERED, AnsweredBy.UNKNOWN)),
        ("in-progress", "human", CallUpdate(Progress.ANSWERED, AnsweredBy.HUMAN)),
        ("busy", None, CallUpdate(Progress.BUSY)),
        ("no-answer", None, CallUpdate(Progress.NO_ANSWER)),
        ("canceled", None, CallUpdate(Progress.CANCELED)),
    ],
)
def test_a_status(status: str, answered: str | None, update: CallUpdate | None) -> None:
    assert twilio_words.update(status, answered=answered, duration_s=0, error_code=31000) == update


@pytest.mark.parametrize(
    ("answered", "by"),
    [
        ("human", AnsweredBy.HUMAN),
        ("unknown", AnsweredBy.UNKNOWN),
        (None, AnsweredBy.UNKNOWN),
        ("a-new-one", AnsweredBy.UNKNOWN),
        ("machine_start", AnsweredBy.MACHINE),
        ("machine_end_beep", AnsweredBy.MACHINE),
        ("machine_end_silence", AnsweredBy.MACHINE),
        ("machine_end_other", AnsweredBy.MACHINE),
        ("fax", AnsweredBy.FAX),
    ],
)
def test_a_completed_call_says_who_answered(answered: str | None, by: AnsweredBy) -> None:
    completed = CallUpdate(Progress.COMPLETED, by, duration_s=15)
    assert twilio_words.update("completed", answered=answered, duration_s=15) == completed


@pytest.mark.parametrize(
    ("code", "is_ours", "detail"),
    [
        (None, False, "The carrier could not connect the call."),
        (31000, False, "The carrier could not connect the call. (error 31000)"),
        (13227, False, "The carrier may not call this country. (error 13227)"),
        (10001, True, "The carrier's account is not active. (error 10001)"),
    ],
)
def test_a_failed_call_says_why(code: int | None, is_ours: bool, detail: str) -> None:
    failed = CallUpdate(Progress.FAILED, refusal=Refusal(detail, is_ours))
    assert twilio_words.update("failed", error_code=code) == failed
