"""Whatever a mailbox holds, or its host says: reading it ends, and holds little."""

import base64
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from linkwright import egress_dialling
from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox import folder_names, headers, imap, looking
from linkwright.providers.mailbox.imap import Selected, Session
from linkwright.providers.mailbox.imap_answers import Folder
from linkwright.providers.mailbox.types import (
    Bearer,
    Failure,
    Login,
    MailboxFailed,
    Password,
    Server,
)
from tests.unit import egress_addresses
from tests.unit.egress_network import Network
from tests.unit.mail_fixtures import Serve, authority, serve
from tests.unit.mail_servers import Host, Script, Talk

__all__ = ["authority", "serve"]

pytestmark = pytest.mark.usefixtures("environment")

SECRET = "s3cr3t"
OURS = "dana@example.com"
PASSWORD = Password(OURS, SECRET)
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
CAPABILITIES = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2"
TOTAL_S, GRACE_S = 0.5, 2.5


def script(
    *answers: list[str] | bytes | Script,
    capabilities: str = CAPABILITIES,
    login: str = "OK in",
    greeting: str = "* OK ready",
) -> Script:
    """Each command behind the log-in has the next answer, and is then `OK`."""

    def talk_to(talk: Talk) -> None:
        talk.say(greeting)
        tag = talk.hear().split()[0].decode()
        talk.say(f"* CAPABILITY {capabilities}", f"{tag} OK done")
        first = talk.hear()
        tag = first.split()[0].decode()
        if first.split()[1] == b"AUTHENTICATE":
            talk.say("+ ")
            talk.hear()
        talk.say(f"{tag} {login}")
        for answer in (*answers, *[[]] * 5):
            tag = talk.hear().split()[0].decode()
            if callable(answer):
                answer(talk)
            elif isinstance(answer, bytes):
                talk.connection.sendall(answer)
            else:
                talk.say(*answer)
            talk.say(f"{tag} OK done")

    return talk_to


def ask(host: Host, question: Callable[[Session], object], total_s: float = 5) -> object:
    with imap.logged_in(host.server, PASSWORD, Deadline(total_s)) as session:
        return question(session)


def ask_within(host: Host, question: Callable[[Session], object]) -> object:
    """Once a folder is selected, for which the script has an answer."""

    def asked(session: Session) -> object:
        session.select("INBOX")
        return question(session)

    return ask(host, asked, total_s=30)


def failure(work: Callable[[], object]) -> Failure:
    with pytest.raises(MailboxFailed) as failed:
        work()
    assert SECRET not in repr(failed.value) + str(failed.value.__cause__)
    return failed.value.failure


def log_in(server: Server, login: Login = PASSWORD) -> None:
    with imap.logged_in(server, login, Deadline(5)):
        pass


# ---- Before a byte is sent ----------------------------------------------------------------------


