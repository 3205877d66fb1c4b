"""A call as the carrier keeps it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Event as Flag
from threading import Lock

import phonenumbers

from tools.carrier.behaviour import Behaviour
from tools.carrier.orders import Hook, Order

API_VERSION = "2010-04-01"


class HungUp(Exception):
    """`by` is agent, callee, api, or time_limit."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


@dataclass(frozen=True)
class Turn:
    """`who` is agent, callee, or carrier for what Twilio itself says."""

    who: str
    text: str
    language: str = ""
    voice: str = ""


@dataclass(eq=False)
class Call:
    sid: str
    account_sid: str
    order: Order
    behaviour: Behaviour
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    parent_sid: str | None = None
    status: str = "queued"
    answered_by: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    duration_s: int | None = None
    ended_by: str = ""
    turns: list[Turn] = field(default_factory=list)
    over: Flag = field(default_factory=Flag)
    """The call has ended and all that there was to report of it is reported."""
    interrupted: Flag = field(default_factory=Flag)
    """Set when the API wants something of the call: `hung_up`, or `redirected`."""
    hung_up: bool = False
    redirected: Hook | None = None
    lock: Lock = field(default_factory=Lock)

    @property
    def direction(self) -> str:
        return "outbound-dial" if self.parent_sid else "outbound-api"

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"

    def said(self, who: str) -> list[str]:
        return [turn.text for turn in self.turns if turn.who == who]

    def end(self, status: str, duration_s: int = 0) -> None:
        with self.lock:
            self.status, self.duration_s, self.ended = status, duration_s, datetime.now(UTC)

    def params(self) -> dict[str, str]:
        """What Twilio says of a call in each request it makes. It sends empty fields too."""
        to, sender = self.order.to, self.order.sender
        said = {
            "CallSid": self.sid,
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "Direction": self.direction,
            "CallStatus": self.status,
            "To": to,
            "Called": to,
            "From": sender,
            "Caller": sender,
        }
        for side, number in (("To", to), ("Called", to), ("From", sender), ("Caller", sender)):
            said |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": ""}
            said[f"{side}Country"] = _country(number)
        if self.parent_sid:
            said["ParentCallSid"] = self.parent_sid
        return said

    def resource(self) -> dict[str, object]:
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "annotation": None,
            "answered_by": self.answered_by,
            "api_version": API_VERSION,
            "caller_name": None,
            "date_created": format_datetime(self.created),
            "date_updated": format_datetime(self.ended or self.started or self.created),
            "direction": self.direction,
            "duration": None if self.duration_s is None else str(self.duration_s),
            "end_time": _when(self.ended),
            "forwarded_from": None,
            "from": self.order.sender,
            "from_formatted": self.order.sender,
            "group_sid": None,
            "parent_call_sid": self.parent_sid,
            "phone_number_sid": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "start_time": _when(self.started),
            "status": self.status,
            "subresource_uris": {"recordings": f"{self.uri}/Recordings.json"},
            "to": self.order.to,
            "to_formatted": self.order.to,
            "trunk_sid": None,
            "uri": f"{self.uri}.json",
        }


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment)


def _country(number: str) -> str:
    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
