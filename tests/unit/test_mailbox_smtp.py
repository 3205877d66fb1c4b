"""A mail is handed over once at most, and it is known how far it came, whatever the host does."""

import base64
import time
from collections.abc import Callable

import pytest

from linkwright import egress_dialling
from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox import smtp
from linkwright.providers.mailbox.types import (
    Accepted,
    Bearer,
    Failure,
    Login,
    MailboxFailed,
    OutcomeUnknown,
    Password,
    Server,
)
from tests.unit import egress_addresses
from tests.unit import mail_servers as hosts
from tests.unit.egress_network import Network
from tests.unit.mail_fixtures import Serve, authority, serve
from tests.unit.mail_servers import Host, Talk

__all__ = ["authority", "serve"]

pytestmark = pytest.mark.usefixtures("environment")

SECRET = "pässword s3cr3t"
OURS, THEIRS = "dana@example.com", "noa@example.org"
PLAIN = f"\0{OURS}\0{SECRET}".encode()
PASSWORD = Password(OURS, SECRET)
MAIL = b"Subject: hi\r\n\r\nHello.\r\n"
# What a total of this many seconds may take on a busy machine.
TOTAL_S, GRACE_S = 0.5, 2.5


def send(
    host: Host, content: bytes = MAIL, login: Login = PASSWORD, total_s: float = 5
) -> Accepted:
    with smtp.logged_in(host.server, login, Deadline(total_s)) as session:
        return session.send(OURS, THEIRS, content)


def failure(ask: Callable[[], object]) -> tuple[Failure, int | None]:
    with pytest.raises(MailboxFailed) as failed:
        ask()
    text = repr(failed.value) + str(failed.value.__cause__)
    assert SECRET not in text
    return failed.value.failure, failed.value.code


# ---- Before a byte is sent ----------------------------------------------------------------------


@pytest.mark.parametrize("address", egress_addresses.REFUSED)
def test_nothing_is_sent_to_a_host_that_is_not_public(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    network = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", network.lookup)
    monkeypatch.setattr(egress_dialling, "_dial", network.dial)
    network.name("smtp.example.com", [address])
    for port, starts_plain in ((465, False), (587, True)):
        server = Server("smtp.example.com", port, starts_plain)
        refused = failure(lambda server=server: _log_in(server))
        assert refused == (Failure.HOST_NOT_ALLOWED, None)
    assert network.dialled == []


@pytest.mark.parametrize("port", [25, 80, 443, 993, 2525, 0, 65536])
def test_other_ports_are_not_even_looked_up(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    network = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", network.lookup)
    asked = failure(lambda: _log_in(Server("smtp.example.com", port)))
    assert (asked, network.lookups) == ((Failure.HOST_NOT_ALLOWED, None), [])


@pytest.mark.parametrize(
    "host", ["smtp.example.com.", "a b", "user@host", "127.1", "[::1", "a/b", ""]
)
def test_a_host_of_another_form_is_refused(host: str) -> None:
    assert failure(lambda: _log_in(Server(host, 465)))[0] == Failure.HOST_NOT_ALLOWED


def _log_in(server: Server) -> None:
    with smtp.logged_in(server, PASSWORD, Deadline(5)):
        pass


def test_a_certificate_of_another_name_is_told_nothing(serve: Serve) -> None:
    host = serve(hosts.smtp(), name="other.example.com")
    assert failure(lambda: send(host)) == (Failure.TLS_FAILED, None)
    assert host.heard == []


# ---- STARTTLS -----------------------------------------------------------------------------------


def _upgrading(
    injected: str = "", reply: str = "220 go on", offered: str = "STARTTLS"
) -> hosts.Script:
    def script(talk: Talk) -> None:
        talk.say("220 ready")
        talk.hear()
        talk.say("250-localhost", f"250 {offered}")
        talk.hear()
        # In one piece, as what somebody on the way puts behind it.
        talk.connection.sendall(f"{reply}\r\n{injected}".encode())
        talk.secure()
        hosts.smtp()(_Again(talk.connection, talk.tls, talk.heard))

    return script


class _Again(Talk):
    """Behind STARTTLS nobody greets."""

    def say(self, *lines: str) -> None:
        super().say(*(line for line in lines if not line.startswith("220 ")))


def test_a_mail_goes_over_tls_that_was_begun_by_a_word(serve: Serve) -> None:
    host = serve(_upgrading(), starts_plain=True)
    assert send(host) == Accepted(None)
    at = host.heard.index(b"STARTTLS")
    assert [line.split()[0].upper() for line in host.heard[: at + 3]] == [
        b"EHLO",
        b"STARTTLS",
        b"EHLO",
        b"AUTH",
    ]


@pytest.mark.parametrize(
    ("reply", "offered"),
    [("502 no", "STARTTLS"), ("220 ready", "8BITMIME"), ("454 no", "STARTTLS")],
)
def test_nothing_secret_is_said_without_tls(serve: Serve, reply: str, offered: str) -> None:
    host = serve(_upgrading(reply=reply, offered=offered), starts_plain=True)
    assert failure(lambda: send(host))[0] == Failure.STARTTLS_MISSING
    assert not any(line.upper().startswith(b"AUTH") for line in host.heard)


def test_what_was_put_behind_starttls_is_not_taken_for_an_answer(serve: Serve) -> None:
    """Else the way to log in would be what somebody says in plain."""
    injected = "250-localhost\r\n250 AUTH LOGIN\r\n235 welcome\r\n"
    host = serve(_upgrading(injected), starts_plain=True)
    assert send(host) == Accepted(None)
    assert [line.split()[1] for line in host.heard if line.startswith(b"AUTH")] == [b"PLAIN"]


# ---- Logging in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        (
            "LOGIN PLAIN CRAM-MD5",
            [b"AUTH PLAIN " + base64.b64encode(f"\0{OURS}\0{SECRET}".encode())],
        ),
        ("XOAUTH2 LOGIN", [b"AUTH LOGIN"]),
    ],
)
def test_one_mechanism_is_tried(serve: Serve, offered: str, words: list[bytes]) -> None:
    host = serve(hosts.smtp(auth=offered))
    send(host)
    assert [line for line in host.heard if line.startswith(b"AUTH")] == words


