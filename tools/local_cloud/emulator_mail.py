"""As emulator_patches.py, which applies this: what is put right in MiniStack's SES."""

import asyncio
import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any

Event = dict[str, Any]

# The addresses at which SES simulates what becomes of a mail; a label after a plus is left out.
SIMULATOR = "simulator.amazonses.com"
_BECOMES: Mapping[str, tuple[str, ...]] = {
    "bounce": ("BOUNCE",),
    "suppressionlist": ("BOUNCE",),
    "complaint": ("DELIVERY", "COMPLAINT"),
}
# On AWS it takes longer than the answer to who has sent.
TOLD_AFTER_S = 0.5


def apply() -> None:
    relay_mail_as_it_is()
    authorize_raw_mail()
    tell_what_becomes_of_mail()


def relay_mail_as_it_is() -> None:
    """MiniStack makes a mail of its own of what it could read of a raw one: without its headers."""
    from ministack.services import ses_v2

    raw: ContextVar[bytes | None] = ContextVar("raw", default=None)
    handle, relay = ses_v2.handle_request, ses_v2._smtp_relay

    async def handle_noting(
        method: str, path: str, headers: Event, body: bytes, *rest: object
    ) -> object:
        token = raw.set(_raw_mail(path, body))
        try:
            return await handle(method, path, headers, body, *rest)
        finally:
            raw.reset(token)

    def relay_whole(sender: str, recipients: list[str], rebuilt: str) -> None:
        relay(sender, recipients, raw.get() or rebuilt)

    ses_v2.handle_request, ses_v2._smtp_relay = handle_noting, relay_whole


def _raw_mail(path: str, body: bytes) -> bytes | None:
    """What is asked to be sent, if it is a whole mail."""
    if not path.rstrip("/").endswith("/outbound-emails"):
        return None
    try:
        return base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"])
    except (ValueError, LookupError, TypeError):
        return None


def authorize_raw_mail() -> None:
    """On AWS a raw mail is a right of its own, on the identity that sends; MiniStack asks for
    another one, on everything.
    """
    from ministack.core import iam_actions

    named, resource_of = iam_actions.extract_iam_action, iam_actions._ses_v2_resource_arn

    def action_named(
        service: str, method: str, path: str, headers: Event, body: bytes, *rest: object
    ) -> str | None:
        action: str | None = named(service, method, path, headers, body, *rest)
        is_raw = service == "ses" and _raw_mail(path, body) is not None
        return "ses:SendRawEmail" if is_raw else action

    def resource_named(method: str, path: str, body: bytes, region: str, account: str) -> str:
        if _raw_mail(path, body) is None:
            return str(resource_of(method, path, body, region, account))
        sender = parseaddr(json.loads(body).get("FromEmailAddress", ""))[1]
        return f"arn:aws:ses:{region}:{account}:identity/{sender.rpartition('@')[2]}"

    iam_actions.extract_iam_action = action_named
    iam_actions._ses_v2_resource_arn = resource_named


def tell_what_becomes_of_mail() -> None:
    """MiniStack keeps configuration sets and their destinations, and tells them nothing. On AWS a
    mail's id has no domain.
    """
    from ministack.services import ses_v2

    handle = ses_v2.handle_request

    async def handle_and_tell(
        method: str, path: str, headers: Event, body: bytes, *rest: object
    ) -> object:
        answer = await handle(method, path, headers, body, *rest)
        raw = _raw_mail(path, body)
        if raw is None or answer[0] != 200:
            return answer
        status, told_headers, told = answer
        name = json.loads(told)["MessageId"].partition("@")[0]
        asked, loop = json.loads(body), asyncio.get_running_loop()
        loop.call_later(TOLD_AFTER_S, _publish, asked, name, raw)
        return status, told_headers, json.dumps({"MessageId": name}).encode()

    ses_v2.handle_request = handle_and_tell


def _publish(asked: Event, name: str, raw: bytes) -> None:
    """Tell each topic of the mail's set what it wants to know."""
    from ministack.services import ses_v2, sns

    known = ses_v2._config_sets.get(asked.get("ConfigurationSetName", "")) or {}
    for place in (known.get("EventDestinations") or {}).values():
        topic = place.get("SnsDestination", {}).get("TopicArn")
        wanted = set(place.get("MatchingEventTypes", [])) if place.get("Enabled") else set()
        for kind, event in _events(asked, name, raw):
            if topic and kind in wanted:
                sns.publish_internal(
                    topic, json.dumps(event), "Amazon SES Email Event Notification"
                )


def _events(asked: Event, name: str, raw: bytes) -> Iterator[tuple[str, Event]]:
    """By the first reader's address, as SES's simulator has it."""
    [to, *_] = asked["Destination"]["ToAddresses"]
    local, _, domain = to.partition("@")
    address = local.partition("+")[0]
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tags = {one["Name"]: [one["Value"]] for one in asked.get("EmailTags", [])}
    headers = [{"name": key, "value": str(value)} for key, value in message_from_bytes(raw).items()]
    mail = {
        "timestamp": at,
        "source": asked.get("FromEmailAddress", ""),
        "messageId": name,
        "destination": [to],
        "headersTruncated": False,
        "headers": headers,
        "tags": {"ses:configuration-set": [asked["ConfigurationSetName"]], **tags},
    }
    details = {
        "DELIVERY": {"timestamp": at, "recipients": [to], "smtpResponse": "250 2.6.0 OK"},
        "BOUNCE": {
            "bounceType": "Permanent",
            "bounceSubType": "Suppressed" if address == "suppressionlist" else "General",
            "bouncedRecipients": [{"emailAddress": to}],
            **{"timestamp": at, "feedbackId": str(uuid.uuid4())},
        },
        "COMPLAINT": {
            "complainedRecipients": [{"emailAddress": to}],
            "complaintFeedbackType": "abuse",
            **{"timestamp": at, "feedbackId": str(uuid.uuid4())},
        },
    }
    becomes = _BECOMES.get(address, ()) if domain == SIMULATOR else ()
    for kind in becomes or ("DELIVERY",):
        told = kind.capitalize()
        yield kind, {"eventType": told, kind.lower(): details[kind], "mail": mail}
