"""The telephone carrier of a workspace: calls are placed, ended and looked up here.

What becomes of a call the carrier tells by signed callbacks (`received`), in any order and more
than once. Test mode has an account of its own, or none: it never reaches the live one.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from linkwright import clock, deadline, errors, pace
from linkwright.http import Request
from linkwright.observability import count, logger
from linkwright.providers import twilio_callbacks, twilio_http, twilio_words
from linkwright.providers.twilio import (
    RECORDING_TYPE,
    Account,
    AccountRefused,
    Machine,
    NotFound,
    NotPlaced,
    Order,
    RateLimited,
    Rejected,
    Twilio,
    TwilioError,
    Unknown,
)
from linkwright.providers.twilio_callbacks import Fields, Malformed, Route
from linkwright.settings import settings
from linkwright.vault import carrier_account, reread

__all__ = ["NotFound", "NotPlaced", "RateLimited", "Rejected", "TwilioError", "Unknown"]

RING_S = 30
# Twilio asks again, at once and up to three times, whatever the failure was: its own rule is to do
# so only where it cannot connect. A turn has its 8 seconds and what a cold start takes; all tries
# together have 15. Neither sent nor signed; see
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
OVERRIDES = "rc=3&rp=all&ct=2000&rt=10000&tt=15000"
# For an hour of sound; and what the worker keeps to store it.
_FETCH_S = 45.0
_RESERVE_S = 10.0
# When a refused account is tried again where that could not be written down for all.
_TRY_AGAIN = timedelta(seconds=60)
_SIGNATURE = "x-twilio-signature"
_TYPE = re.compile(r"application/x-www-form-urlencoded( *;.*)?", re.IGNORECASE)

Read = TypeVar("Read")


class CarrierNotConfigured(Exception):
    """There is no account for this mode, no number to call from, or no URL to be called back at."""


@dataclass(frozen=True)
class Dial:
    """One attempt of a call: from one of the account's numbers, or from that of the deployment.

    `whole_greeting`: of a machine, tell after its greeting. `recorded`: from the moment at which
    it is answered.
    """

    partition: str
    call_id: str
    attempt: int
    to: str = field(repr=False)
    from_: str | None = field(repr=False)
    time_limit_s: int
    whole_greeting: bool = False
    recorded: bool = False

    def url(self, kind: str, turn: int | None = None) -> str:
        route = Route(self.partition, self.call_id, self.attempt, kind, turn)
        url = twilio_callbacks.public_url(settings().public_url, route.path())
        return f"{url}#{OVERRIDES}"


@dataclass(frozen=True)
class Recording:
    """The sound of a call."""

    audio: bytes
    content_type: str


@dataclass(frozen=True)
class Callback:
    """What the carrier told, of which attempt of which call."""

    route: Route
    fields: Fields

    @property
    def failed(self) -> Route | None:
        """The page in whose stead this one is asked for: the carrier did not get it."""
        try:
            return twilio_callbacks.route(urlsplit(dict(self.fields).get("ErrorUrl", "")).path)
        except (Malformed, ValueError):
            return None


@dataclass(frozen=True)
class Carrier:
    """One account. Raises `TwilioError`, by what is known of the effect; see `twilio.py`.

    While the carrier refuses the account itself, everything raises `pace.Paused`: nothing was done.
    """

    twilio: Twilio
    phone_number: str | None

    @property
    def account(self) -> str:
        return self.twilio.account.sid

    def place(self, dial: Dial) -> str:
        """Dial; the carrier's id of the call. Raises `NotPlaced`, `RateLimited` or `Unknown`."""
        return self.twilio.place(
            Order(
                to=dial.to,
                from_=self.caller_id(dial.from_),
                answer_url=dial.url("answer"),
                status_url=dial.url("status"),
                time_limit_s=dial.time_limit_s,
                ring_s=RING_S,
                machine=Machine(dial.url("machine"), dial.whole_greeting),
                recording_url=dial.url("recording") if dial.recorded else None,
            )
        )

    def caller_id(self, wanted: str | None) -> str:
        """The number that calls. Raises `CarrierNotConfigured`."""
        number = wanted or self.phone_number
        if number is None:
            raise CarrierNotConfigured
        return number

    def find(self, dial: Dial, since: datetime, until: datetime) -> list[str]:
        """The ids of calls like this one that were placed between two moments."""
        found = self.twilio.find(dial.to, self.caller_id(dial.from_), since, until)
        return [call.sid for call in found]

    def second_leg_s(self, sid: str) -> int | None:
        """How long a call was put through to others; None while that goes on."""
        legs = self.twilio.legs(sid)
        if any(leg.is_going_on for leg in legs):
            return None
        return sum(leg.duration_s or 0 for leg in legs)

    def recording(self, sid: str) -> Recording:
        within_s = min(_FETCH_S, deadline.seconds_left() - _RESERVE_S)
        audio = self.twilio.recording(sid, within_s)
        return Recording(audio, RECORDING_TYPE)


