"""Twilio's words: what is ordered, how far a call has come, who answered, why one was refused.

Source: https://www.twilio.com/docs/voice/api/call-resource.
"""

from dataclasses import dataclass, field, replace

from linkwright.providers.telephony_types import AnsweredBy, CallUpdate, Progress, Refusal

_EVENTS = ("initiated", "ringing", "answered", "completed")
# Also that there will be none.
_RECORDING_EVENTS = ("completed", "absent")
_NO_COUNTRY = (21203, 21215, 13226, 13227, 32205)
_NOT_OUR_NUMBER = Refusal("The calling number is not one of ours.", is_ours=True)
# Of https://www.twilio.com/docs/api/errors, those that a call meets. Twilio's own texts quote the
# numbers; these do not.
_ERRORS = {
    **dict.fromkeys((10001, 20005), Refusal("The carrier's account is not active.", is_ours=True)),
    20003: Refusal("The carrier does not know our account.", is_ours=True),
    **dict.fromkeys((21210, 21212, 21213), _NOT_OUR_NUMBER),
    21219: Refusal("The carrier's trial account may not call this number.", is_ours=True),
    21202: Refusal("The carrier does not call premium numbers."),
    **dict.fromkeys(_NO_COUNTRY, Refusal("The carrier may not call this country.")),
    **dict.fromkeys((21211, 21217, 13223, 13224), Refusal("The number is not valid.")),
    21214: Refusal("The carrier cannot reach the number."),
    **dict.fromkeys((21216, 13225), Refusal("The carrier does not call this number.")),
    21610: Refusal("The callee takes no calls from us."),
}
# What is not about a call or a number, whatever the status: who asks may not ask anything.
_OF_THE_ACCOUNT = frozenset({10001, 20003, 20005, 20403, 70051})
_REFUSED = Refusal("The carrier refused the call.")
_NOT_CONNECTED = Refusal("The carrier could not connect the call.")

_MACHINES = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other")
_ANSWERED_BY = {
    "human": AnsweredBy.HUMAN,
    "fax": AnsweredBy.FAX,
    **dict.fromkeys(_MACHINES, AnsweredBy.MACHINE),
}
_PROGRESS = {
    "ringing": Progress.RINGING,
    "in-progress": Progress.ANSWERED,
    "completed": Progress.COMPLETED,
    "busy": Progress.BUSY,
    "no-answer": Progress.NO_ANSWER,
    "canceled": Progress.CANCELED,
    "failed": Progress.FAILED,
}


@dataclass(frozen=True)
class Machine:
    """Find out who answers, and tell `url`; of a machine after its greeting, if `whole_greeting`.

    The talk begins meanwhile: else a person would hear nothing for some seconds.
    """

    url: str
    whole_greeting: bool = False


@dataclass(frozen=True)
class Order:
    """A call to place. It is recorded from the start if there is a `recording_url`.

    What no answer comes from, or none that can be carried out, is asked at `answer_url` again.
    """

    # Of E.164, and in no log.
    to: str = field(repr=False)
    from_: str = field(repr=False)
    answer_url: str
    status_url: str
    time_limit_s: int
    ring_s: int = 30
    machine: Machine | None = None
    recording_url: str | None = None

    def form(self) -> list[tuple[str, str]]:
        fields = [
            ("To", self.to),
            ("From", self.from_),
            ("Url", self.answer_url),
            ("Method", "POST"),
            ("FallbackUrl", self.answer_url),
            ("FallbackMethod", "POST"),
            ("StatusCallback", self.status_url),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in _EVENTS),
            ("Timeout", str(self.ring_s)),
            ("TimeLimit", str(self.time_limit_s)),
        ]
        if self.machine:
            detection = "DetectMessageEnd" if self.machine.whole_greeting else "Enable"
            fields += [
                ("MachineDetection", detection),
                ("AsyncAmd", "true"),
                ("AsyncAmdStatusCallback", self.machine.url),
                ("AsyncAmdStatusCallbackMethod", "POST"),
            ]
        if self.recording_url:
            fields += [
                ("Record", "true"),
                ("RecordingStatusCallback", self.recording_url),
                ("RecordingStatusCallbackMethod", "POST"),
                *(("RecordingStatusCallbackEvent", event) for event in _RECORDING_EVENTS),
            ]
        return fields


def is_about_account(status: int, code: int | None) -> bool:
    """Whether an answer refuses the account, and so would whatever else is asked with it."""
    return status == 401 or code in _OF_THE_ACCOUNT or (status == 403 and code not in _ERRORS)


def refusal(code: int | None) -> Refusal:
    """Why a call was not placed."""
    return _explained(code, _REFUSED)


def answered_by(word: str | None) -> AnsweredBy:
    return _ANSWERED_BY.get(word or "", AnsweredBy.UNKNOWN)


def update(
    status: str,
    *,
    answered: str | None = None,
    duration_s: int | None = None,
    error_code: int | None = None,
) -> CallUpdate | None:
    """What a status says of the call; None if nothing that whoever ordered it did not know.

    `answered` is the latest word of the detection: it may have come with another request.
    """
    # Queued and initiated are no news; a word that is new says nothing yet.
    progress = _PROGRESS.get(status)
    match progress:
        case None:
            return None
        case Progress.ANSWERED:
            return CallUpdate(progress, answered_by(answered))
        case Progress.COMPLETED:
            return CallUpdate(progress, answered_by(answered), duration_s)
        case Progress.FAILED:
            return CallUpdate(progress, refusal=_explained(error_code, _NOT_CONNECTED))
        case _:
            return CallUpdate(progress)


def _explained(code: int | None, otherwise: Refusal) -> Refusal:
    found = _ERRORS.get(code or 0, otherwise)
    return replace(found, detail=f"{found.detail} (error {code})") if code else found