def test_a_mechanism_that_is_refused_is_not_followed_by_another(serve: Serve) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 ready")
        talk.hear()
        talk.say("250-localhost", "250 AUTH PLAIN LOGIN XOAUTH2")
        talk.hear()
        talk.say("454 busy")
        talk.hear()

    host = serve(script)
    assert failure(lambda: send(host)) == (Failure.LOGIN_UNAVAILABLE, 454)
    assert sum(line.startswith(b"AUTH") for line in host.heard) == 1


@pytest.mark.parametrize("reply", ["535 5.7.8 no", "534 app password", "500 what", "xyz"])
def test_a_log_in_that_is_refused_says_so(serve: Serve, reply: str) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 ready")
        talk.hear()
        talk.say("250-localhost", "250 AUTH PLAIN")
        talk.hear()
        talk.say(reply)
        talk.hear()

    assert failure(lambda: send(serve(script)))[0] == Failure.LOGIN_REFUSED


def test_login_is_asked_for_name_and_password(serve: Serve) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 ready")
        talk.hear()
        talk.say("250-localhost", "250 AUTH LOGIN")
        for reply in (
            "334 VXNlcm5hbWU6",
            "334 UGFzc3dvcmQ6",
            "235 ok",
            "250 ok",
            "250 ok",
            "354 go",
        ):
            talk.hear()
            talk.say(reply)
        while talk.hear() != b".":
            pass
        talk.say("250 ok")

    host = serve(script)
    send(host)
    said = [base64.b64encode(one.encode()) for one in (OURS, SECRET)]
    assert host.heard[1:4] == [b"AUTH LOGIN", *said]


def test_a_token_is_said_in_one_sentence(serve: Serve) -> None:
    host = serve(hosts.smtp())
    send(host, login=Bearer(OURS, "t0ken"))
    said = base64.b64encode(f"user={OURS}\x01auth=Bearer t0ken\x01\x01".encode())
    assert host.heard[1] == b"AUTH XOAUTH2 " + said


