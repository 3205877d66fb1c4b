"""What is sent to a webhook is what was signed, and no receiver holds it up or leads it inside."""

import gzip
import json
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from linkwright import clock, egress, egress_dialling, standard_webhooks
from linkwright.egress import Answer
from linkwright.webhooks import sending
from linkwright.webhooks.models import CreateWebhook, UpdateWebhook
from linkwright.webhooks.sending import Message, Outcome
from tests.clocks import Hand
from tests.unit.egress_network import Authority, Network, Reply, Server, redirect

pytestmark = pytest.mark.usefixtures("environment")

PUBLIC, INSIDE = "93.184.216.34", "127.0.0.1"
URL = "https://hooks.example/in?key=s3cr3t"
EVENT_ID = "evt_01M81HATF5G8WM1PVY5DASRWZ4"
SECRET = standard_webhooks.new_secret()
# What a total of this many seconds may take on a busy machine; what drips lasts five.
TOTAL_S, GRACE_S = 0.5, 2.5
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"

Serve = Callable[..., Server]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    made = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", made.lookup)
    monkeypatch.setattr(egress_dialling, "_dial", made.dial)
    yield made
    made.close()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the sender trusts, and what the receiver shows."""
    authority, trusted = Authority(), egress_dialling.tls.__wrapped__()
    trusted.load_verify_locations(cadata=authority.pem())
    folder: Path = tmp_path_factory.mktemp("tls")
    return trusted, authority.server("hooks.example", folder)


@pytest.fixture
def serve(
    network: Network,
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> Serve:
    """Puts a receiver behind the URL, with TLS unless it is to be without."""
    monkeypatch.setattr(egress_dialling, "tls", lambda: tls[0])

    def behind(*replies: bytes | Reply, is_secured: bool = True) -> Server:
        shown = tls[1] if is_secured else None
        return network.serve("hooks.example", PUBLIC, *replies, tls=shown)

    return behind


def _post(body: bytes = b"{}", *secrets: str, **headers: str) -> Outcome:
    signers = [SecretStr(one) for one in secrets or (SECRET,)]
    return sending.post(URL, Message(EVENT_ID, body, signers, headers))


def _said(status: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", "Content-Length: 0", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def _parts(request: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """The headers of a request as they came, and its body."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    return [(name.lower(), value) for name, _, value in lines], body


# ---- What arrives -----------------------------------------------------------------------------


def test_what_arrives_is_what_was_signed(serve: Serve) -> None:
    told = {"text": 'שלום 👋 \u202ea/b\\/ \x00\x01\x1f\x7f\u2028 "q" é e\u0301', "n": 1.10}
    body = json.dumps(told, ensure_ascii=False).encode()
    receiver = serve(TAKEN)
    outcome = _post(body)
    headers, came = _parts(receiver.requests[0])
    assert came == body
    assert Verifier(SECRET).verify(came, dict(headers)) == told
    assert (outcome.is_taken, outcome.attempt["status"], outcome.attempt["error"]) == (
        True,
        204,
        None,
    )


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary())
def test_the_official_library_takes_whatever_we_sign(text: str, raw: bytes) -> None:
    secret = standard_webhooks.new_secret()
    body = json.dumps({"text": text, "raw": list(raw)}, ensure_ascii=False).encode()
    headers = standard_webhooks.headers(EVENT_ID, body, [SecretStr(secret)])
    assert Verifier(secret).verify(body, headers) == {"text": text, "raw": list(raw)}
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body, headers | {"webhook-id": f"{EVENT_ID}0"})


def test_of_two_secrets_each_verifies_and_no_other(serve: Serve) -> None:
    new, other = standard_webhooks.new_secret(), standard_webhooks.new_secret()
    receiver = serve(TAKEN)
    _post(b'{"a": 1}', new, SECRET)
    headers, body = _parts(receiver.requests[0])
    for secret in (new, SECRET):
        assert Verifier(secret).verify(body, dict(headers)) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Verifier(other).verify(body, dict(headers))


