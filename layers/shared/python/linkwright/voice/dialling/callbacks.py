"""What the carrier tells of a call, in any order, late and more than once; each by its signature.

A callback names the attempt by its URL and the carrier's call by its id. What is about neither the
attempt that the call is at nor the call that it is bound to changes nothing; a call at the carrier
that ours does not know is hung up.
"""

from contextlib import suppress

from linkwright import pace
from linkwright.http import Request, Response
from linkwright.observability import count
from linkwright.providers import telephony, twilio_callbacks, twilio_words
from linkwright.providers.telephony import Callback, CarrierNotConfigured, TwilioError
from linkwright.providers.telephony_types import Progress
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.calls import attempts, follow_ups, items, lifecycle, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.states import MACHINES
from linkwright.voice.dialling import carrier_reports, inquiry

_ALIVE = {"queued", "initiated", "ringing", "in-progress"}


def status(request: Request) -> Response:
    """How the call goes on."""
    callback = telephony.received(request)
    update = telephony.read(lambda: twilio_callbacks.status_update(callback.fields))
    item = attempt_of(callback, update.sid, request, is_alive=update.status in _ALIVE)
    told = twilio_words.update(
        update.status,
        answered=update.answered_by,
        duration_s=update.duration_s,
        error_code=update.error_code,
    )
    if item is not None and told is not None:
        if told.progress is Progress.FAILED:
            telephony.told_of_account(callback.route.partition, update.error_code)
        lifecycle.advance(item, carrier_reports.reported(told))
    return Response(204)


def machine(request: Request) -> Response:
    """Who answered, as the carrier's detection has it."""
    callback = telephony.received(request)
    told = telephony.read(lambda: twilio_callbacks.machine_result(callback.fields))
    item = attempt_of(callback, told.sid, request, is_alive=False)
    by = carrier_reports.answered_by(twilio_words.answered_by(told.answered_by))
    if item is not None and by != "unknown" and _may_be(item, by):
        after = lifecycle.note(item, {"answered_by": by}, only_if=_is_open)
        if by in MACHINES and after["view"].get("answered_by") == by:
            _break_off(after, told.sid)
    return Response(204)


def recording(request: Request) -> Response:
    """The sound of the call can be fetched."""
    callback = telephony.received(request)
    ready = telephony.read(lambda: twilio_callbacks.recording_ready(callback.fields))
    route = callback.route
    item = items.find(route.partition, route.call_id) if ready else None
    if ready is not None and item is not None and item.get("sid") == ready.sid:
        tx = Transaction(route.partition, request.id)
        follow_ups.request_recording(route.partition, route.call_id, ready.recording_sid, tx)
        with suppress(follow_ups.AlreadyRequested):
            tx.commit()
    return Response(204)


def attempt_of(
    callback: Callback, sid: str, request: Request, *, is_alive: bool
) -> CallItem | None:
    """The call, if the callback is about the attempt that it is at; bound to the carrier's call."""
    route = callback.route
    item = items.find(route.partition, route.call_id)
    is_at = item is not None and attempts.is_at(item["view"], route.attempt)
    if item is not None and is_at and item.get("sid") in (None, "", sid):
        return item if item.get("sid") else _bound(item, sid)
    count("callbacks_unknown")
    if item is not None and is_alive and item.get("sid") != sid:
        inquiry.hang_up(route.partition, request.id, sid)
    return None


def _bound(item: CallItem, sid: str) -> CallItem | None:
    return inquiry.bind(item, telephony.carrier(items.partition_of(item)), sid)


def _may_be(item: CallItem, by: str) -> bool:
    """Not a machine where a person was heard, or is talked with: a detection is the weaker word."""
    if not _is_open(item["view"]):
        return False
    return by not in MACHINES or not turn_log.is_with_a_person(turn_log.read(item))


def _is_open(view: Item) -> bool:
    return view.get("answered_by") in (None, "unknown")


def _break_off(item: CallItem, sid: str) -> None:
    """Let the carrier ask at once what to do; a machine may never come to the next turn."""
    partition, view = items.partition_of(item), item["view"]
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    if agent is not None:
        with suppress(TwilioError, CarrierNotConfigured, pace.Paused):
            url = inquiry.dial_of(item, agent).url("answer")
            telephony.carrier(partition).twilio.redirect(sid, url)