@pytest.mark.parametrize("address", egress_addresses.REFUSED)
def test_nothing_is_sent_to_a_host_that_is_not_public(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    network = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", network.lookup)
    monkeypatch.setattr(egress_dialling, "_dial", network.dial)
    network.name("imap.example.com", [address])
    refused = failure(lambda: log_in(Server("imap.example.com", 993)))
    assert (refused, network.dialled) == (Failure.HOST_NOT_ALLOWED, [])


@pytest.mark.parametrize("port", [143, 443, 465, 587, 110, 22])
def test_other_ports_are_not_even_looked_up(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    network = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", network.lookup)
    refused = failure(lambda: log_in(Server("imap.example.com", port)))
    assert (refused, network.lookups) == (Failure.HOST_NOT_ALLOWED, [])


def test_a_certificate_of_another_name_is_told_nothing(serve: Serve) -> None:
    host = serve(script(), name="other.example.com")
    assert (failure(lambda: log_in(host.server)), host.heard) == (Failure.TLS_FAILED, [])


# ---- Logging in ---------------------------------------------------------------------------------


def test_a_password_is_said_by_the_mechanism_that_is_offered(serve: Serve) -> None:
    host = serve(script())
    log_in(host.server)
    said = base64.b64encode(f"\0{OURS}\0{SECRET}".encode())
    assert (host.heard[1].split()[1:], host.heard[2]) == ([b"AUTHENTICATE", b"PLAIN"], said)


def test_a_password_is_said_by_login_where_nothing_else_is_offered(serve: Serve) -> None:
    host = serve(script(capabilities="IMAP4rev1"))
    log_in(host.server, Password(OURS, 'a"b\\c'))
    assert host.heard[1].split(b" ", 1)[1] == b'LOGIN dana@example.com "a\\"b\\\\c"'


def test_a_token_is_said_in_one_sentence(serve: Serve) -> None:
    host = serve(script())
    log_in(host.server, Bearer(OURS, "t0ken"))
    assert base64.b64decode(host.heard[2]) == f"user={OURS}\x01auth=Bearer t0ken\x01\x01".encode()


@pytest.mark.parametrize(
    ("login", "offered"),
    [
        (PASSWORD, "IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2"),
        (Password(OURS, "pässword"), "IMAP4rev1"),
        (Bearer(OURS, "t0ken"), "IMAP4rev1 AUTH=PLAIN"),
    ],
)
def test_a_log_in_that_is_not_offered_is_not_tried(
    serve: Serve, login: Login, offered: str
) -> None:
    host = serve(script(capabilities=offered))
    assert failure(lambda: log_in(host.server, login)) == Failure.LOGIN_METHOD_MISSING
    assert len(host.heard) == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (f"NO [AUTHENTICATIONFAILED] {SECRET}", Failure.LOGIN_REFUSED),
        ("BAD what", Failure.LOGIN_REFUSED),
        ("NO [UNAVAILABLE] later", Failure.LOGIN_UNAVAILABLE),
        ("NO [LIMIT] too many connections", Failure.LOGIN_UNAVAILABLE),
        # Of Google, Microsoft, Yahoo and Dovecot, as people who met them tell.
        ("NO [ALERT] Too many simultaneous connections. (Failure)", Failure.LOGIN_UNAVAILABLE),
        (
            "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)",
            Failure.LOGIN_UNAVAILABLE,
        ),
        ("NO Server Unavailable. 15", Failure.LOGIN_UNAVAILABLE),
        ("NO LOGIN Rate limit hit.", Failure.LOGIN_UNAVAILABLE),
        ("NO [SERVERBUG] Internal error occurred.", Failure.LOGIN_UNAVAILABLE),
        ("BAD Request is throttled. Suggested Backoff Time: 9 ms", Failure.LOGIN_UNAVAILABLE),
        (
            "NO [AUTHENTICATIONFAILED] Temporary authentication failure",
            Failure.LOGIN_UNAVAILABLE,
        ),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", Failure.LOGIN_REFUSED),
        ("NO [ALERT] Application-specific password required", Failure.LOGIN_REFUSED),
    ],
)
def test_a_log_in_that_is_refused_says_so(serve: Serve, reply: str, expected: Failure) -> None:
    assert failure(lambda: log_in(serve(script(login=reply)).server)) == expected


@pytest.mark.parametrize("answer", ["OK done", "NO done", "BAD what"])
def test_a_host_that_asks_who_is_there_is_told_before_a_folder_is_opened(
    serve: Serve, answer: str
) -> None:
    def talk_to(talk: Talk) -> None:
        talk.say("* OK ready")
        is_known = False
        while True:
            tag, asked, *_ = talk.hear().upper().split()
            if asked == b"AUTHENTICATE":
                talk.say("+ ")
                talk.hear()
            if asked == b"CAPABILITY":
                talk.say(f"* CAPABILITY {CAPABILITIES} ID")
            is_known = is_known or asked == b"ID"
            refused = asked == b"EXAMINE" and not is_known
            said = "NO SELECT Unsafe Login." if refused else "OK done"
            talk.say(f"{tag.decode()} {answer if asked == b'ID' else said}")

    host = serve(talk_to)
    assert ask(host, lambda session: session.select("INBOX")) == Selected(0, 0)
    assert host.heard[3].split(b" ", 1)[1] == b'ID ("name" "Linkwright")'


