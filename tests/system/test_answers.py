"""Leads over HTTP from the push to the answer: researched, approved, mailed by the demo's mailbox,
answered at the local mail host, heard, and answered in turn.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests import heard
from tests.clocks import noon
from tests.system.conftest import Api
from tools.demo_mailbox import EMAIL, MAILBOX_ID
from tools.local_cloud.cloud import Cloud

ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "start": "00:00",
    "end": "23:59",
}
_THROTTLE = {"window": ALWAYS, "gap_seconds": 0, "jitter_seconds": 0}
# A day of a delay is a second: longer than a request that approves, so that nobody's second mail is
# due before somebody's first.
DELAY = 30
_PATIENCE_S = 300.0
# Who is who; those of a firm are colleagues. Nobody was a lead before.
_TAG = uuid4().hex[:8]
EAGER, GONE, ANGRY, AWAY, WEARY, HEBREW, CLICKER, SILENT = (
    f"{name}@{name}-{_TAG}.example"
    for name in ("eager", "gone", "angry", "away", "weary", "noa", "clicker", "silent")
)
DOV, COLLEAGUE, ASSISTANT = (f"{name}@firm-{_TAG}.example" for name in ("dov", "tal", "office"))
LEADS = (EAGER, GONE, ANGRY, AWAY, WEARY, HEBREW, DOV, COLLEAGUE, CLICKER, SILENT)
# What becomes of each: its status, what its answer is taken for, and what is told of that.
ENDS: dict[str, tuple[str, str | None, str | None]] = {
    EAGER: ("replied", "interested", "lead.replied"),
    GONE: ("bounced", None, "lead.bounced"),
    ANGRY: ("complained", None, "lead.complained"),
    AWAY: ("active", "ooo", "lead.auto_replied"),
    WEARY: ("unsubscribed", "unsubscribe", "lead.unsubscribed"),
    HEBREW: ("replied", "not_interested", "lead.replied"),
    DOV: ("replied", "interested", "lead.replied"),
    COLLEAGUE: ("finished", None, None),
    CLICKER: ("unsubscribed", None, "lead.unsubscribed"),
}
BARRED = {GONE: "bounced", ANGRY: "complained", WEARY: "unsubscribed", CLICKER: "unsubscribed"}
_NO_THANKS = "תודה על הפנייה, זה לא רלוונטי עבורנו כרגע."
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass
class _Talk:
    """A campaign whose first mails have come; `leads` by address."""

    api: Api
    cloud: Cloud
    campaign: str
    leads: dict[str, str] = field(default_factory=dict)

    def show(self, email: str) -> Any:
        return self.get(f"/v1/mailer/leads/{self.leads[email]}")

    def once(self, email: str, is_so: Callable[[Any], bool]) -> Any:
        """A lead as it is shown, as soon as it is so."""
        return _once(lambda: shown if is_so(shown := self.show(email)) else None)

    def get(self, path: str) -> Any:
        return self.api.show(path)

    def thread(self, email: str) -> list[Any]:
        return list(self.get(f"/v1/mailer/leads/{self.leads[email]}/messages")["data"])

    def mails(self, email: str) -> list[dict[str, Any]]:
        """What came to an address, the first first."""
        shown = httpx.get(f"{self.cloud.mail.url}/messages", params={"to": email}).json()
        return list(shown["messages"][::-1])

    def about(self, email: str) -> str:
        return str(self.mails(email)[0]["headers"]["Message-ID"])

    def answer(self, email: str, text: str, sender: str = "", **headers: str) -> str:
        """Somebody answers the newest mail to an address, as mail programs do."""
        newest = self.mails(email)[-1]["headers"]
        before = newest.get("References", "")
        named = {
            "In-Reply-To": newest["Message-ID"],
            "References": f"{before} {newest['Message-ID']}".strip(),
        }
        quoted = f"{text}\n\nOn Mon, 1 Feb 2027 at 10:00 {EMAIL} wrote:\n> Hello\n> there\n"
        wanted = {"from": sender or email, "to": EMAIL, "subject": "Re: it", "text": quoted}
        return self.post(wanted | {"headers": named | headers})

    def post(self, wanted: dict[str, Any]) -> str:
        answer = httpx.post(f"{self.cloud.mail.url}/messages", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["message_id"])

    def report(self, kind: Callable[[str, str], bytes], email: str) -> None:
        """A host tells of the mail to an address."""
        raw = kind(self.about(email).strip("<>"), email).decode()
        self.post({"from": "postmaster@mx.example", "to": EMAIL, "raw": raw})

    def reply(self, email: str, last: str, text: str) -> httpx.Response:
        wanted = {"text": text, "last_message_id": last}
        return self.api.send("POST", f"/v1/mailer/leads/{self.leads[email]}/reply", json=wanted)

    def mails_as_it_likes(self) -> None:
        """From the next start on."""
        path = f"/v1/mailer/campaigns/{self.campaign}"
        headers = {"If-Match": str(self.get(path)["version"])}
        answer = self.api.send("PATCH", path, json={"throttle": _THROTTLE}, headers=headers)
        assert answer.status_code == 200, answer.text

    def change(self, verb: str) -> None:
        path = f"/v1/mailer/campaigns/{self.campaign}/{verb}"
        answer = self.api.send("POST", path, json={})
        assert answer.status_code == 200, answer.text


@pytest.mark.timeout(1_200)
def test_each_answer_is_heard_and_nothing_is_mailed_behind_it(api: Api, cloud: Cloud) -> None:
    talk = _mailed(api, cloud)
    talk.change("pause")
    talk.mails_as_it_likes()
    _scanners_look(talk)
    back = datetime.now(UTC).date() + timedelta(days=20)
    _speak(talk, back)
    for email, (status, intent, _) in ENDS.items():
        talk.once(email, partial(_is, status=status))
        if intent is not None:
            shown = talk.once(email, lambda now: now["reply"] is not None)
            assert shown["reply"]["intent"] == intent, email
    _require_told(talk, back)
    _require_texts(talk)
    _require_an_answer_in_the_thread(talk)
    talk.change("start")
    _once(lambda: len(talk.mails(SILENT)) == 2)
    # Nobody has anything ahead but who is away.
    path = f"/v1/mailer/campaigns/{talk.campaign}"
    counts = _once(lambda: _has(talk.get(path)["lead_counts"], finished=2))
    assert (counts["ready"], counts["active"]) == (0, 1)
    for email in ENDS:
        assert len(talk.mails(email)) == (3 if email == EAGER else 1), email


def _mailed(api: Api, cloud: Cloud) -> _Talk:
    """Everybody was pushed, researched, approved and sent their first mail."""
    mailbox = f"/v1/mailer/mailboxes/{MAILBOX_ID}"
    _once(lambda: api.send("GET", mailbox).json()["status"] == "active")
    version = str(api.send("GET", mailbox).json()["version"])
    wanted: dict[str, Any] = {"window": ALWAYS, "gap_seconds": 1}
    changed = api.send("PATCH", mailbox, json=wanted, headers={"If-Match": version})
    assert changed.status_code == 200, changed.text
    always: dict[str, Any] = {"business_days": False, "stop_for_company": True}
    wanted = {
        **{"name": "Answers", "postal_address": "1 Main Street, Haifa"},
        **{
            "mailbox_ids": [MAILBOX_ID],
            "steps": [always | {"delay_days": days} for days in (0, DELAY)],
        },
        # Their second mails wait, however long the first ones take, also across midnight.
        "throttle": _THROTTLE | {"daily_limit": len(LEADS), "time_zone": noon()},
    }
    made = api.send("POST", "/v1/mailer/campaigns", json=wanted)
    assert made.status_code == 201, made.text
    talk = _Talk(api, cloud, made.json()["id"])
    leads = [{"email": email, "metadata": _metadata(email)} for email in LEADS]
    path = f"/v1/mailer/campaigns/{talk.campaign}"
    pushed = api.send("POST", f"{path}/leads", json={"leads": leads}).json()
    talk.leads = {
        email: row["lead_id"] for email, row in zip(LEADS, pushed["results"], strict=True)
    }
    items = []
    for email in LEADS:
        emails = talk.once(email, lambda now: len(now["emails"]) == 2)["emails"]
        items += [{"lead_id": one["lead_id"], "seq": one["seq"], "version": 1} for one in emails]
    # Nothing goes that nobody has approved, also of a campaign that mails.
    talk.change("start")
    approved = api.send("POST", f"{path}/emails/approve", json={"items": items})
    assert approved.json()["approved"] == len(items) == 2 * len(LEADS)
    for email in LEADS:
        talk.once(email, lambda now: now["emails"][0]["state"] == "sent")
    return talk


def _metadata(email: str) -> dict[str, str]:
    return {"crm": email.partition("@")[0], "שם": "ערך"}


def _scanners_look(talk: _Talk) -> None:
    """What scans mails opens all that is in them, and that changes nothing."""
    links = 0
    for email in LEADS:
        [mail] = talk.mails(email)
        said = f"{mail['text']} {mail['headers']['List-Unsubscribe']}"
        for link in dict.fromkeys(_LINK.findall(said)):
            opened = talk.api.send("GET", urlsplit(link).path, token=None)
            assert (opened.status_code, "<form" in opened.text) == (200, True)
            links += 1
    assert links >= len(LEADS)
    assert {talk.show(email)["status"] for email in LEADS} == {"active"}


def _speak(talk: _Talk, back: date) -> None:
    talk.answer(EAGER, "Yes, please call me.")
    talk.report(heard.bounce, GONE)
    talk.report(heard.complaint, ANGRY)
    away = f"I am out of the office and back on {back:%-d %B %Y}."
    talk.answer(AWAY, away, **{"Auto-Submitted": "auto-replied"})
    talk.answer(WEARY, "Please take me off your list.")
    talk.answer(HEBREW, _NO_THANKS)
    talk.answer(DOV, "Yes, please call him.", sender=ASSISTANT)
    [mail] = talk.mails(CLICKER)
    path = urlsplit(mail["headers"]["List-Unsubscribe"].strip("<>")).path
    said = {"List-Unsubscribe": "One-Click"}
    assert talk.api.send("POST", path, token=None, data=said).status_code == 200


def _require_told(talk: _Talk, back: date) -> None:
    """Each by its event, with the lead's metadata as it was pushed."""
    for email, (_, _, event_type) in ENDS.items():
        lead = talk.leads[email]
        told = talk.get(f"/v1/events?object={lead}")["data"]
        types = sorted(one["type"] for one in told)
        last = [event_type] if event_type else []
        assert types == sorted([*last, "lead.created", "lead.researched"]), email
        for one in told:
            assert one["metadata"] == _metadata(email)
            assert one["data"]["object"]["metadata"] == _metadata(email)
        entry = talk.get(f"/v1/mailer/suppressions?email={email}")["data"]
        assert [(one["source"], one["until"]) for one in entry] == (
            [(BARRED[email], None)] if email in BARRED else []
        )
        states = [one["state"] for one in talk.show(email)["emails"]]
        assert states == ["sent", "approved" if email == AWAY else "canceled"], email
    ids = set(talk.leads.values())
    sent = talk.get("/v1/events?type=email.sent&limit=100")["data"]
    mine = [one for one in sent if one["data"]["object"]["lead_id"] in ids]
    assert {one["data"]["object"]["lead_id"] for one in mine} == ids
    by_id = {lead: email for email, lead in talk.leads.items()}
    for one in mine:
        assert one["metadata"] == _metadata(by_id[one["data"]["object"]["lead_id"]])
    assert talk.show(AWAY)["reply"]["returns_at"] == f"{back}T00:00:00Z"
    assert talk.show(AWAY)["reply"]["state"] == "automatic"