def told_of_account(partition: str, code: int | None) -> None:
    """Pause the account if a call's end says that it is refused: the next would end so too."""
    if (account := carrier_account(partition)) and twilio_words.is_about_account(200, code):
        with suppress(pace.Paused):
            _Watch(partition, account.account_sid).refused(AccountRefused(200, code))


@dataclass(frozen=True)
class _Watch(twilio_http.Watch):
    """Pauses an account that is refused, for all who use it, after the secret was read again."""

    partition: str
    sid: str

    def require_open(self) -> None:
        pace.require_open(self.sid)

    def other_tokens(self, refused: SecretStr) -> list[SecretStr]:
        reread()
        found = carrier_account(self.partition)
        known = found.tokens if found and found.account_sid == self.sid else []
        return [token for token in known if token != refused]

    def refused(self, why: AccountRefused) -> None:
        count("carrier_paused")
        logger().error("the carrier refuses our account", extra={"why": f"{why}"})
        try:
            until = pace.pause(self.sid, f"{why}")
        except errors.Unavailable:
            until = clock.now() + _TRY_AGAIN
        raise pace.Paused(until) from why

    def accepted(self) -> None:
        # Else the next one finds that it works.
        with suppress(errors.Unavailable):
            pace.resume(self.sid)


def carrier(partition: str) -> Carrier:
    """Raises `CarrierNotConfigured`, and `Unavailable`."""
    found = carrier_account(partition)
    if found is None or not settings().public_url:
        raise CarrierNotConfigured
    watch = _Watch(partition, found.account_sid)
    account = Account(found.account_sid, found.auth_token, found.base_url, watch)
    return Carrier(Twilio(account), found.phone_number)


def received(request: Request) -> Callback:
    """A callback, if the carrier has signed it for its configured URL. Nothing is read before.

    Raises `ResourceNotFound`, `InvalidRequest` and `Forbidden`.
    """
    try:
        route = twilio_callbacks.route(request.path)
    except Malformed:
        raise errors.ResourceNotFound("There is no such route.") from None
    fields = read(lambda: twilio_callbacks.parse_form(_form(request)))
    url = twilio_callbacks.public_url(settings().public_url, request.path, request.raw_query)
    signature = request.headers.get(_SIGNATURE, "")
    if not _is_genuine(route.partition, url, fields, signature):
        # Perhaps by a token that is newer than what we know.
        reread()
        if not _is_genuine(route.partition, url, fields, signature):
            raise errors.Forbidden
    return Callback(route, fields)


def _is_genuine(partition: str, url: str, fields: Fields, signature: str) -> bool:
    account = carrier_account(partition)
    return any(
        twilio_callbacks.is_genuine(url, fields, signature, token.get_secret_value())
        for token in (account.tokens if account else [])
    )


def read(reader: Callable[[], Read]) -> Read:
    """What a callback says, or `InvalidRequest`."""
    try:
        return reader()
    except Malformed:
        raise errors.InvalidRequest("The form cannot be read.") from None


def _form(request: Request) -> bytes:
    if not _TYPE.fullmatch(request.headers.get("content-type", "")):
        raise errors.UnsupportedMediaType("The body must be a form.")
    return request.body()