@pytest.mark.parametrize("greeting", ["* BYE busy", "+ what", "hello", "* NO", ""])
def test_a_host_that_does_not_greet_gets_no_password(serve: Serve, greeting: str) -> None:
    host = serve(script(greeting=greeting))
    failure(lambda: log_in(host.server))
    assert not any(b"AUTHENTICATE" in line for line in host.heard)


@pytest.mark.parametrize(
    "greeting",
    ["* BYE Too many connections from your IP", "* BYE [ALERT] Maintenance", "* BYE Bye. 13"],
)
def test_a_host_that_hangs_up_at_once_may_be_there_later(serve: Serve, greeting: str) -> None:
    assert failure(lambda: log_in(serve(script(greeting=greeting)).server)) == Failure.DEFERRED


BUSY = (
    "BAD User is authenticated but not connected.",
    "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
    "NO Request is throttled. Suggested Backoff Time: 299910 milliseconds",
    "NO [UNAVAILABLE] Server error - Please try again later",
    "NO [INUSE] Mailbox in use",
    "NO System Error (Failure)",
    "NO Timeout while waiting for lock",
)


def _refusing(word: bytes, said: str) -> Script:
    """Lets in whoever asks, and refuses one command."""

    def talk_to(talk: Talk) -> None:
        talk.say("* OK ready")
        while True:
            tag, asked, *more = talk.hear().upper().split()
            if asked == b"AUTHENTICATE":
                talk.say("+ ")
                talk.hear()
            if asked == b"CAPABILITY":
                talk.say(f"* CAPABILITY {CAPABILITIES}")
            refused = word in {asked, *more[:1]}
            talk.say(f"{tag.decode()} {said if refused else 'OK done'}")

    return talk_to


@pytest.mark.parametrize("said", BUSY)
@pytest.mark.parametrize("word", [b"EXAMINE", b"SEARCH", b"FETCH", b"LIST", b"APPEND"])
def test_a_host_that_is_busy_refuses_for_now(serve: Serve, word: bytes, said: str) -> None:
    host = serve(_refusing(word, said))

    def work(session: Session) -> None:
        session.select("INBOX")
        session.above(0)
        session.part(1)
        session.folders()
        session.append("Sent", b"x")

    assert failure(lambda: ask(host, work)) == Failure.DEFERRED


@pytest.mark.parametrize(
    ("word", "expected"),
    [(b"EXAMINE", Failure.FOLDER_MISSING), (b"SEARCH", Failure.PROTOCOL_ERROR)],
)
def test_a_host_that_refuses_otherwise_does_so_for_good(
    serve: Serve, word: bytes, expected: Failure
) -> None:
    host = serve(_refusing(word, "NO Mailbox does not exist"))
    assert failure(lambda: ask_within(host, lambda session: session.above(0))) == expected


# ---- Bounds -------------------------------------------------------------------------------------


def _drip(talk: Talk) -> None:
    for _ in range(100):
        talk.connection.sendall(b"*")
        time.sleep(0.05)


def _endless(line: bytes) -> Script:
    def say(talk: Talk) -> None:
        while True:
            talk.connection.sendall(line * 100)

    return say


