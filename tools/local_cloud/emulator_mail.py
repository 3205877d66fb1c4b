"""As emulator_patches.py, which applies this: what is put right in MiniStack's SES."""

import base64
import json
from contextvars import ContextVar
from email.utils import parseaddr
from typing import Any

Event = dict[str, Any]


def apply() -> None:
    relay_mail_as_it_is()
    authorize_raw_mail()


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