@pytest.mark.parametrize(("age_s", "is_taken"), [(299, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes(
    monkeypatch: pytest.MonkeyPatch, age_s: int, is_taken: bool
) -> None:
    signed_at = clock.epoch() - age_s
    with monkeypatch.context() as then:
        then.setattr(clock, "epoch", lambda: signed_at)
        headers = standard_webhooks.headers(EVENT_ID, b"{}", [SecretStr(SECRET)])
    assert headers["webhook-timestamp"] == str(signed_at)
    if is_taken:
        assert Verifier(SECRET).verify(b"{}", headers) == {}
    else:
        with pytest.raises(WebhookVerificationError, match="timestamp"):
            Verifier(SECRET).verify(b"{}", headers)


def test_each_attempt_has_the_same_id_and_a_time_of_its_own(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    receiver = serve(TAKEN)
    _post()
    hand.move(60)
    _post()
    (first, _), (second, _) = map(_parts, receiver.requests)
    assert dict(first)["webhook-id"] == dict(second)["webhook-id"] == EVENT_ID
    moments = [int(dict(one)["webhook-timestamp"]) for one in (first, second)]
    assert moments[1] - moments[0] == 60
    assert dict(first)["webhook-signature"] != dict(second)["webhook-signature"]


# ---- Headers of the customer's ----------------------------------------------------------------


def test_they_are_sent_and_never_in_place_of_ours(serve: Serve) -> None:
    receiver = serve(TAKEN)
    ours = {
        "WEBHOOK-ID": "evt_another",
        "Webhook-Signature": "v1,no",
        "Webhook-Timestamp": "1",
        "Content-Type": "text/html",
        "User-Agent": "curl",
        "Host": "inside.example",
        "Connection": "keep-alive",
    }
    _post(b"{}", **ours, **{"X-Key": "k3y", "Authorization": "Bearer t0ken"})
    headers, body = _parts(receiver.requests[0])
    assert len({name for name, _ in headers}) == len(headers)
    assert Verifier(SECRET).verify(body, dict(headers)) == {}
    assert {
        ("webhook-id", EVENT_ID),
        ("content-type", "application/json"),
        ("user-agent", "linkwright-webhooks"),
        ("host", "hooks.example"),
        ("connection", "close"),
        ("content-length", "2"),
        ("x-key", "k3y"),
        ("authorization", "Bearer t0ken"),
    } <= set(headers)


RESERVED = [
    *("Content-Length", "Transfer-Encoding", "Content-Encoding", "Content-Type", "Host", "TE"),
    *("Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Trailer", "Upgrade"),
    *("Proxy-Authenticate", "Expect", "Accept-Encoding", "User-Agent"),
    *("webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE", "webhook-anything", "svix-id"),
    # What CGI and WSGI cannot tell from one of ours.
    *("Webhook_Id", "webhook_signature", "Content_Length", "Transfer_Encoding"),
]
MALFORMED = [
    ("X-A\r\nX-B", "1"), ("X-A\n", "1"), ("X A", "1"), ("X-A:", "1"), ("", "1"), ("X-é", "1"),
    ("X-A", "1\r\nX-B: 2"), ("X-A", "1\n"), ("X-A", "1\r"), ("X-A", "1\x00"), ("X-A", " 1"),
    ("X-A", "1\t"), ("X-A", "é"), ("X-A", ""), ("X-A", "1" * 501), ("X-A", "********"),
]  # fmt: skip


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_ones_are_refused(name: str) -> None:
    _assert_refused({name: "1"}, "a header that the sender sets")


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_what_is_no_header_is_refused(name: str, value: str) -> None:
    _assert_refused({name: value}, "headers")


def test_at_most_ten_are_taken_and_each_once() -> None:
    _assert_refused({f"X-{at}": "1" for at in range(11)}, "at most 10")
    _assert_refused({"X-Key": "1", "x-key": "2"}, "twice")
    ten = {f"X-{at}": "1" for at in range(10)}
    assert UpdateWebhook.model_validate({"headers": ten}).headers == ten


def _assert_refused(headers: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        CreateWebhook.model_validate({"url": URL, "events": ["*"], "headers": headers})
    with pytest.raises(ValidationError, match=why):
        UpdateWebhook.model_validate({"headers": headers})


# ---- What a receiver answers ------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_taken(serve: Serve, status: int) -> None:
    serve(_said(status, "Retry-After: 60", "Webhook-Delivery: abort-message"))
    outcome = _post()
    assert (outcome.is_taken, outcome.attempt["status"]) == (True, status)
    assert (outcome.is_aborted, outcome.is_gone, outcome.wait_s) == (False, False, 0)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 408, 418, 422, 429, 500, 503, 599])
def test_another_status_fails(serve: Serve, status: int) -> None:
    serve(_said(status))
    outcome = _post()
    assert outcome == Outcome(outcome.attempt)
    assert (outcome.attempt["status"], outcome.attempt["error"]) == (status, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://inside.example/", "https://127.0.0.1/", "/on"])
def test_a_redirect_fails_and_is_not_followed(
    network: Network, serve: Serve, status: int, location: str
) -> None:
    trap = network.serve("inside.example", INSIDE, TAKEN)
    receiver = serve(redirect(location, status), TAKEN)
    outcome = _post()
    assert (outcome.is_taken, outcome.attempt["status"]) == (False, status)
    assert (receiver.connections, trap.connections) == (1, 0)
    assert network.dialled == [(PUBLIC, 443)]


def test_410_is_gone(serve: Serve) -> None:
    serve(_said(410))
    assert _post().is_gone


@pytest.mark.parametrize("value", ["abort-message", " Abort-Message "])
def test_a_receiver_may_end_a_message(serve: Serve, value: str) -> None:
    serve(_said(400, f"Webhook-Delivery: {value}"))
    assert _post().is_aborted


@pytest.mark.parametrize("value", ["abort", "abort-messages", "abort-message, abort-message"])
def test_another_word_ends_nothing(serve: Serve, value: str) -> None:
    serve(_said(400, f"Webhook-Delivery: {value}"))
    assert not _post().is_aborted


NOW = datetime(2026, 11, 22, 11, 47, 44, tzinfo=UTC)
DAY_S = 24 * 3600.0
WAITS = {
    "120": 120.0,
    "0": 0.0,
    " 7 ": 7.0,
    "86400": DAY_S,
    "86401": DAY_S,
    "9" * 400: DAY_S,
    format_datetime(NOW + timedelta(minutes=5), usegmt=True): 300.0,
    "Sunday, 22-Nov-26 11:52:44 GMT": 300.0,
    "Sun Nov 22 11:52:44 2026": 300.0,
    format_datetime(NOW - timedelta(days=1), usegmt=True): 0.0,
    format_datetime(NOW + timedelta(days=400), usegmt=True): DAY_S,
    # So far ahead, whatever its zone makes of it.
    "Sun, 31 Dec 9999 23:59:59 -2359": DAY_S,
    **dict.fromkeys(
        [
            *("", "soon", "-5", "+5", "1.5", "1e9", "0x10", "٣", "NaN", "inf", "1, 2", "120 s"),
            *("Sun, 99 Nov 2026 11:52:44 GMT", "Sun, 22 Nov 99999 11:52:44 GMT"),
            *(
                "Sun, 22 Nov 2026 11:52:44 +9999",
                "Sun, 22 Nov 2026 11:52:44 +99999999999999999",
                ",",
                "Mon,",
            ),
        ],
        0.0,
    ),
}


@pytest.mark.parametrize(("asked", "wait_s"), WAITS.items(), ids=[key[:40] for key in WAITS])
def test_a_receiver_may_ask_to_be_left_alone(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, asked: str, wait_s: float
) -> None:
    hand = Hand(monkeypatch)
    hand.move((NOW - clock.now()).total_seconds())
    serve(_said(429, f"Retry-After: {asked}"))
    outcome = _post()
    assert (outcome.is_taken, outcome.attempt["status"]) == (False, 429)
    assert outcome.wait_s == pytest.approx(wait_s, abs=1)


@given(st.text(st.characters(max_codepoint=255)))
def test_nothing_that_is_asked_breaks_the_sender(asked: str) -> None:
    wait_s = sending._asked_wait(Answer(429, {"retry-after": asked}, b"", ""))
    assert 0 <= wait_s <= sending.MAX_WAIT_S


# ---- Receivers that are broken, slow or large --------------------------------------------------


def _resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _cut(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")


BROKEN: dict[str, bytes | Reply] = {
    "closes at once": b"",
    "resets": _resets,
    "cut in the head": _cut,
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "HTTP/0.9": b"ok",
    "HTTP/2": b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status of no digits": b"HTTP/1.1 two OK\r\n\r\n",
    "status 0": b"HTTP/1.1 000 OK\r\n\r\n",
    "status 1000": b"HTTP/1.1 1000 OK\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    "interim and no end": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "interim for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000,
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_a_failed_attempt(serve: Serve, reply: bytes | Reply) -> None:
    receiver = serve(reply)
    outcome = _post()
    assert outcome == Outcome(outcome.attempt)
    assert (outcome.attempt["status"], outcome.attempt["error"]) == (None, "bad_answer")
    assert receiver.connections == 1


def test_an_interim_answer_is_not_the_answer(serve: Serve) -> None:
    serve(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + _said(500))
    assert _post().attempt["status"] == 500


@given(st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n"]))
def test_no_bytes_break_the_sender(raw: bytes, begin: bytes) -> None:
    ours, theirs = socket.socketpair()
    with pytest.MonkeyPatch.context() as patch, theirs:
        patch.setattr(egress_dialling, "addresses", lambda *_: [])
        patch.setattr(egress_dialling, "connected", lambda *_: ours)
        theirs.sendall(begin + raw)
        theirs.shutdown(socket.SHUT_WR)
        outcome = _post()
    assert outcome.attempt["error"] in {None, "bad_answer"}
    assert (outcome.attempt["error"] is None) == (outcome.attempt["status"] is not None)


MUCH = 2_000_000
LARGE = {
    "announced": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MUCH + bytes(MUCH),
    "to the end": b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MUCH),
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + (b"10000\r\n" + bytes(0x10000) + b"\r\n") * 30,
    "a bomb": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    + gzip.compress(bytes(100 * MUCH), compresslevel=1),
    "no size": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + bytes(MUCH),
    "no chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" + bytes(MUCH),
}


@pytest.mark.parametrize("reply", LARGE.values(), ids=LARGE)
def test_of_a_large_answer_little_is_read(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, reply: bytes
) -> None:
    read = 0
    into = egress.Wire.readinto

    def counted(wire: egress.Wire, buffer: Any) -> int:
        nonlocal read
        count = into(wire, buffer)
        read += count
        return count

    monkeypatch.setattr(egress.Wire, "readinto", counted)
    serve(reply)
    outcome = _post()
    assert (outcome.is_taken, outcome.attempt["status"]) == (True, 200)
    assert read < 100_000


def _silent(connection: socket.socket) -> None:
    connection.recv(1)


def _dripping(head: bytes, drop: bytes) -> Reply:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(drop)
            time.sleep(0.05)

    return drip


SLOW = {
    "silent": _silent,
    "status line": _dripping(b"HTTP/1.1 200 ", b"O"),
    "headers": _dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "interim": _dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sending.TIMEOUT_S == 10
    monkeypatch.setattr(sending, "TIMEOUT_S", TOTAL_S)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW)
def test_a_slow_answer_is_a_timeout(serve: Serve, reply: Reply) -> None:
    serve(reply)
    outcome = _in_time()
    assert (outcome.attempt["status"], outcome.attempt["error"]) == (None, "timeout")
    assert outcome.attempt["duration_ms"] >= (TOTAL_S - 0.1) * 1000


@pytest.mark.usefixtures("hurried")
def test_a_slow_body_is_not_waited_for_longer(serve: Serve) -> None:
    serve(_dripping(b"HTTP/1.1 202 OK\r\nContent-Length: 1000\r\n\r\n", b"x"))
    outcome = _in_time()
    assert (outcome.is_taken, outcome.attempt["status"]) == (True, 202)


@pytest.mark.usefixtures("hurried")
def test_a_slow_handshake_is_a_timeout(serve: Serve) -> None:
    # A record of TLS whose end never comes.
    serve(_dripping(b"\x16\x03\x03\x40\x00", b"\x02"), is_secured=False)
    outcome = _in_time()
    assert (outcome.attempt["status"], outcome.attempt["error"]) == (None, "timeout")


def _in_time() -> Outcome:
    began = time.monotonic()
    outcome = _post()
    assert time.monotonic() - began <= TOTAL_S + GRACE_S
    return outcome


def test_who_does_not_listen_is_unreachable(network: Network) -> None:
    network.name("hooks.example", [PUBLIC])
    assert _post().attempt["error"] == "unreachable"
    network.name("hooks.example", [])
    assert _post().attempt["error"] == "unreachable"


def test_who_has_no_tls_is_unreachable_and_gets_nothing(serve: Serve) -> None:
    receiver = serve(TAKEN, is_secured=False)
    assert _post().attempt["error"] == "unreachable"
    assert EVENT_ID.encode() not in b"".join(receiver.requests)


# ---- Where it leads ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", [INSIDE, "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1"]
)
def test_a_name_that_leads_inside_later_gets_nothing(network: Network, address: str) -> None:
    trap = network.serve("trap.example", address, TAKEN)
    network.name("hooks.example", [PUBLIC], [address])
    # At the create.
    egress.judge(URL)
    outcome = _post()
    assert (outcome.attempt["status"], outcome.attempt["error"]) == (None, "refused_address")
    assert (trap.connections, network.dialled) == (0, [])


def test_the_address_that_was_judged_is_the_one_that_is_dialled(
    network: Network, serve: Serve
) -> None:
    trap = network.serve("trap.example", INSIDE, TAKEN)
    receiver = serve(TAKEN)
    network.name("hooks.example", [PUBLIC], [INSIDE])
    assert _post().is_taken
    assert (receiver.connections, trap.connections) == (1, 0)
    assert network.lookups == ["hooks.example"]


def test_no_failure_tells_of_the_url_or_the_answer(serve: Serve) -> None:
    serve(b"HTTP/1.1 500 s3cr3t\r\nX: s3cr3t\r\n\r\ns3cr3t", b"s3cr3t")
    for _ in range(2):
        outcome = _post()
        assert "s3cr3t" not in repr(outcome)
        assert set(outcome.attempt) == {"at", "status", "error", "duration_ms"}