HOSTILE: dict[str, list[str] | bytes | Script] = {
    "a literal of 10^14": b"* 1 FETCH (UID 1 BODY[] {100000000000000}\r\n",
    "a literal of 10^30": b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % 10**30,
    "a literal of 3 MB": b"* 1 FETCH (UID 1 BODY[] {3000000}\r\n" + b"x" * 3_000_000,
    "endless lines": _endless(b"* 1 EXISTS\r\n"),
    "a line without an end": _endless(b"x" * 100),
    "endless literals": _endless(b"* 1 FETCH (UID 1 X {2000}\r\n" + b"x" * 2000 + b")\r\n"),
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_that_is_too_large_is_left(
    serve: Serve, answer: list[str] | bytes | Script
) -> None:
    host = serve(script([], answer))
    tracemalloc.start()
    try:
        kind = failure(lambda: ask_within(host, lambda session: session.part(1)))
        assert kind == Failure.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_a_host_that_drips_is_not_waited_for(serve: Serve) -> None:
    host, began = serve(script(_drip)), time.monotonic()
    kind = failure(lambda: ask(host, lambda session: session.folders(), TOTAL_S))
    assert (kind, time.monotonic() - began < TOTAL_S + GRACE_S) == (Failure.TIMED_OUT, True)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        ["* 1 FETCH (UID 1)"],
        ["* 1 FETCH (UID x BODY[] NIL)"],
        ["* SEARCH x y", "* LIST broken", '* LIST (\\Sent) "/" ""'],
        ["* OK [UIDVALIDITY x] y"],
        ["* 99999999999999999999 EXISTS"],
    ],
)
def test_an_answer_that_says_nothing_is_none(serve: Serve, answer: list[str]) -> None:
    questions: list[Callable[[Session], object]] = [
        lambda session: session.folders(),
        lambda session: session.since(NOW),
        lambda session: session.header(1),
        lambda session: session.size(1),
        lambda session: session.headers([1], ["TO"]),
        lambda session: session.select("INBOX").exists,
    ]
    for question in questions:
        assert not ask_within(serve(script([], answer)), question)


# ---- Reading ------------------------------------------------------------------------------------


def test_folders_have_their_names_and_flags(serve: Serve) -> None:
    listed = b'* LIST (\\HasNoChildren \\Sent) "/" "Gesendet \\"alt\\""\r\n'
    listed += b'* LIST () NIL INBOX\r\n* LIST (\\Junk) "/" {4}\r\nSpam\r\n'
    listed += b'* LIST () "/" {8}\r\na\r\nb\r\nc\r\r\n'
    found = ask(serve(script(listed)), lambda session: session.folders())
    assert found == [
        Folder('Gesendet "alt"', frozenset({"\\hasnochildren", "\\sent"})),
        Folder("INBOX", frozenset()),
        Folder("Spam", frozenset({"\\junk"})),
    ]


@pytest.mark.parametrize(
    ("folders", "sent"),
    [
        ([("INBOX", ""), ("Sent", ""), ("Gesendet", "\\sent")], "Gesendet"),
        ([("INBOX", ""), ("Sent Items", "")], "Sent Items"),
        ([("INBOX", ""), ("INBOX.Sent", "")], "INBOX.Sent"),
        ([("INBOX", ""), ("Presentations", "")], None),
        ([("INBOX", ""), ("Gesendete Objekte", "")], "Gesendete Objekte"),
        ([("&AMk-l&AOk-ments envoy&AOk-s", "")], "&AMk-l&AOk-ments envoy&AOk-s"),
        ([("&BeAF6QXcBdcF1Q-", "")], "&BeAF6QXcBdcF1Q-"),
        ([("&kAFP4W4IMH8-", "")], "&kAFP4W4IMH8-"),
        ([("INBOX.Sent Items", "")], "INBOX.Sent Items"),
        ([("[Gmail]/Sent Mail", "")], "[Gmail]/Sent Mail"),
        # The nearest to the root, and the English one of two.
        ([("Archive/Sent", ""), ("Gesendet", ""), ("Sent", "")], "Sent"),
        ([("Archive/Sent", ""), ("2025/Sent", ""), ("Gesendet", "")], "Gesendet"),
        # What cannot be opened is none.
        ([("[Gmail]", "\\noselect \\sent"), ("Sent", "")], "Sent"),
        ([("Sent", "\\nonexistent")], None),
        # No names at all: they are looked at and passed by.
        ([("", ""), (".", ""), ("&", ""), ("&AMk", ""), ("&AMk,!-", ""), ("&2D0-", "")], None),
    ],
)
def test_the_folder_of_what_was_sent(folders: list[tuple[str, str]], sent: str | None) -> None:
    listed = [Folder(name, frozenset(flags.split())) for name, flags in folders]
    assert looking.sent_folder(listed) == sent


