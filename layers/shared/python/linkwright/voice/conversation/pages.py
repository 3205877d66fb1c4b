"""What the carrier asks in a call: each answer is a page of TwiML.

A request about anything but the attempt that a call is at is answered with a hang-up.
"""

from collections.abc import Callable

from linkwright import clock
from linkwright.http import Request, Response
from linkwright.providers import telephony, twilio_callbacks, twiml
from linkwright.providers.telephony import Callback, CarrierNotConfigured
from linkwright.providers.twilio_callbacks import Speech
from linkwright.voice import agents
from linkwright.voice.calls import endings, items, lifecycle, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import Status
from linkwright.voice.calls.turn_log import Then, Turn
from linkwright.voice.conversation import dialogue, fixed_turns
from linkwright.voice.conversation.rendering import Call
from linkwright.voice.dialling import callbacks, inquiry
from linkwright.voice.language import opt_out


def answer(request: Request) -> Response:
    """The call is answered, or could not go on: what is it to do?"""
    callback = telephony.received(request)
    told = telephony.read(lambda: twilio_callbacks.machine_result(callback.fields))
    return _page(callback, told.sid, request, lambda call: dialogue.answer(call, callback.failed))


def turn(request: Request) -> Response:
    """Something was heard, or nothing was: what is to be said?"""
    callback = telephony.received(request)
    heard = telephony.read(lambda: twilio_callbacks.speech(callback.fields))
    number = callback.route.turn or 0
    try:
        page = _page(
            callback, heard.sid, request, lambda call: dialogue.take(call, number, heard.text)
        )
    except Exception:
        _heed(callback, heard)
        raise
    _heed(callback, heard)
    return page


def transfer(request: Request) -> Response:
    """The callee has talked with a person, or none could be reached."""
    callback = telephony.received(request)
    told = telephony.read(lambda: twilio_callbacks.transferred(callback.fields))
    return _page(
        callback,
        told.sid,
        request,
        lambda call: dialogue.after_transfer(call, connected=told.connected),
    )


def _heed(callback: Callback, heard: Speech) -> None:
    """Who asked not to be called again has asked it, although the call may be over meanwhile, or
    its page failed.
    """
    is_key_said = opt_out.is_key_said(heard.text)
    if not is_key_said and not opt_out.is_asked(heard.text):
        return
    item = items.find(callback.route.partition, callback.route.call_id)
    if item is None or item.get("sid") != heard.sid:
        return
    if not is_key_said or _is_meant(item, callback.route.turn or 0, heard.text):
        fixed_turns.never_again(item)


def _is_meant(item: CallItem, number: int, heard: str) -> bool:
    """Whether the name of the key asks for no more calls, by what was said before it."""
    before = [turn for turn in turn_log.read(item) if turn.number < number]
    turn = Turn(number, heard, clock.now(), None, None, Then.LISTEN)
    return endings.opts_out([*before, turn], item.get("language", "en"))


def _page(callback: Callback, sid: str, request: Request, then: Callable[[Call], str]) -> Response:
    call = _call(callback, sid, request)
    page = then(call) if call else twiml.document(twiml.hang_up())
    return Response(200, page, {"Content-Type": twiml.CONTENT_TYPE})


def _call(callback: Callback, sid: str, request: Request) -> Call | None:
    began = clock.monotonic()
    item = callbacks.attempt_of(callback, sid, request, is_alive=True)
    if item is None:
        return None
    # Whoever asks this is answered, whether or not we were told.
    item = lifecycle.advance(item, Report(Status.IN_PROGRESS, answered_by="unknown"))
    partition, view = callback.route.partition, item["view"]
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    try:
        carrier = telephony.carrier(partition)
    except CarrierNotConfigured:
        return None
    if agent is None or view["status"] != Status.IN_PROGRESS:
        return None
    return Call(item, agent, inquiry.dial_of(item, agent), carrier, began)
