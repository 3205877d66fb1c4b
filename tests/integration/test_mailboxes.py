"""Mailboxes: connected once their host lets us in, proven by one mail, and nothing of them told."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, sealing
from linkwright.mailer import lines
from linkwright.mailer.mailboxes import items, logging_in, tending
from linkwright.mailer.sending import running
from linkwright.providers.mailbox import xoauth2
from linkwright.providers.mailbox.types import Failure, MailboxFailed, OutcomeUnknown
from linkwright.providers.mailbox.xoauth2 import Access, Grant
from linkwright.table import Item, Table, get
from tests import heard, mailhost, nameserver, pump
from tests.client import Answer, Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.mailhost import Host
from tests.stack import Stack

PATH = "/v1/mailer/mailboxes"
EMAIL = "dana@example.com"


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


def connect(workspace: Workspace, wanted: dict[str, Any] | None = None) -> Answer:
    return workspace.client.post("/v1/mailer/mailboxes", json=wanted or mailhost.wanted(EMAIL))


def row(workspace: Workspace, mailbox: str) -> Item:
    found = get(Table.CORE, items.key(workspace.partition, mailbox))
    assert found is not None
    return found


def prove(stack: Stack, workspace: Workspace, hand: Hand, mailbox: str, seconds: int = 60) -> Item:
    """As it is after a while. A message that its queue holds back comes by the test's clock."""
    step = max(10, seconds // 20)
    for _ in range(seconds // step):
        pump.settle(stack, workspace.id)
        hand.move(step)
        workspace.tend(mailbox)
    pump.settle(stack, workspace.id)
    return dict(workspace.client.get(f"/v1/mailer/mailboxes/{mailbox}").json)


def change(workspace: Workspace, mailbox: str, wanted: dict[str, Any]) -> Answer:
    path = f"/v1/mailer/mailboxes/{mailbox}"
    at = {"If-Match": str(workspace.client.get(path).json["version"])}
    return workspace.client.request(
        "PATCH", f"/v1/mailer/mailboxes/{mailbox}", json=wanted, headers=at
    )


def events(stack: Stack, workspace: Workspace) -> list[tuple[str, int]]:
    rows = stack.rows("CoreTable", workspace.id)
    told = [one for one in rows if one.get("type") == "mailbox.state_changed"]
    return sorted((one["object"]["status"], one["sequence"]) for one in told)


def refusing(word: str, failure: Failure | Exception) -> Any:
    def does(asked: str) -> None:
        if asked == word:
            raise failure if isinstance(failure, Exception) else MailboxFailed(failure)

    return does


# ---- Connecting ---------------------------------------------------------------------------------


def test_201_once_the_host_lets_us_in(workspace: Workspace, host: Host) -> None:
    answer = connect(workspace)
    assert (answer.status, answer.json["status"]) == (201, "verifying")
    assert answer.headers["Location"] == f"{PATH}/{answer.json['id']}"
    assert answer.json["smtp"] == {
        **{"host": mailhost.HOST, "port": 465, "username": EMAIL},
        **{"auth": "password", "oauth": None},
    }
    assert (answer.json["daily_cap"], answer.json["gap_seconds"]) == (50, 600)
    assert answer.json["ramp"] == {"start": 10, "step": 1}
    assert [(how, server.port) for how, server in host.told] == [("smtp", 465), ("imap", 993)]
    assert host.sent == []
    shown = workspace.client.get(f"{PATH}/{answer.json['id']}").json
    assert shown["deliverability"]["mailbox"]["sent"] == 0
    known = {"deliverability": shown["deliverability"], "held_up": None}
    assert shown == {**answer.json, **known}


@pytest.mark.parametrize(
    ("word", "failure", "field"),
    [
        ("smtp", Failure.HOST_NOT_ALLOWED, "smtp.host"),
        ("smtp", Failure.LOGIN_REFUSED, "smtp.password"),
        ("smtp", Failure.STARTTLS_MISSING, "smtp.host"),
        ("smtp", Failure.TIMED_OUT, "smtp.host"),
        ("smtp", Failure.PROTOCOL_ERROR, "smtp.host"),
        ("imap", Failure.LOGIN_REFUSED, "imap"),
        ("imap", Failure.TLS_FAILED, "imap.host"),
    ],
)
def test_400_and_nothing_is_stored_where_it_does_not(
    stack: Stack, workspace: Workspace, host: Host, word: str, failure: Failure, field: str
) -> None:
    host.does = refusing(word, failure)
    answer = connect(workspace)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert answer.error["reason"] == failure.value
    assert mailhost.PASSWORD not in answer.raw
    rows = stack.rows("CoreTable", workspace.id)
    assert not [one for one in rows if "#MB" in one["pk"] or "#USE" in one["pk"]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"smtp": {"host": "127.0.0.1", "port": 465, "password": "x"}}, "smtp.host"),
        ({"smtp": {"host": mailhost.HOST, "port": 25, "password": "x"}}, "smtp.host"),
        ({"imap": {"host": mailhost.HOST, "port": 143}}, "imap.host"),
        ({"smtp": {"host": mailhost.HOST, "port": 465}}, "smtp"),
        ({"smtp": {"host": mailhost.HOST, "port": 465, "password": "a\r\nb"}}, "smtp.password"),
        ({"email": "dana@example.com\r\nBcc: x@example.com"}, "email"),
        ({"email": "דנה@example.com"}, "email"),
        ({"email": "dana@localhost"}, "email"),
        ({"imap": None}, None),
        ({"transport": "ses"}, None),
        ({"daily_cap": 101}, "daily_cap"),
        ({"gap_seconds": 0}, "gap_seconds"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"window": {"days": [], "start": "09:00", "end": "17:00"}}, "window.days"),
        ({"window": {"start": "17:00", "end": "09:00"}}, "window"),
    ],
)
def test_400_for_what_is_no_mailbox(
    workspace: Workspace, changes: dict[str, Any], field: str | None
) -> None:
    answer = connect(workspace, mailhost.wanted(EMAIL) | changes)
    assert (answer.status, answer.error.get("field")) == (400, field)


