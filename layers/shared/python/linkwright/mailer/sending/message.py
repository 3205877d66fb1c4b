"""The mail that an email becomes: with what the law asks for, in the thread of what was sent."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from linkwright.mailer import footer, lines
from linkwright.mailer.items import CampaignView, EmailView, LeadView
from linkwright.mailer.lines import Send
from linkwright.providers import mail as wire
from linkwright.providers.mail import Mail, judged, one_click
from linkwright.providers.mailbox.looking import MARK

_LINK = re.compile(r"https://[^\s<>\"']+")
_RTL = frozenset({"ar", "fa", "he", "ur"})


def made(
    campaign: CampaignView,
    lead: LeadView,
    email: EmailView,
    mailbox: Mapping[str, Any],
    earlier: Sequence[Send],
    message_id: str,
    unsubscribe_url: str,
) -> Mail:
    """By `earlier`, what was really sent to the lead, the first first. Raises `MailRefused`, also
    for what could not be put on the wire.
    """
    under = footer.text(campaign, lead, unsubscribe_url)
    text = f"{email['body'].rstrip()}\n\n{under}\n"
    language = (lead.get("language") or campaign["language"]).partition("-")[0]
    name = campaign.get("sender_name") or mailbox.get("name") or ""
    letter = Mail(
        to=judged(lead["email"]),
        subject=lines.answering(earlier[0]["subject"]) if earlier else email["subject"],
        text=text,
        html=as_html(text, language) if campaign["format"] == "html" else None,
        headers={
            **_thread(earlier),
            **one_click(unsubscribe_url),
            MARK: mark(lead["id"], email["seq"]),
        },
        automatic=False,
        sender_name=name,
        message_id=message_id,
    )
    wire.message(letter, mailbox["email"])
    return letter


def mark(lead_id: str, seq: int) -> str:
    """By which a step is known in the Sent folder, whoever has written over its Message-ID."""
    return f"{lead_id}.{seq}"


def as_html(text: str, language: str) -> str:
    """The text and nothing else: what looks like markup in it is text, and links are https."""
    paragraphs = [_linked(one) for one in text.rstrip().split("\n\n")]
    direction = "rtl" if language in _RTL else "ltr"
    body = "".join(f"<p>{one}</p>\n" for one in paragraphs)
    return f'<html lang="{html.escape(language)}" dir="{direction}"><body>\n{body}</body></html>\n'


def _linked(text: str) -> str:
    parts, at = [], 0
    for found in _LINK.finditer(text):
        url = html.escape(found[0])
        parts += [html.escape(text[at : found.start()]), f'<a href="{url}">{url}</a>']
        at = found.end()
    return "".join([*parts, html.escape(text[at:])]).replace("\n", "<br>\n")


def _thread(earlier: Sequence[Send]) -> dict[str, str]:
    """By the ids under which they went: a host may have given its own."""
    if not earlier:
        return {}
    names = [f"<{id_of(one)}>" for one in earlier]
    return {"In-Reply-To": names[-1], "References": " ".join(names)}


def id_of(send: Send) -> str:
    return send.get("sent_message_id", send["message_id"])