def _require_texts(talk: _Talk) -> None:
    """Answers are kept without what they quote, by whom they are really from."""
    for email, text, sender in (
        (EAGER, "Yes, please call me.", EAGER),
        (HEBREW, _NO_THANKS, HEBREW),
        (DOV, "Yes, please call him.", ASSISTANT),
    ):
        theirs, ours = talk.thread(email)
        assert (theirs["direction"], ours["direction"]) == ("received", "sent")
        assert (theirs["text"], theirs["sender"]) == (text, sender)


def _require_an_answer_in_the_thread(talk: _Talk) -> None:
    first, theirs = talk.about(EAGER), talk.thread(EAGER)[0]
    named = _newest_id(talk)
    assert talk.reply(EAGER, theirs["id"], "Gladly, on Tuesday.").status_code == 202
    _once(lambda: len(talk.mails(EAGER)) == 2)
    ours = talk.mails(EAGER)[1]
    _require_behind(ours, [first, named])
    # They answer that. Whoever has not read it is told, and mails nothing.
    again = talk.answer(EAGER, "Wednesday is better.")
    newest = _once(lambda: _newer(talk, theirs["id"]))
    assert newest["text"] == "Wednesday is better."
    late = talk.reply(EAGER, theirs["id"], "See you on Tuesday.")
    assert (late.status_code, late.json()["error"]["reason"]) == (409, "newer_message")
    assert talk.reply(EAGER, newest["id"], "Then on Wednesday.").status_code == 202
    _once(lambda: len(talk.mails(EAGER)) == 3)
    _require_behind(talk.mails(EAGER)[2], [first, named, ours["headers"]["Message-ID"], again])
    texts = [one["text"].strip() for one in talk.mails(EAGER)[1:]]
    assert texts == ["Gladly, on Tuesday.", "Then on Wednesday."]
    _once(lambda: _states_of_ours(talk) == {"sent"})


def _newest_id(talk: _Talk) -> str:
    """Of what somebody wrote to us."""
    [mail] = [one for one in talk.mails(EMAIL) if one["from"] == EAGER]
    return str(mail["headers"]["Message-ID"])


def _newer(talk: _Talk, known: str) -> Any:
    received = [one for one in talk.thread(EAGER) if one["direction"] == "received"]
    return received[0] if received[0]["id"] != known else None


def _require_behind(mail: dict[str, Any], ids: list[str]) -> None:
    """It answers the last of these, in the thread of all."""
    assert mail["headers"]["In-Reply-To"] == ids[-1]
    assert mail["headers"]["References"].split() == ids
    assert mail["subject"].startswith("Re: ")
    assert mail["from"] == EMAIL


def _states_of_ours(talk: _Talk) -> set[str]:
    return {one["state"] for one in talk.thread(EAGER) if one["direction"] == "sent"}


def _is(shown: Any, status: str) -> bool:
    return bool(shown["status"] == status)


def _has(counts: Any, **wanted: int) -> Any:
    return counts if counts.items() >= wanted.items() else None


def _once(look: Callable[[], Any]) -> Any:
    """What is found, as soon as it is."""
    end = time.monotonic() + _PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.5)
    return found