def test_400_for_a_provider_that_is_not_listed(workspace: Workspace, host: Host) -> None:
    answer = connect(workspace, mailhost.by_oauth(EMAIL, "https://evil.example.com/token"))
    assert (answer.status, answer.error["field"]) == (400, "smtp.oauth.provider")
    assert (host.refreshed, host.told) == ([], [])


def test_400_for_a_refresh_token_that_is_refused(workspace: Workspace, host: Host) -> None:
    host.does = refusing("token", Failure.TOKEN_REFUSED)
    answer = connect(workspace, mailhost.by_oauth(EMAIL))
    assert (answer.status, answer.error["field"]) == (400, "smtp.oauth.refresh_token")
    assert host.told == []


def test_409_for_a_second_mailbox_of_an_address(workspace: Workspace) -> None:
    assert connect(workspace).status == 201
    again = connect(workspace, mailhost.wanted("Dana@EXAMPLE.com"))
    assert (again.status, again.error["reason"]) == (409, "mailbox_exists")
    assert connect(make_workspace()).status == 201


def test_402_before_anybody_is_asked(stack: Stack, host: Host) -> None:
    free = make_workspace("free")
    assert connect(free).status == 201
    host.told.clear()
    answer = connect(free, mailhost.wanted("noa@example.com"))
    assert (answer.status, answer.error["dimension"]) == (402, "mailboxes")
    assert host.told == []


def test_201_again_for_the_same_key(workspace: Workspace) -> None:
    headers = {"Idempotency-Key": "once"}
    both = [
        workspace.client.post(PATH, json=mailhost.wanted(EMAIL), headers=headers) for _ in range(2)
    ]
    assert both[0].json == both[1].json
    assert len(workspace.client.get("/v1/mailer/mailboxes").json["data"]) == 1


# ---- What logs in -------------------------------------------------------------------------------


def test_what_logs_in_is_sealed_for_its_mailbox_alone(workspace: Workspace) -> None:
    mailbox, other = (workspace.own_mailbox() for _ in range(2))
    sealed = row(workspace, mailbox)["sealed"]
    assert mailhost.PASSWORD not in str(row(workspace, mailbox))
    opened = logging_in.unseal(sealed, workspace.partition, mailbox)
    assert (opened.password, repr(opened)) == (mailhost.PASSWORD, "Secrets()")
    for where in ((workspace.partition, other), (make_workspace().partition, mailbox)):
        with pytest.raises(sealing.Unsealable):
            logging_in.unseal(sealed, *where)


