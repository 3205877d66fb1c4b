"""A mailbox at the local mail host, over TLS by SMTP and IMAP: connected, and proven."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkwright import egress, egress_dialling, settings
from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox import imap, looking, smtp, xoauth2
from linkwright.providers.mailbox.types import (
    Failure,
    MailboxFailed,
    OutcomeUnknown,
    Password,
    Server,
)
from tests import heard, mailing, pump
from tests.clocks import Hand
from tests.factories import Workspace
from tests.stack import Stack
from tools.mail_host import MailHost, start_mail_host

# Before anything stands in their place.
_CLIENTS = (smtp.logged_in, imap.logged_in, xoauth2.access, egress.fetch)
PATH, EMAIL = "/v1/mailer/mailboxes", "dana@demo-shop.example"


@pytest.fixture
def host(
    tmp_path: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch, exchange: object
) -> Iterator[MailHost]:
    with start_mail_host(tmp_path) as made:
        for module, name, client in zip(
            (smtp, imap, xoauth2, egress),
            ("logged_in", "logged_in", "access", "fetch"),
            _CLIENTS,
            strict=True,
        ):
            monkeypatch.setattr(module, name, client)
        trusted = ssl.create_default_context(cafile=str(made.authorities))
        monkeypatch.setattr(egress_dialling, "tls", lambda: trusted)
        monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", "true")
        monkeypatch.setenv("MAIL_OAUTH_URL", f"{made.url}/token")
        settings.settings.cache_clear()
        yield made
    settings.settings.cache_clear()


def wanted(host: MailHost, **smtp_says: Any) -> dict[str, Any]:
    if "oauth" not in smtp_says:
        smtp_says = {"password": host.accounts.add(EMAIL)} | smtp_says
    return {
        "email": EMAIL,
        "dkim_selector": "local",
        "smtp": {"host": "localhost", "port": host.submission} | smtp_says,
        "imap": {"host": "localhost", "port": host.imap},
    }


def proven(stack: Stack, workspace: Workspace, hand: Hand, mailbox: str) -> dict[str, Any]:
    for _ in range(5):
        pump.settle(stack, workspace.id)
        hand.move(15)
        workspace.tend(mailbox)
    return dict(workspace.client.get(f"{PATH}/{mailbox}").json)


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize("how", ["password", "oauth"])
def test_a_mailbox_is_connected_and_proven(
    stack: Stack,
    workspace: Workspace,
    host: MailHost,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    files: bool,
) -> None:
    hand, host.manners.files_sent = Hand(monkeypatch), files
    host.manners.replaces_ids = files
    body = wanted(host)
    if how == "oauth":
        grant = {"provider": "local", "client_id": "c", "refresh_token": host.accounts.grant(EMAIL)}
        body = wanted(host, oauth=grant)
    made = workspace.client.post(PATH, json=body)
    assert made.status == 201, made.raw
    shown = proven(stack, workspace, hand, made.json["id"])
    proof = shown["proof"]
    assert (shown["status"], proof["sent_copy"]) == ("active", "host" if files else "ours")
    assert (proof["keeps_message_id"], proof["spf"], proof["dmarc"]) == (not files, "pass", "pass")
    found = {name: shown["checks"][name]["status"] for name in ("spf", "dkim", "dmarc", "mx")}
    assert set(found.values()) == {"passed"}
    mails = httpx.get(f"{host.url}/messages?to={EMAIL}").json()["messages"]
    assert [one["subject"] for one in mails] == ["Linkwright has connected this mailbox"]


def test_400_for_another_password(workspace: Workspace, host: MailHost) -> None:
    answer = workspace.client.post(PATH, json=wanted(host, password="wrong"))
    assert (answer.status, answer.error["reason"]) == (400, "login_refused")


def test_400_for_a_host_that_the_setting_does_not_open(
    workspace: Workspace, host: MailHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", "false")
    settings.settings.cache_clear()
    answer = workspace.client.post(PATH, json=wanted(host))
    assert (answer.status, answer.error["reason"]) == (400, "host_not_allowed")


def test_the_stage_at_which_a_host_fails_is_known(host: MailHost) -> None:
    login = Password(EMAIL, host.accounts.add(EMAIL))
    mail = b"Message-ID: <m1@example.com>\r\nSubject: hi\r\n\r\nHello.\r\n"
    for starts_plain in (False, True):
        port = host.starttls if starts_plain else host.submission
        server = Server("localhost", port, starts_plain)
        host.manners.replies = {"DATA": "451 later"}
        with smtp.logged_in(server, login, Deadline(5)) as session:
            with pytest.raises(MailboxFailed) as failed:
                session.send(EMAIL, EMAIL, mail)
            assert (failed.value.failure, failed.value.code) == (Failure.DEFERRED, 451)
        host.manners.replies, host.manners.drops = {}, True
        with smtp.logged_in(server, login, Deadline(5)) as session, pytest.raises(OutcomeUnknown):
            session.send(EMAIL, EMAIL, mail)
        host.manners.drops = False
    now = datetime.now(UTC)
    with imap.logged_in(Server("localhost", host.imap), login, Deadline(5)) as session:
        trace = looking.Trace("<m1@example.com>", "none")
        assert looking.find(session, "INBOX", trace, now) is not None
        assert looking.find(session, "Sent", trace, now) is None
        session.append("Sent", mail)
        before = session.select("INBOX")
        assert looking.find(session, "Sent", trace, now) is not None
    host.reset(EMAIL)
    with imap.logged_in(Server("localhost", host.imap), login, Deadline(5)) as session:
        after = session.select("INBOX")
        assert (after.exists, before.exists) == (2, 2)
        assert after.uid_validity != before.uid_validity


def _answers(host: MailHost, about: str, text: str) -> None:
    said = {"from": heard.READER, "to": EMAIL, "subject": "Re: An idea", "text": text}
    said |= {"headers": {"In-Reply-To": f"<{about}>", "References": f"<{about}>"}}
    assert httpx.post(f"{host.url}/messages", json=said).status_code in {200, 201}


@pytest.mark.slow
def test_an_answer_at_the_host_is_heard_once_though_its_folder_is_numbered_anew(
    stack: Stack, workspace: Workspace, host: MailHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = workspace.client.post(PATH, json=wanted(host)).json["id"]
    shown = proven(stack, workspace, Hand(monkeypatch), mailbox)
    assert (shown["status"], shown["proof"]["judged_by"]) == ("active", "localhost")
    campaign = mailing.put_campaign(workspace, [mailbox], state="active")
    lead = mailing.put_ready(workspace, campaign)
    about = heard.put_sent(workspace, lead, mailbox)
    heard.read(workspace, mailbox)
    before = heard.reading(workspace, mailbox)["last_uid"]
    _answers(host, "other@example.com", "Nothing of yours.")
    _answers(host, about, "Yes, please call me.")
    heard.read(workspace, mailbox)
    known = heard.reading(workspace, mailbox)
    assert known["last_uid"] == before + 2
    host.reset(EMAIL)
    _answers(host, about, "Tomorrow would be fine.")
    heard.read(workspace, mailbox)
    assert heard.reading(workspace, mailbox)["uid_validity"] != known["uid_validity"]
    assert workspace.client.get(f"/v1/mailer/leads/{lead}").json["status"] == "replied"
    texts = sorted(one["text"] for one in heard.messages(workspace, lead))
    assert texts == ["Tomorrow would be fine.", "Yes, please call me."]
