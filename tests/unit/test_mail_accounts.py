"""The local mail host's own accounts: who may send and read, and what comes of a mail."""

import base64
import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tools.mail_host import MailHost, start_mail_host

OURS, THEIRS = "dana@example.com", "noa@example.org"
MAIL = b"From: dana@example.com\r\nMessage-ID: <m1@example.com>\r\nSubject: hi\r\n\r\nHello.\r\n"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[MailHost]:
    with start_mail_host(tmp_path) as host:
        host.accounts.add(OURS, "pass")
        yield host


def _tls(host: MailHost) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(host.authorities))


def _smtp(host: MailHost) -> smtplib.SMTP_SSL:
    return smtplib.SMTP_SSL("localhost", host.submission, context=_tls(host), timeout=10)


def _send(host: MailHost, *to: str, password: str = "pass") -> None:
    with _smtp(host) as client:
        client.login(OURS, password)
        client.sendmail(OURS, to, MAIL)


def _imap(host: MailHost, address: str = OURS, password: str = "pass") -> imaplib.IMAP4_SSL:
    client = imaplib.IMAP4_SSL("localhost", host.imap, ssl_context=_tls(host), timeout=10)
    try:
        client.login(address, password)
    except imaplib.IMAP4.error:
        client.shutdown()
        raise
    return client


def _held(host: MailHost, folder: str) -> list[bytes]:
    client = _imap(host)
    client.select(folder, readonly=True)
    _, found = client.fetch("1:*", "(BODY.PEEK[])")
    client.logout()
    return [one[1] for one in found if isinstance(one, tuple)]


def test_a_mail_to_an_account_is_in_its_inbox_and_shown(host: MailHost) -> None:
    _send(host, OURS, THEIRS)
    (held,) = _held(host, "INBOX")
    assert held.endswith(MAIL)
    assert held.startswith(b"Authentication-Results: localhost; spf=pass")
    assert _held(host, "Sent") == []
    shown = httpx.get(f"{host.url}/messages?to={THEIRS}").json()["messages"]
    assert [one["subject"] for one in shown] == ["hi"]


def test_starttls_comes_before_a_password(host: MailHost) -> None:
    with smtplib.SMTP("localhost", host.starttls, timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=_tls(host))
        client.login(OURS, "pass")
        client.sendmail(OURS, [OURS], MAIL)
    assert len(_held(host, "INBOX")) == 1


@pytest.mark.parametrize("password", ["", "other"])
def test_nobody_else_is_let_in(host: MailHost, password: str) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        _send(host, THEIRS, password=password)
    with pytest.raises(imaplib.IMAP4.error):
        _imap(host, password=password)
    with _smtp(host) as client, pytest.raises(smtplib.SMTPSenderRefused):
        client.sendmail(OURS, [THEIRS], MAIL)


def test_an_account_sends_from_its_own_address(host: MailHost) -> None:
    with _smtp(host) as client:
        client.login(OURS, "pass")
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail(THEIRS, [OURS], MAIL)


def test_a_refresh_token_gives_tokens_that_let_in(host: MailHost) -> None:
    asked = {"grant_type": "refresh_token", "refresh_token": host.accounts.grant(OURS)}
    token = httpx.post(f"{host.url}/token", data=asked).json()["access_token"]
    sentence = f"user={OURS}\x01auth=Bearer {token}\x01\x01"
    with _smtp(host) as client:
        client.ehlo()
        said = base64.b64encode(sentence.encode()).decode()
        assert client.docmd("AUTH", f"XOAUTH2 {said}")[0] == 235
    client = imaplib.IMAP4_SSL("localhost", host.imap, ssl_context=_tls(host), timeout=10)
    assert client.authenticate("XOAUTH2", lambda _: sentence.encode())[0] == "OK"
    client.logout()
    refused = httpx.post(f"{host.url}/token", data={"refresh_token": "other"})
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})


def test_somebody_answers(host: MailHost) -> None:
    said: dict[str, Any] = {"from": THEIRS, "to": OURS, "subject": "Re: hi", "text": "Yes.\n"}
    said["headers"] = {"In-Reply-To": "<m1@example.com>"}
    answer = httpx.post(f"{host.url}/messages", json=said)
    (held,) = _held(host, "INBOX")
    assert answer.status_code == 201
    for part in (answer.json()["message_id"], "In-Reply-To: <m1@example.com>", "Yes."):
        assert part.encode() in held


def test_a_host_tells_of_a_mail_by_a_whole_message(host: MailHost) -> None:
    raw = "Message-ID: <m2@example.com>\r\nReturn-Path: <>\r\n\r\nIt came back.\r\n"
    said = {"from": "postmaster@example.com", "to": OURS, "raw": raw}
    answer = httpx.post(f"{host.url}/messages", json=said)
    assert (answer.status_code, answer.json()["message_id"]) == (201, "<m2@example.com>")
    assert _held(host, "INBOX") == [raw.encode()]


def test_whoever_watches_is_told_each_word_and_whence_it_comes(host: MailHost) -> None:
    told: list[tuple[str, str]] = []
    ports: set[int] = set()

    def watch(word: str, address: str, port: int) -> None:
        told.append((word, address))
        ports.add(port)

    host.manners.watch = watch
    _send(host, OURS)
    assert told == [(word, OURS) for word in ("AUTH", "MAIL", "RCPT", "DATA")]
    assert len(ports) == 1
    assert ports != {0}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"from": "a", "to": 7}'])
def test_400_for_what_is_no_mail(host: MailHost, body: bytes) -> None:
    assert httpx.post(f"{host.url}/messages", content=body).status_code == 400


@pytest.mark.slow
def test_hosts_differ_as_the_real_ones_do(host: MailHost) -> None:
    host.manners.files_sent = host.manners.replaces_ids = True
    _send(host, OURS)
    (held,), (sent,) = _held(host, "INBOX"), _held(host, "Sent")
    assert b"<m1@example.com>" not in held + sent
    host.manners.loses = True
    _send(host, OURS)
    assert (len(_held(host, "INBOX")), len(_held(host, "Sent"))) == (1, 2)
    host.manners.loses, host.manners.drops = False, True
    with pytest.raises(smtplib.SMTPServerDisconnected):
        _send(host, OURS)
    assert len(_held(host, "INBOX")) == 2


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "AUTH"])
def test_a_host_may_refuse_at_each_word(host: MailHost, word: str) -> None:
    host.manners.replies[word] = "451 later"
    with pytest.raises(smtplib.SMTPException):
        _send(host, OURS)
    assert _held(host, "INBOX") == []


def test_an_inbox_may_be_numbered_anew(host: MailHost) -> None:
    _send(host, OURS)
    client = _imap(host)
    client.select("INBOX")
    before = client.response("UIDVALIDITY")
    host.reset(OURS)
    client.select("INBOX")
    assert client.response("UIDVALIDITY") != before
    client.logout()
    assert len(_held(host, "INBOX")) == 1


def test_the_next_host_knows_accounts_and_their_mail(tmp_path: Path) -> None:
    with start_mail_host(tmp_path) as host:
        password, token = host.accounts.add(OURS), host.accounts.grant(OURS)
        _send(host, OURS, password=password)
        ports = host.ports
    with start_mail_host(tmp_path, ports) as host:
        assert (host.ports, host.accounts.add(OURS)) == (ports, password)
        assert host.accounts.access(token) is not None
        client = _imap(host, OURS, password)
        assert client.select("INBOX")[1] == [b"1"]
        client.logout()