def test_a_mailbox_whose_secret_was_put_there_by_another_fails(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    mailbox, other = workspace.own_mailbox(), workspace.own_mailbox()
    stack.put("CoreTable", row(workspace, mailbox) | {"sealed": row(workspace, other)["sealed"]})
    shown = prove(stack, workspace, hand, mailbox)
    assert (shown["status"], shown["status_reason"]) == ("failed", "secret_lost")


def test_a_refresh_token_that_was_renewed_is_kept(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    mailbox = connect(workspace, mailhost.by_oauth(EMAIL)).json["id"]
    opened = logging_in.unseal(row(workspace, mailbox)["sealed"], workspace.partition, mailbox)
    assert opened.refresh_token == mailhost.NEXT_REFRESH
    assert prove(stack, workspace, hand, mailbox)["status"] == "active"
    assert {one.refresh_token for one in host.refreshed} == {
        mailhost.REFRESH,
        mailhost.NEXT_REFRESH,
    }


@pytest.mark.parametrize("trouble", ["the mail is on its way", "the host is away"])
def test_a_refresh_token_that_is_taken_once_is_kept_while_the_proof_waits(
    stack: Stack,
    workspace: Workspace,
    hand: Hand,
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    """As Microsoft's and others' are: each access has another one, and the one before is void."""
    valid, token = [mailhost.REFRESH], host.access(Grant("", "", None, mailhost.REFRESH), 1).token

    def access(grant: Grant, _timeout_s: float) -> Access:
        if grant.refresh_token != valid[-1]:
            raise MailboxFailed(Failure.TOKEN_REFUSED)
        valid.append(f"{mailhost.REFRESH}-{len(valid)}")
        return Access(token, valid[-1])

    monkeypatch.setattr(xoauth2, "access", access)
    mailbox = connect(workspace, mailhost.by_oauth(EMAIL)).json["id"]
    host.loses = trouble == "the mail is on its way"
    if not host.loses:
        host.does = refusing("smtp", Failure.HOST_UNREACHABLE)
    for _ in range(3):
        hand.move(60)
        workspace.tend(mailbox)
    host.loses, host.does = False, lambda word: None
    if trouble == "the mail is on its way":
        host.of(EMAIL)["INBOX"].append(host.results + host.sent[0][2])
    for _ in range(4):
        hand.move(120)
        workspace.tend(mailbox)
    shown = workspace.client.get(f"{PATH}/{mailbox}").json
    assert (shown["status"], shown["status_reason"]) == ("active", None)
    opened = logging_in.unseal(row(workspace, mailbox)["sealed"], workspace.partition, mailbox)
    assert opened.refresh_token == valid[-1]


def test_a_proof_begins_anew_where_what_logs_in_is_changed_meanwhile(
    stack: Stack, workspace: Workspace, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = connect(workspace, mailhost.by_oauth(EMAIL)).json["id"]
    where = (workspace.partition, mailbox)
    other = logging_in.Secrets(client_secret=mailhost.CLIENT_SECRET, refresh_token="1//other")
    sealed = logging_in.seal(other, *where)
    old = logging_in.Secrets(client_secret=mailhost.CLIENT_SECRET, refresh_token=mailhost.REFRESH)
    stack.put("CoreTable", row(workspace, mailbox) | {"sealed": logging_in.seal(old, *where)})

    def does(word: str) -> None:
        if word == "token":
            stack.put("CoreTable", row(workspace, mailbox) | {"sealed": sealed})

    host.does = does
    workspace.tend(mailbox)
    shown = workspace.client.get(f"{PATH}/{mailbox}").json
    assert (shown["status"], shown["status_reason"]) == ("failed", "token_refused")
    assert (row(workspace, mailbox)["sealed"], host.sent) == (sealed, [])


def test_a_refresh_token_that_the_worker_is_given_is_kept_for_its_mailbox_alone(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    mailbox = connect(workspace, mailhost.by_oauth(EMAIL)).json["id"]
    where = (workspace.partition, mailbox)
    old = logging_in.Secrets(client_secret=mailhost.CLIENT_SECRET, refresh_token=mailhost.REFRESH)
    before = logging_in.seal(old, *where)
    stack.put("CoreTable", row(workspace, mailbox) | {"sealed": before})
    assert prove(stack, workspace, hand, mailbox)["status"] == "active"
    after = row(workspace, mailbox)["sealed"]
    assert after != before
    assert logging_in.unseal(after, *where) == old._replace(refresh_token=mailhost.NEXT_REFRESH)
    assert logging_in.unseal(before, *where) == old
    with pytest.raises(sealing.Unsealable):
        logging_in.reseal(after, old, make_workspace().partition, mailbox)


# ---- Proving ------------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [True, False])
def test_a_mailbox_is_proven_by_one_mail_to_itself(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host, files: bool
) -> None:
    host.files = files
    mailbox = connect(workspace).json["id"]
    shown = prove(stack, workspace, hand, mailbox)
    assert (shown["status"], shown["status_reason"], shown["version"]) == ("active", None, 2)
    told = {name: value for name, value in shown["proof"].items() if name != "at"}
    assert told == {
        **{"found_in": "inbox", "sent_copy": "host" if files else "ours", "sent_folder": "Sent"},
        **{"keeps_message_id": True, "spf": "pass", "dkim": "pass", "dmarc": "pass"},
        **{"judged_by": "mx.example.com", "dkim_selectors": []},
    }
    [(sender, recipient, content)] = host.sent
    assert (sender, recipient) == (EMAIL, EMAIL)
    assert b"Auto-Submitted: auto-generated" in content
    assert events(stack, workspace) == [("active", 2)]


def test_what_a_host_does_to_a_mail_is_noted(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    host.replaces_ids, host.inbox = True, "Junk"
    host.results = b"Authentication-Results: mx; spf=fail; dmarc=fail\r\n"
    host.results += b"DKIM-Signature: v=1; d=example.com; s=s1; b=x\r\n"
    proof = prove(stack, workspace, hand, connect(workspace).json["id"])["proof"]
    assert (proof["found_in"], proof["keeps_message_id"]) == ("junk", False)
    assert (proof["spf"], proof["dkim"], proof["dmarc"]) == ("fail", None, "fail")
    assert proof["dkim_selectors"] == ["s1"]


def test_a_mail_that_never_comes_fails_the_mailbox(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    host.loses = True
    mailbox = connect(workspace).json["id"]
    assert prove(stack, workspace, hand, mailbox, 300)["status"] == "verifying"
    shown = prove(stack, workspace, hand, mailbox, 4500)
    assert (shown["status"], shown["status_reason"]) == ("failed", "probe_not_received")
    assert (len(host.sent), events(stack, workspace)) == (1, [("failed", 2)])
    assert not jobs.is_due(row(workspace, mailbox))


@pytest.mark.parametrize(
    ("word", "failure"),
    [
        ("smtp", Failure.LOGIN_REFUSED),
        ("send", Failure.SENDER_REFUSED),
        ("imap", Failure.LOGIN_REFUSED),
        ("token", Failure.TOKEN_REFUSED),
    ],
)
def test_what_is_refused_for_good_fails_it_at_once(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host, word: str, failure: Failure
) -> None:
    mailbox = connect(workspace, mailhost.by_oauth(EMAIL)).json["id"]
    host.does = refusing(word, failure)
    shown = prove(stack, workspace, hand, mailbox)
    assert (shown["status"], shown["status_reason"]) == ("failed", failure.value)
    assert events(stack, workspace) == [("failed", 2)]


@pytest.mark.parametrize("word", ["smtp", "send", "imap", "list", "token"])
def test_a_host_that_is_away_is_waited_for(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host, word: str
) -> None:
    mailbox = connect(workspace, mailhost.by_oauth(EMAIL)).json["id"]
    host.does = refusing(word, Failure.HOST_UNREACHABLE)
    assert prove(stack, workspace, hand, mailbox)["status"] == "verifying"
    host.does = lambda word: None
    assert prove(stack, workspace, hand, mailbox, 120)["status"] == "active"
    assert len(host.sent) == 1


def test_a_mail_that_nobody_answered_for_is_not_sent_again(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    host.does = refusing("sent", OutcomeUnknown())
    mailbox = connect(workspace).json["id"]
    assert prove(stack, workspace, hand, mailbox)["status"] == "active"
    assert len(host.sent) == 1


class _Killed(BaseException):
    """Of a worker: nothing catches it."""


WORDS = ["smtp", "send", "sent", "imap", "list"]


@pytest.mark.parametrize("word", WORDS)
def test_a_worker_that_is_killed_has_sent_one_mail_at_most(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host, word: str
) -> None:
    mailbox = connect(workspace).json["id"]
    killed: list[str] = []

    def kill(asked: str) -> None:
        if asked == word and not killed:
            killed.append(asked)
            raise _Killed

    host.does = kill
    message = jobs.at(items.key(workspace.partition, mailbox)).message()
    with pytest.raises(_Killed):
        invoke("tend_mailbox", queue_event([message]), Context(60_000))
    shown = prove(stack, workspace, hand, mailbox, 4500)
    # Before it is known to have been sent, nobody can say.
    expected = "failed" if word in {"smtp", "send"} else "active"
    assert (shown["status"], len(host.sent)) == (expected, expected == "active")
    assert events(stack, workspace) == [(expected, 2)]


def test_of_two_runs_one_sends(stack: Stack, workspace: Workspace, host: Host) -> None:
    mailbox = connect(workspace).json["id"]
    message = jobs.at(items.key(workspace.partition, mailbox)).message()
    inside: list[str] = []

    def again(asked: str) -> None:
        if asked == "send" and not inside:
            inside.append(asked)
            invoke("tend_mailbox", queue_event([message]), Context(60_000))

    host.does = again
    invoke("tend_mailbox", queue_event([message]), Context(60_000))
    assert len(host.sent) == 1


# ---- Changing -----------------------------------------------------------------------------------


@pytest.fixture
def active(stack: Stack, workspace: Workspace, hand: Hand) -> str:
    mailbox = str(connect(workspace).json["id"])
    assert prove(stack, workspace, hand, mailbox)["status"] == "active"
    mailhost.current().told.clear()
    return mailbox


def test_what_is_proven_has_its_inbox_read_from_then_on(workspace: Workspace, active: str) -> None:
    assert jobs.is_due(heard.reading(workspace, active))
    view = workspace.client.get(f"/v1/mailer/mailboxes/{active}").json
    assert view["held_up"] is None


def test_202_what_waits_for_a_mailbox_goes_once_it_is_proven(
    workspace: Workspace, active: str
) -> None:
    """Its line is rung, once: else it would look again in an hour."""
    line = get(Table.CORE, lines.line_key(workspace.partition, active)) or {}
    assert line["bell"] == 1


def test_200_changes_how_much_is_sent(workspace: Workspace, active: str, host: Host) -> None:
    wanted = {"daily_cap": 80, "ramp": {"start": 5, "step": 5}, "name": "Dana"}
    answer = change(workspace, active, wanted)
    assert (answer.status, answer.json["status"], answer.json["version"]) == (200, "active", 3)
    assert {name: answer.json[name] for name in wanted} == wanted
    assert change(workspace, active, {"name": None}).json["name"] is None
    assert (host.told, len(host.sent)) == ([], 1)
    assert jobs.is_due(row(workspace, active))


def test_409_for_a_version_that_is_old(workspace: Workspace, active: str) -> None:
    at = {"If-Match": "1"}
    path = f"{PATH}/{active}"
    answer = workspace.client.request("PATCH", path, json={"daily_cap": 9}, headers=at)
    assert (answer.status, answer.error["reason"]) == (409, "version_mismatch")


@pytest.mark.parametrize(
    "wanted",
    [
        {"imap": {"host": "evil.example.net", "port": 993}},
        {"imap": {"host": mailhost.HOST, "port": 994}},
        {"smtp": {"host": "evil.example.net", "port": 465}},
    ],
)
def test_400_as_no_stored_secret_follows_to_another_host(
    workspace: Workspace, active: str, host: Host, wanted: dict[str, Any]
) -> None:
    before = row(workspace, active)
    answer = change(workspace, active, wanted)
    assert (answer.status, answer.error["field"]) == (400, "smtp")
    assert (host.told, row(workspace, active)) == ([], before)


def test_200_and_proven_anew_by_another_password(
    stack: Stack, workspace: Workspace, active: str, hand: Hand, host: Host
) -> None:
    wanted = {"smtp": {"host": mailhost.HOST, "port": 587, "password": mailhost.PASSWORD}}
    answer = change(workspace, active, wanted)
    assert (answer.status, answer.json["status"], answer.json["proof"]) == (200, "verifying", None)
    assert prove(stack, workspace, hand, active)["status"] == "active"
    assert len(host.sent) == 2
    told = [("active", 2), ("active", 4), ("verifying", 3)]
    assert events(stack, workspace) == told


def test_400_and_as_it_was_where_another_password_is_refused(
    workspace: Workspace, active: str
) -> None:
    before = row(workspace, active)
    wrong = {"smtp": {"host": mailhost.HOST, "port": 465, "password": "wrong"}}
    assert change(workspace, active, wrong).status == 400
    assert row(workspace, active) == before


def test_200_disables_and_enables(
    stack: Stack, workspace: Workspace, active: str, hand: Hand, host: Host
) -> None:
    assert change(workspace, active, {"enabled": False}).json["status"] == "disabled"
    assert not jobs.is_due(row(workspace, active))
    assert change(workspace, active, {"enabled": True}).json["status"] == "verifying"
    assert prove(stack, workspace, hand, active)["status"] == "active"
    assert len(host.sent) == 2


def test_204_forgets_what_logs_in_and_ends_the_job(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host
) -> None:
    mailbox = connect(workspace).json["id"]
    assert workspace.client.request("DELETE", f"/v1/mailer/mailboxes/{mailbox}").status == 204
    assert workspace.client.get(f"/v1/mailer/mailboxes/{mailbox}").status == 404
    hand.move(60)
    message = jobs.at(items.key(workspace.partition, mailbox)).message()
    assert invoke("tend_mailbox", queue_event([message]))["batchItemFailures"] == []
    assert host.sent == []
    # Its line moves on who waits for it: nobody.
    running.run(jobs.Work(jobs.MAILBOX_LINE, *lines.line_key(workspace.partition, mailbox)))
    left = [one for one in stack.rows("CoreTable", workspace.id) if "#MB" in one["pk"]]
    assert [one.keys() for one in left] == [{"pk", "sk", "bell"}]
    assert connect(workspace).status == 201


# ---- Checks -------------------------------------------------------------------------------------

KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC5dFoJW0bYZbM8D0A8r6d1Ck0cRLkFSbwOVFCmD8sEcw0XwRVyUhg8"
    "0cVb0gPcDmEEqw5ijFRlMQo2NuWnwTZkQUsuOaE2nE8yVB0wHZ0XGnbwPMz2xRvOhpy0gEYK2WX6X3Q2tnbPLxKuMq4Q"
    "9v3sUIz5UD2kw1+dS4gQJk1wIQIDAQAB"
)


@pytest.fixture
def domain() -> str:
    from tests.factories import _OTHERS

    return f"mail{next(_OTHERS)}.example.com"


def publish(domain: str, **records: str) -> None:
    said = {
        "mx": (domain, "MX", f"10 mx.{domain}."),
        "spf": (domain, "TXT", "v=spf1 ip4:192.0.2.1 -all"),
        "dkim": (f"s1._domainkey.{domain}", "TXT", f"v=DKIM1; k=rsa; p={KEY}"),
        "dmarc": (f"_dmarc.{domain}", "TXT", "v=DMARC1; p=quarantine"),
    }
    for name, (where, kind, value) in said.items():
        text = records.get(name, value)
        if text in {"SERVFAIL", "SILENCE"}:
            nameserver.say(where, text)
        elif text:
            nameserver.say(where, kind, text)


def checked(workspace: Workspace, domain: str) -> Item:
    mailbox = workspace.own_mailbox(f"dana@{domain}", dkim_selector="s1")
    answer = workspace.client.get(f"/v1/mailer/mailboxes/{mailbox}/checks")
    assert answer.status == 200
    return dict(answer.json)


def test_200_another_selector_is_looked_at_at_once(
    stack: Stack, workspace: Workspace, hand: Hand, host: Host, domain: str
) -> None:
    publish(domain)
    mailbox = workspace.own_mailbox(f"dana@{domain}", dkim_selector="other")
    shown = prove(stack, workspace, hand, mailbox)
    assert (shown["status"], shown["checks"]["dkim"]["status"]) == ("active", "failed")
    assert change(workspace, mailbox, {"name": "Dana"}).status == 200
    assert "outbox" not in row(workspace, mailbox)
    assert change(workspace, mailbox, {"dkim_selector": "s1"}).status == 200
    pump.settle(stack, workspace.id)
    shown = workspace.client.get(f"{PATH}/{mailbox}").json
    assert shown["checks"]["dkim"]["status"] == "passed"


def test_200_what_is_published_is_passed(workspace: Workspace, domain: str) -> None:
    publish(domain)
    found = checked(workspace, domain)
    shown = {name: (found[name]["status"], found[name]["value"]) for name in ("mx", "spf", "dkim")}
    assert shown == {
        "mx": ("passed", f"mx.{domain}"),
        "spf": ("passed", None),
        "dkim": ("passed", "s1"),
    }
    assert (found["dmarc"]["status"], found["dmarc"]["value"]) == ("passed", "quarantine")
    assert found["alignment"] == {"status": "unknown", "reason": "not_told", "value": None}


@pytest.mark.parametrize(
    ("records", "name", "reason"),
    [
        ({"mx": ""}, "mx", "record_missing"),
        ({"mx": "0 ."}, "mx", "takes_no_mail"),
        ({"spf": "v=spf10 -all"}, "spf", "record_missing"),
        ({"spf": "v=spf1 +all"}, "spf", "allows_everybody"),
        ({"spf": "v=spf1 " + "a:x.example.com " * 11 + "-all"}, "spf", "too_many_lookups"),
        *[
            ({"spf": record}, "spf", "allows_nobody")
            for record in (
                "v=spf1 -all",
                "v=spf1",
                "v=spf1 ~all",
                "v=spf1 -mx ?a -all ip4:192.0.2.1",
            )
        ],
        *[
            ({"spf": f"v=spf1 {term} -all"}, "spf", "malformed")
            for term in (
                *("ipv4:192.0.2.1", "ip4:999.1.2.3", "ip4:192.0.2.1/33", "ip4:2001:db8::1"),
                *("ip4", "ip6:192.0.2.1", "include:", "include", "redirect=", "a:/24", "-all:x"),
                *("mail.example.com", "+redirect=example.com", "mx ip4=192.0.2.1 ip4:x", "~~a"),
            )
        ],
        ({"spf": "v=spf1 include:gone.example -all"}, "spf", "include_broken"),
        ({"spf": "v=spf1 -mx redirect=gone.example"}, "spf", "include_broken"),
        ({"spf": "v=spf1 ip4:0.0.0.0/0 -all"}, "spf", "allows_everybody"),
        ({"dkim": ""}, "dkim", "record_missing"),
        ({"dkim": "v=DKIM1; p="}, "dkim", "key_revoked"),
        ({"dkim": "v=DKIM1; p=abc"}, "dkim", "malformed"),
        ({"dmarc": "v=DMARC1; p=maybe"}, "dmarc", "malformed"),
        ({"dmarc": ""}, "dmarc", "record_missing"),
    ],
)
def test_200_what_is_not_as_it_should_be_is_failed(
    workspace: Workspace, domain: str, records: dict[str, str], name: str, reason: str
) -> None:
    publish(domain, **records)
    found = checked(workspace, domain)
    assert (found[name]["status"], found[name]["reason"]) == ("failed", reason)
    others = {"mx", "spf", "dkim", "dmarc"} - {name}
    assert {found[other]["status"] for other in others} == {"passed"}


def test_200_what_nobody_answers_for_is_unknown(workspace: Workspace, domain: str) -> None:
    publish(domain, dkim="SERVFAIL", dmarc="SERVFAIL")
    found = checked(workspace, domain)
    for name in ("dkim", "dmarc"):
        assert (found[name]["status"], found[name]["reason"]) == ("unknown", "dns_unavailable")
    assert found["spf"]["status"] == "passed"


def test_200_a_record_of_the_domain_above_counts(workspace: Workspace, domain: str) -> None:
    publish(domain)
    publish(f"team.{domain}", dmarc="")
    assert checked(workspace, f"team.{domain}")["dmarc"]["status"] == "passed"


def test_200_two_records_are_none(workspace: Workspace, domain: str) -> None:
    publish(domain)
    nameserver.say(domain, "TXT", "v=spf1 -all")
    assert checked(workspace, domain)["spf"]["reason"] == "several_records"


@pytest.mark.parametrize(
    ("included", "reason"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", None),
        ("v=spf1 redirect=_spf.%{d}", None),
        ("v=spf1 a mx/24 ptr exists:%{i}.x.example a:b.example/24//64 exp=x.example v=1", None),
        ("v=spf1 -all", "allows_nobody"),
        ("v=spf1 ~all", "allows_nobody"),
        ("v=spf1 +all", "allows_everybody"),
        ("v=spf1 ip4:1.2.3 -all", "include_broken"),
    ],
)
def test_200_an_include_lets_pass_whom_its_own_record_does(
    workspace: Workspace, domain: str, included: str, reason: str | None
) -> None:
    publish(domain, spf=f"v=spf1 include:{domain}.inc -all")
    nameserver.say(f"{domain}.inc", "TXT", included)
    found = checked(workspace, domain)["spf"]
    assert (found["status"], found["reason"]) == ("failed" if reason else "passed", reason)


def test_200_who_passes_before_an_error_passes(workspace: Workspace, domain: str) -> None:
    publish(domain, spf="v=spf1 ip6:2001:db8::/32 include:gone.example -all")
    assert checked(workspace, domain)["spf"]["status"] == "passed"


def test_200_includes_are_followed(workspace: Workspace, domain: str) -> None:
    publish(domain, spf=f"v=spf1 include:{domain}.inc -all")
    nameserver.say(f"{domain}.inc", "TXT", f"v=spf1 include:{domain}.inc -all")
    assert checked(workspace, domain)["spf"]["reason"] == "too_many_lookups"


def test_a_domain_is_looked_at_again(
    stack: Stack, workspace: Workspace, domain: str, hand: Hand
) -> None:
    mailbox = workspace.own_mailbox(f"dana@{domain}", dkim_selector="s1")
    shown = prove(stack, workspace, hand, mailbox)
    assert shown["checks"]["spf"]["status"] == "failed"
    publish(domain)
    hand.move(tending.SOONER.total_seconds() + 61)
    invoke("sweep_overdue", {})
    pump.settle(stack, workspace.id)
    again = workspace.client.get(f"/v1/mailer/mailboxes/{mailbox}").json
    assert (again["checks"]["spf"]["status"], again["version"]) == ("passed", shown["version"])
    assert again["checks"]["alignment"]["status"] == "passed"
    due = clock.parse(row(workspace, mailbox)["gsi2sk"]) - clock.now()
    assert timedelta(hours=23) < due < timedelta(hours=25)


# ---- SES ----------------------------------------------------------------------------------------


def test_a_mailbox_of_ses_is_proven_by_its_record(
    stack: Stack, workspace: Workspace, domain: str, hand: Hand, host: Host
) -> None:
    made = connect(workspace, {"email": f"news@{domain}", "transport": "ses"})
    assert (made.status, made.json["smtp"], made.json["imap"]) == (201, None, None)
    [record] = made.json["records"]
    assert record["name"] == f"_linkwright.{domain}"
    assert prove(stack, workspace, hand, made.json["id"])["status"] == "verifying"
    nameserver.say(record["name"], record["type"], record["value"])
    shown = prove(stack, workspace, hand, made.json["id"], 120)
    assert (shown["status"], shown["proof"], host.told) == ("active", None, [])


def test_a_domain_that_is_not_proven_fails_its_mailbox(
    stack: Stack, workspace: Workspace, domain: str, hand: Hand
) -> None:
    wanted = {"email": f"news@{domain}", "transport": "ses"}
    mailbox = connect(workspace, wanted).json["id"]
    other = connect(make_workspace(), wanted).json["records"][0]
    nameserver.say(other["name"], other["type"], other["value"])
    pump.settle(stack, workspace.id)
    hand.move(tending.PUBLISHED_WITHIN.total_seconds())
    shown = prove(stack, workspace, hand, mailbox)
    assert (shown["status"], shown["status_reason"]) == ("failed", "domain_not_proven")