def test_why_a_token_is_refused_is_answered_by_nothing(serve: Serve) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 ready")
        talk.hear()
        talk.say("250-localhost", "250 AUTH XOAUTH2")
        talk.hear()
        talk.say("334 eyJzdGF0dXMiOiI0MDEifQ==")
        talk.hear()
        talk.say("535 no")
        talk.hear()

    host = serve(script)
    asked = failure(lambda: send(host, login=Bearer(OURS, "t0ken")))
    assert (asked, host.heard[2]) == ((Failure.LOGIN_REFUSED, 535), b"")


@pytest.mark.parametrize(
    ("login", "offered"), [(PASSWORD, "XOAUTH2 CRAM-MD5"), (Bearer(OURS, "t0ken"), "PLAIN LOGIN")]
)
def test_a_log_in_that_is_not_offered_is_not_tried(
    serve: Serve, login: Login, offered: str
) -> None:
    host = serve(hosts.smtp(auth=offered))
    assert failure(lambda: send(host, login=login))[0] == Failure.LOGIN_METHOD_MISSING
    assert len(host.heard) == 1


# ---- How far it came ----------------------------------------------------------------------------


def test_a_mail_that_was_taken_tells_the_id_that_the_host_gave_it(serve: Serve) -> None:
    reply = "250 2.0.0 OK <AM0PR01MB1234@AM0PR01MB1234.eurprd01.prod.example> [Hostname=x]"
    host = serve(hosts.smtp("250 ok", "250 ok", "354 go", reply))
    assert send(host).named == "<AM0PR01MB1234@AM0PR01MB1234.eurprd01.prod.example>"
    assert host.heard[2:5] == [
        b"MAIL FROM:<%s>" % OURS.encode(),
        b"RCPT TO:<%s>" % THEIRS.encode(),
        b"DATA",
    ]


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (("550 no",), (Failure.SENDER_REFUSED, 550)),
        (("451 later",), (Failure.DEFERRED, 451)),
        (("250 ok", "550 nobody"), (Failure.RECIPIENT_REFUSED, 550)),
        (("250 ok", "450 greylisted"), (Failure.DEFERRED, 450)),
        (("250 ok", "250 ok", "554 no"), (Failure.CONTENT_REFUSED, 554)),
        (("250 ok", "250 ok", "250 ok"), (Failure.CONTENT_REFUSED, 250)),
        (("250 ok", "250 ok", "354 go", "554 spam"), (Failure.CONTENT_REFUSED, 554)),
        (("250 ok", "250 ok", "354 go", "452 full"), (Failure.DEFERRED, 452)),
    ],
)
def test_what_is_refused_was_not_sent(
    serve: Serve, replies: tuple[str, ...], expected: tuple[Failure, int]
) -> None:
    assert failure(lambda: send(serve(hosts.smtp(*replies)))) == expected


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("550 5.1.1 no such user", "5.1.1"),
        ("550 5.7.26 <noa@example.org> unauthenticated", "5.7.26"),
        ("550 5.7.1", "5.7.1"),
        ("550 no such user 5.7.1", ""),
        ("550 5.7.1x", ""),
        ("550 5.77777.1 no", ""),
        ("550 nobody", ""),
    ],
)
def test_why_it_was_refused_is_kept_as_a_status_and_in_no_words(
    serve: Serve, reply: str, status: str
) -> None:
    with pytest.raises(MailboxFailed) as failed:
        send(serve(hosts.smtp("250 ok", reply)))
    assert (failed.value.failure, failed.value.status) == (Failure.RECIPIENT_REFUSED, status)


def _hang_up(talk: Talk) -> None:
    talk.connection.close()


def _say_nothing(talk: Talk) -> None:
    time.sleep(TOTAL_S + 0.3)


def _drip(talk: Talk) -> None:
    for _ in range(100):
        talk.connection.sendall(b"2")
        time.sleep(0.05)