@pytest.mark.parametrize(
    "name",
    [
        *("Spamverdacht", "Courrier ind&AOk-sirable", "INBOX.Junk E-mail", "INBOX/spam", "Junk"),
        *("Correo no deseado", "&BCEEPwQwBDw-", "&BdMF1QXQBegAIAXWBdEF3A-", "Bulk Mail"),
    ],
)
def test_the_folder_of_what_is_taken_for_junk(name: str) -> None:
    listed = [Folder(one, frozenset()) for one in ("INBOX", "Junkyard", name)]
    assert looking.junk_folder(listed) == name


def test_no_name_is_both_of_what_was_sent_and_of_junk() -> None:
    assert not set(folder_names.SENT) & set(folder_names.JUNK)
    assert folder_names.readable("R&AOk-union &- R&D") == "Réunion & R&D"


def test_the_newest_500_are_looked_through(serve: Serve) -> None:
    numbers = " ".join(str(uid) for uid in range(100_000, 0, -1))
    host = serve(script([], [f"* SEARCH {numbers}"]))
    found = ask_within(host, lambda session: session.since(NOW))
    assert found == list(range(99_501, 100_001))
    assert host.heard[4].split(b" ", 1)[1] == b"UID SEARCH SINCE 29-Nov-2026"


def _fetched(*mails: tuple[int, bytes], uid_behind: bool = False) -> bytes:
    said = b""
    for number, (uid, block) in enumerate(mails, 1):
        before, behind = (b"", b" UID %d" % uid) if uid_behind else (b"UID %d " % uid, b"")
        size = b"{%d}" % len(block)
        said += b"* %d FETCH (%bBODY[HEADER.FIELDS (TO)] %b\r\n" % (number, before, size)
        said += block + behind + b")\r\n"
    return said


@pytest.mark.parametrize("uid_behind", [False, True])
def test_headers_are_those_of_their_uid(serve: Serve, uid_behind: bool) -> None:
    said = _fetched((8, b"To: b\r\n\r\n"), (7, b"To: a\r\n\r\n"), uid_behind=uid_behind)
    found = ask_within(serve(script([], said)), lambda session: session.headers([7, 8, 9], ["To"]))
    assert found == {7: b"To: a\r\n\r\n", 8: b"To: b\r\n\r\n"}


def test_a_mail_is_asked_for_by_its_beginning(serve: Serve) -> None:
    host = serve(script([], ["* 1 FETCH (UID 7 RFC822.SIZE 60000000)"], _fetched((7, b"Hello"))))
    found = ask_within(host, lambda session: (session.size(7), session.part(7)))
    assert found == (60_000_000, b"Hello")
    assert host.heard[5].endswith(b"UID FETCH 7 (UID BODY.PEEK[]<0.262144>)")


