"""Calls on Twilio: placed, ended and looked up.

A failure to place one says what is known of its effect: what may exist is never dialled again.
Source: https://www.twilio.com/docs/voice/api/call-resource.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from linkwright import clock
from linkwright.providers import twilio_http
from linkwright.providers.twilio_callbacks import CALL_SID, moment
from linkwright.providers.twilio_http import (
    API_URL,
    Account,
    AccountRefused,
    NotFound,
    NotPlaced,
    RateLimited,
    Rejected,
    TwilioError,
    Unavailable,
    Unknown,
)
from linkwright.providers.twilio_words import Machine, Order

__all__ = [
    "API_URL",
    "Account",
    "AccountRefused",
    "Machine",
    "NotFound",
    "NotPlaced",
    "Order",
    "RateLimited",
    "Rejected",
    "TwilioError",
    "Unavailable",
    "Unknown",
]

# For a question about calls; a recording takes as long as whoever fetches it has.
TIMEOUT_S = 10.0
# An hour of MP3 is 30 MB.
MAX_RECORDING_BYTES = 40_000_000
RECORDING_TYPE = "audio/mpeg"
PAGE_SIZE = 200
MAX_PAGES = 5

_ALREADY_OVER = 21220
_GOING_ON = frozenset({"queued", "initiated", "ringing", "in-progress"})
_DELETED = 204


@dataclass(frozen=True)
class CallState:
    """A call as Twilio has it; `created_at` is None while it is too new to say."""

    sid: str
    status: str
    answered_by: str | None
    duration_s: int | None
    created_at: datetime | None

    @property
    def is_going_on(self) -> bool:
        return self.status in _GOING_ON


class _Call(BaseModel):
    sid: str = Field(pattern=f"^{CALL_SID.pattern}$")
    status: str
    direction: str = ""
    answered_by: str | None = None
    duration: str | None = None
    date_created: str | None = None
    start_time: str | None = None

    def state(self) -> CallState:
        duration = int(self.duration) if self.duration and self.duration.isdecimal() else None
        created = moment(self.date_created) or moment(self.start_time)
        return CallState(self.sid, self.status, self.answered_by, duration, created)


class _Page(BaseModel):
    calls: list[_Call]
    next_page_uri: str | None = None

    def placed(self, since: datetime, until: datetime) -> list[CallState]:
        # A transfer to the same number is no call that was placed.
        calls = (call.state() for call in self.calls if call.direction == "outbound-api")
        return [
            call for call in calls if call.created_at is None or since <= call.created_at <= until
        ]

    def is_older_than(self, since: datetime) -> bool:
        times = [call.state().created_at for call in self.calls]
        return all(time is not None and time < since for time in times)


class _Recording(BaseModel):
    status: str


@dataclass(frozen=True)
class Twilio:
    """One account. A question takes at most `timeout_s`, and never longer than the function has."""

    account: Account

    def place(self, order: Order, timeout_s: float = TIMEOUT_S) -> str:
        """Dial; the call's SID. Raises `NotPlaced`, `RateLimited` or `Unknown`."""
        answer = twilio_http.place(self.account, order.form(), timeout_s)
        return twilio_http.read(_Call, answer, Unknown).sid

    def end(self, sid: str, timeout_s: float = TIMEOUT_S) -> CallState:
        """Hang up, or stop ringing; a call that is over stays as it is."""
        try:
            return self._call("POST", sid, timeout_s, [("Status", "completed")])
        except Rejected as rejected:
            if rejected.code != _ALREADY_OVER:
                raise
        return self.fetch(sid, timeout_s)

    def redirect(self, sid: str, url: str, timeout_s: float = TIMEOUT_S) -> CallState:
        """Break off what the call does: it goes on as `url` says. `Rejected` if it is over."""
        return self._call("POST", sid, timeout_s, [("Url", url), ("Method", "POST")])

    def fetch(self, sid: str, timeout_s: float = TIMEOUT_S) -> CallState:
        return self._call("GET", sid, timeout_s)

    def find(
        self, to: str, from_: str, since: datetime, until: datetime, timeout_s: float = TIMEOUT_S
    ) -> list[CallState]:
        """The calls that were placed from a number to another between two moments, both included.

        Not by Twilio's filter of start times: it knows days only, and a call that waits to be
        dialled has no start yet. One without any time is as new as can be, and counts. Raises
        `Unavailable` also if there are too many to look through.
        """
        query = urlencode({"To": to, "From": from_, "PageSize": PAGE_SIZE})
        uri = first = self.account.path(f"Calls.json?{query}")
        # Twilio's times are whole seconds.
        since = since.replace(microsecond=0)
        found: list[CallState] = []
        end = clock.monotonic() + timeout_s
        for _ in range(MAX_PAGES):
            answer = twilio_http.ask(self.account, "GET", uri, end - clock.monotonic())
            page = twilio_http.read(_Page, answer, Unavailable)
            found += page.placed(since, until)
            # The newest come first.
            if page.next_page_uri is None or page.is_older_than(since):
                return found
            uri = page.next_page_uri
            # Our credentials go where they went at first.
            if not uri.startswith(first.partition("?")[0] + "?"):
                raise Unavailable("the next page is somewhere else")
        raise Unavailable("too many calls")

    def legs(self, sid: str, timeout_s: float = TIMEOUT_S) -> list[CallState]:
        """The calls that were placed from within a call: one for each number it was put through."""
        query = urlencode({"ParentCallSid": sid, "PageSize": PAGE_SIZE})
        answer = twilio_http.ask(
            self.account, "GET", self.account.path(f"Calls.json?{query}"), timeout_s
        )
        return [call.state() for call in twilio_http.read(_Page, answer, Unavailable).calls]

    def recording(self, sid: str, timeout_s: float) -> bytes:
        """The sound, of `RECORDING_TYPE`. Raises `Unavailable` also if it is too large, or none."""
        path = self.account.path(f"Recordings/{sid}.mp3")
        most = MAX_RECORDING_BYTES
        sound = twilio_http.ask(self.account, "GET", path, timeout_s, max_bytes=most).body
        # What is kept is deleted at Twilio then.
        if not twilio_http.is_mp3(sound):
            raise Unavailable("no sound")
        return sound

    def delete_recording(self, sid: str, timeout_s: float = TIMEOUT_S) -> None:
        """Doing so twice is doing it once. Raises `NotFound` for what Twilio does not know yet."""
        path = self.account.path(f"Recordings/{sid}.json")
        try:
            answer = twilio_http.ask(self.account, "DELETE", path, timeout_s)
        except NotFound:
            # What it has deleted it remembers for 40 days.
            path = f"{path}?IncludeSoftDeleted=true"
            answer = twilio_http.ask(self.account, "GET", path, timeout_s)
            if twilio_http.read(_Recording, answer, Unavailable).status != "deleted":
                raise
        else:
            if answer.status != _DELETED:
                raise Unavailable(f"status {answer.status}")

    def _call(
        self, method: str, sid: str, timeout_s: float, form: twilio_http.Form = ()
    ) -> CallState:
        path = self.account.path(f"Calls/{sid}.json")
        answer = twilio_http.ask(self.account, method, path, timeout_s, form)
        return twilio_http.read(_Call, answer, Unavailable).state()