@pytest.mark.parametrize("end", [_hang_up, _say_nothing, _drip])
@pytest.mark.slow
def test_before_the_last_dot_nothing_was_sent(serve: Serve, end: hosts.Script) -> None:
    host = serve(hosts.smtp(in_data=end))
    # More than fits between us, so that it is never written to its end.
    body = b"Subject: hi\r\n\r\n" + b"x" * 70 + b"\r\n" * 1_000_000 * 4
    kind, _ = failure(lambda: send(host, body, total_s=TOTAL_S))
    assert kind in {Failure.HOST_UNREACHABLE, Failure.TIMED_OUT}


@pytest.mark.parametrize(
    "end",
    [
        _hang_up,
        _say_nothing,
        _drip,
        lambda talk: talk.say("what?"),
        lambda talk: talk.say("354 go on"),
        lambda talk: talk.connection.sendall(b"250-more\r\n" * 20_000),
    ],
    ids=["hang up", "silence", "drip", "no code", "another code", "endless"],
)
def test_behind_the_last_dot_nobody_can_say(serve: Serve, end: hosts.Script) -> None:
    host = serve(hosts.smtp(after_data=end))
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        send(host, total_s=TOTAL_S + 0.5)
    assert time.monotonic() - began < TOTAL_S + GRACE_S
    assert host.heard[-1] == b"."


def test_a_mail_that_was_taken_is_taken_though_nobody_says_goodbye(serve: Serve) -> None:
    def end(talk: Talk) -> None:
        talk.say("250 ok")
        talk.connection.close()

    assert send(serve(hosts.smtp(after_data=end))) == Accepted(None)


@pytest.mark.parametrize("greeting", ["554 no", "421 busy", "220", "x" * 9000, "HTTP/1.1 400 no"])
def test_a_host_that_does_not_greet_gets_no_password(serve: Serve, greeting: str) -> None:
    host = serve(hosts.smtp(greeting=greeting))
    if greeting == "220":
        assert send(host) == Accepted(None)
        return
    failure(lambda: send(host))
    assert not any(line.startswith(b"AUTH") for line in host.heard)


def test_a_host_that_drips_is_not_waited_for(serve: Serve) -> None:
    began = time.monotonic()
    assert failure(lambda: send(serve(_drip), total_s=TOTAL_S))[0] == Failure.TIMED_OUT
    assert time.monotonic() - began < TOTAL_S + GRACE_S


def test_a_host_that_never_ends_its_answer_is_left(serve: Serve) -> None:
    def script(talk: Talk) -> None:
        while True:
            talk.say("220-more and more")

    assert failure(lambda: send(serve(script)))[0] == Failure.TOO_LARGE


# ---- What is sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"a", b"a\r\n"),
        (b"a\nb\rc\r\nd", b"a\r\nb\r\nc\r\nd\r\n"),
        (b".\r\n.a\r\n..\r\n", b"..\r\n..a\r\n...\r\n"),
        (b"a\n.\nMAIL FROM:<x>\r.\r\n", b"a\r\n..\r\nMAIL FROM:<x>\r\n..\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_no_line_of_a_mail_is_its_last_dot(content: bytes, sent: bytes) -> None:
    assert smtp.as_sent(content) == sent


@pytest.mark.parametrize(
    "address",
    ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "", "é@c.example", "<a@b.c>"],
)
def test_an_address_that_is_more_than_one_is_not_said(serve: Serve, address: str) -> None:
    host = serve(hosts.smtp())

    def both() -> None:
        with smtp.logged_in(host.server, PASSWORD, Deadline(5)) as session:
            for sender, recipient in ((address, THEIRS), (OURS, address)):
                with pytest.raises(MailboxFailed):
                    session.send(sender, recipient, MAIL)
            raise MailboxFailed(Failure.CONTENT_REFUSED)

    failure(both)
    assert not any(line.startswith(b"MAIL") for line in host.heard)


def test_a_mail_beyond_the_bound_is_not_sent(serve: Serve) -> None:
    host = serve(hosts.smtp())
    body = b"x" * (smtp.MAX_CONTENT_BYTES + 1)
    assert failure(lambda: send(host, body))[0] == Failure.CONTENT_REFUSED