TRACE = looking.Trace("<m1@example.com>", "mark1")


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (b"Message-ID: <m1@example.com>\r\n", looking.Found(7, True, "<m1@example.com>")),
        (
            b"Message-ID: <x@host>\r\nX-Linkwright-Send: mark1\r\n",
            looking.Found(7, False, "<x@host>"),
        ),
        (
            b"Message-ID: <x@host>\r\nX-Microsoft-Original-Message-ID: <m1@example.com>\r\n",
            looking.Found(7, False, "<x@host>"),
        ),
        (b"X-Google-Original-Message-ID:\r\n <m1@example.com>\r\n", looking.Found(7, False, None)),
        (b"Message-ID: <m10@example.com>\r\nX-Linkwright-Send: mark10\r\n", None),
        (b"Subject: <m1@example.com> mark1\r\n", None),
    ],
)
def test_a_mail_of_ours_is_found_by_what_is_in_its_header(
    serve: Serve, block: bytes, found: looking.Found | None
) -> None:
    said = _fetched((6, b"Message-ID: <other@example.com>\r\n\r\n"), (7, block + b"\r\n"))
    host = serve(script(["* 2 EXISTS", "* OK [UIDVALIDITY 1] x"], ["* SEARCH 6 7"], said))
    assert ask(host, lambda session: looking.find(session, "INBOX", TRACE, NOW)) == found
    assert host.heard[3].endswith(b'EXAMINE "INBOX"')
    assert host.heard[4].endswith(b"UID SEARCH SINCE 28-Nov-2026")


def test_a_folder_that_is_not_there_is_missing(serve: Serve) -> None:
    def refuse(talk: Talk) -> None:
        talk.say(f"{talk.heard[-1].split()[0].decode()} NO [NONEXISTENT] no")

    for question in (
        lambda session: session.select("Sent"),
        lambda session: session.append("Sent", b"Subject: a\r\n\r\n"),
    ):
        assert failure(lambda q=question: ask(serve(script(refuse)), q)) == Failure.FOLDER_MISSING


# ---- Headers ------------------------------------------------------------------------------------

SLOW = {
    "quotes": b"From: " + b'"' * 48_000 + b"\r\n\r\n",
    "encoded": b"Subject: " + b"=?utf-8?q?a?= " * 60_000 + b"\r\n\r\n",
    "parentheses": b"Authentication-Results: x; " + b"(" * 60_000 + b"\r\n\r\n",
    "many": b"X: y\r\n" * 100_000,
    "no colon": b"x" * 1_000_000,
    "folded": b"A: b\r\n" + b" c\r\n" * 100_000,
    "semicolons": b"DKIM-Signature: " + b"a=;" * 60_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("block", SLOW.values(), ids=SLOW)
def test_a_hostile_header_takes_no_time(block: bytes) -> None:
    began = time.process_time()
    found = headers.parsed(block)
    headers.authentication(found)
    headers.signatures(found)
    assert time.process_time() - began < 1
    assert all(len(value) <= 2048 for values in found.values() for value in values)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "mx.example.com; spf=pass (sender is 192.0.2.1) smtp.mailfrom=dana@example.com;"
            " dkim=fail (bad (really)) header.d=a; dkim=pass header.d=example.com; dmarc=pass",
            {"spf": "pass", "dkim": "pass", "dmarc": "pass"},
        ),
        ("mx.example.com; spf=softfail; dkim=none", {"spf": "softfail", "dkim": "none"}),
        ("mx.example.com; x=(dkim=pass) y", {}),
        ("mx.example.com 1; SPF = Neutral", {"spf": "neutral"}),
        ("mx.example.com; none", {}),
    ],
)
def test_what_the_host_says_of_who_sent_it(value: str, expected: dict[str, str]) -> None:
    forged = "Authentication-Results: other; dmarc=pass; spf=pass; dkim=pass"
    block = f"Authentication-Results: {value}\r\n{forged}\r\n\r\n".encode()
    assert headers.authentication(headers.parsed(block)) == expected


def test_the_selector_of_a_signature() -> None:
    block = b"DKIM-Signature: v=1; a=rsa-sha256; d=Example.com;\r\n s=sel1; b=abc==\r\n\r\n"
    assert headers.signatures(headers.parsed(block)) == [("example.com", "sel1")]
