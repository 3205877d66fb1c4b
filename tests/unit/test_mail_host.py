"""The local mail host: what comes by SMTP is shown by HTTP, and again at the next start."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkwright.providers.mail import Mail, message
from tools.mail_host import MailHost, start_mail_host

SENDER = "notices@example.org"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[MailHost]:
    with start_mail_host(tmp_path / "mail") as host:
        yield host


def _send(host: MailHost, content: bytes, *to: str) -> None:
    name, _, port = host.smtp.partition(":")
    with smtplib.SMTP(name, int(port), timeout=10) as client:
        client.sendmail(SENDER, to, content)


def _shown(host: MailHost, query: str = "") -> list[dict[str, Any]]:
    answer = httpx.get(f"{host.url}/messages{query}").raise_for_status()
    assert answer.headers["content-type"] == "application/json"
    shown: list[dict[str, Any]] = answer.json()["messages"]
    return shown


def _mail(to: str, subject: str = "שלום 👋", **said: Any) -> bytes:
    return message(Mail(to, subject, "טקסט\n.\nסוף\n", **said), SENDER)


def test_a_mail_is_shown_decoded_and_whole(host: MailHost) -> None:
    sent = _mail("a@example.com", html="<p>שלום</p>", headers={"X-Custom": "ערך 🎉"})
    _send(host, sent, "a@example.com", "b@example.com")
    (shown,) = _shown(host)
    assert shown["to"] == ["a@example.com", "b@example.com"]
    assert (shown["from"], shown["subject"]) == (SENDER, "שלום 👋")
    assert (shown["text"], shown["html"]) == ("טקסט\n.\nסוף\n", "<p>שלום</p>\n")
    assert shown["headers"]["X-Custom"] == "ערך 🎉"
    assert shown["headers"]["Auto-Submitted"] == "auto-generated"
    assert shown["received_at"].endswith("Z")
    (letter,) = host.letters.newest()
    assert letter.content == sent


def test_the_newest_comes_first_and_an_address_has_its_own(host: MailHost) -> None:
    for n in range(3):
        _send(host, _mail("a@example.com", f"a{n}"), "a@example.com")
        _send(host, _mail("b@example.com", f"b{n}"), "b@example.com")
    assert [one["subject"] for one in _shown(host)] == ["b2", "a2", "b1", "a1", "b0", "a0"]
    of_a = _shown(host, "?to=A%40example.com")
    assert [one["subject"] for one in of_a] == ["a2", "a1", "a0"]
    assert _shown(host, "?to=nobody@example.com") == []


def test_the_next_host_shows_what_came_to_the_one_before(tmp_path: Path) -> None:
    with start_mail_host(tmp_path) as host:
        for n in range(3):
            _send(host, _mail("a@example.com", f"a{n}"), "a@example.com")
        before, ports = _shown(host), host.ports
    # Cut off before its envelope was there.
    (tmp_path / "2099.eml").write_bytes(b"half")
    with start_mail_host(tmp_path, ports) as host:
        assert host.ports == ports
        assert _shown(host) == before
        _send(host, _mail("a@example.com", "a3"), "a@example.com")
        assert [one["subject"] for one in _shown(host)] == ["a3", "a2", "a1", "a0"]


def test_many_at_once_are_all_kept(host: MailHost) -> None:
    senders = [
        threading.Thread(target=_send, args=(host, _mail("a@example.com", f"{n}"), "a@example.com"))
        for n in range(30)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert {one["subject"] for one in _shown(host)} == {str(n) for n in range(30)}


_ODD = [
    (b"\xff\xfe no headers", "", None),
    (b"Subject: =?utf-8?b?!!!?=\r\n\r\nt", None, "t"),
    (b"Subject: =?no-such?q?a?=\r\n\r\nt", "=?no-such?q?a?=", "t"),
    (b"Subject: raw \xd7\xa9\r\n\r\nt", None, "t"),
    (b"Subject: a\r\n b\r\n\r\n", "a b", ""),
    (b"Content-Type: text/plain; charset=no-such\r\n\r\n\xd7\xa9", "", "ש"),
    (b"From: " + b'"' * 48_000 + b"\r\n\r\nt", "", "t"),
]


@pytest.mark.parametrize(("content", "subject", "text"), _ODD)
def test_whatever_comes_can_be_shown(
    host: MailHost, content: bytes, subject: str | None, text: str | None
) -> None:
    host.letters.add(SENDER, ["a@example.com"], content)
    (shown,) = _shown(host)
    assert subject is None or shown["subject"] == subject
    assert text is None or shown["text"] == text
    assert httpx.get(host.url).status_code == 200


def test_the_page_runs_nothing_that_came(host: MailHost) -> None:
    assert "No mail yet" in httpx.get(host.url).text
    sent = message(Mail("a@example.com", "<script>1</script>", "<img src=x>\n"), SENDER)
    _send(host, sent, "a@example.com")
    page = httpx.get(host.url)
    assert "&lt;script&gt;1&lt;/script&gt;" in page.text
    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert httpx.get(f"{host.url}/else").status_code == 404


def test_it_ends_though_somebody_is_still_connected(tmp_path: Path) -> None:
    with start_mail_host(tmp_path) as host:
        name, _, port = host.smtp.partition(":")
        idle = socket.create_connection((name, int(port)), timeout=10)
        assert idle.recv(100).startswith(b"220")
    with idle:
        assert idle.recv(100) == b""
