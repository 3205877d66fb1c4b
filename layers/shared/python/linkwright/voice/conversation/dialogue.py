"""The talk: what the carrier is to do when a call is answered, and after each thing that is heard.

Each turn is written down before it is carried out, so that a repeated request gets the same answer
and one that was killed is taken up again. There is always an answer in time: where the model has
none, the agent says that it is sorry and hands over or ends the call.
"""

from collections.abc import Sequence
from dataclasses import replace as but

from linkwright import clock
from linkwright.providers import twiml
from linkwright.providers.twilio_callbacks import Route
from linkwright.voice.calls import endings, lifecycle, turn_log
from linkwright.voice.calls.turn_log import Step, Then, Turn
from linkwright.voice.conversation import decisions, fixed_turns, machines, transfers
from linkwright.voice.conversation.rendering import Call, page
from linkwright.voice.language import announcements, recognition

_SILENCES = 2


def answer(call: Call, failed: Route | None = None) -> str:
    """What to do now: open the talk, or go on where it stands after a page that failed."""
    is_usual = failed is None and not machines.is_one(call)
    # Mostly nothing was said yet, and then nothing needs to be read.
    if is_usual and (opened := turn_log.open_talk(call.item, *fixed_turns.opening(call))):
        return page(call, opened)
    turns = turn_log.read(call.item)
    if machines.speaks(call, turns):
        return machines.answered(call, turns)
    if not turns:
        return page(call, fixed_turns.opened(call))
    last = turns[-1]
    if last.said is None:
        return _go_on(call, turns)
    if failed is not None and failed.kind == "transfer":
        # Whether anybody was reached is not known, and nobody is called twice.
        return page(call, fixed_turns.ending(call, Step.SAY_GOODBYE, call.words.goodbye))
    # What is being recorded need not be recorded twice; it is, unless its page is what failed.
    begun = last.then is Then.RECORD and (failed is None or failed.turn != last.number)
    return page(call, but(last, then=Then.LISTEN) if begun else last)


def take(call: Call, number: int, heard: str) -> str:
    """What to do after something was heard, or nothing was."""
    turn = turn_log.hear(call.item, number, heard)
    if turn.said is not None and not machines.is_one(call):
        return page(call, turn)
    turns = [known for known in turn_log.read(call.item) if known.number <= number]
    return _go_on(call, turns)


def after_transfer(call: Call, *, connected: bool) -> str:
    """The callee has been connected, or nobody could be reached."""
    if connected:
        return twiml.document(twiml.hang_up())
    return page(call, fixed_turns.ending(call, Step.NOT_REACHED, call.words.not_reached))


def _go_on(call: Call, turns: Sequence[Turn]) -> str:
    """Answer the last turn, by who is there: what was heard tells it better than a detection."""
    if machines.speaks(call, turns):
        return machines.answered(call, turns)
    if machines.is_one(call):
        return page(call, _picked_up(machines.told_apart(call, "human"), turns))
    if announcements.is_menu(turn_log.heard(turns)):
        return machines.answered(machines.told_apart(call, "ivr"), turns)
    return page(call, _respond(call, turns))


def _picked_up(call: Call, turns: Sequence[Turn]) -> Turn:
    """Who was asked for has heard nothing of the talk yet."""
    last = turns[-1]
    if last.said is not None:
        return last
    if machines.was_asked(call, turns) and not endings.opts_out(turns, call.agent.language):
        return fixed_turns.opened(call, last.number)
    return _respond(call, turns)


def _respond(call: Call, turns: Sequence[Turn]) -> Turn:
    """Answer the last turn. What must not wait for a model, or hang on one, is done without it."""
    last = turns[-1]
    if not last.heard:
        return _to_silence(call, turns)
    if endings.opts_out(turns, call.agent.language):
        return fixed_turns.parted(call, last.number)
    heard = turn_log.heard(turns)
    if announcements.is_screening(heard):
        return _to_screening(call, last)
    if last.number >= turn_log.MAX_TURNS - 1:
        return fixed_turns.last_words(call, last.number, Step.SAY_GOODBYE, call.words.goodbye)
    if announcements.is_screening(heard[:-1]):
        # Who is put through has not heard who calls, nor what was asked.
        return fixed_turns.opened(call, last.number)
    return _to_person(call, turns)


def _to_person(call: Call, turns: Sequence[Turn]) -> Turn:
    number = turns[-1].number
    records = _records_from_here(call, turns)
    decision = decisions.decide(call.item, call.agent, turns, call.seconds_left())
    if decision is None:
        return _apology(call, number)
    if decision.opts_out:
        return fixed_turns.parted(call, number)
    if decision.rule and decision.rule.action == "transfer":
        return _transfer(call, number, decision.said, decision.rule_number)
    then = Then.RECORD if records else Then.LISTEN
    return turn_log.say(
        call.item, number, decision.said, Then.HANG_UP if decision.hangs_up else then
    )


def _to_silence(call: Call, turns: Sequence[Turn]) -> Turn:
    last, words = turns[-1], call.words
    silences = [turn for turn in turns[-_SILENCES:] if turn.number and not turn.heard]
    if len(silences) == _SILENCES:
        return turn_log.say(call.item, last.number, words.goodbye, Then.SILENCE)
    if fixed_turns.asks_to_record(call) and not announcements.is_screening(turn_log.heard(turns)):
        # Else a yes to this would be taken for one to that.
        text = f"{words.are_you_there} {words.may_record}"
        return turn_log.say(call.item, last.number, text, Then.LISTEN)
    return fixed_turns.asked_who_is_there(call, last.number)


def _to_screening(call: Call, last: Turn) -> Turn:
    """Say who calls, and wait for the person; once told to wait, in silence."""
    lifecycle.note(call.item, {"answered_by": "call_screening"})
    asked = announcements.is_screening([last.heard])
    said = f"{fixed_turns.introduction(call)} {call.words.put_me_through}" if asked else ""
    return turn_log.say(call.item, last.number, said, Then.LISTEN)


def _records_from_here(call: Call, turns: Sequence[Turn]) -> bool:
    """Take what the callee says first for the answer: only a plain yes is one."""
    if not (call.agent.recording and call.agent.recording_consent):
        return False
    consent = call.item["view"].get("recording_consent")
    if consent is None:
        agreed = recognition.is_yes(turns[-1].heard, call.agent.language)
        granted = {"type": "verbal", "granted_at": clock.timestamp()}
        consent = granted if agreed else {"type": "refused"}
        lifecycle.note(call.item, {"recording_consent": consent})
    # Also if this turn was cut off after the answer was written down.
    is_recorded = any(turn.then is Then.RECORD for turn in turns)
    return consent["type"] == "verbal" and not is_recorded


def _apology(call: Call, number: int) -> Turn:
    """The model has no answer: a person takes over, or the call ends; never silence."""
    for at, rule in enumerate(call.agent.escalation_rules):
        if rule.action == "transfer" and transfers.grant(call.item, rule):
            return turn_log.say(call.item, number, call.words.connecting, Then.TRANSFER, rule=at)
    return turn_log.say(call.item, number, call.words.sorry, Then.MODEL_FAILED)


def _transfer(call: Call, number: int, said: str, at: int | None) -> Turn:
    rule = call.agent.escalation_rules[at or 0]
    if not transfers.grant(call.item, rule):
        return fixed_turns.last_words(call, number, Step.NOT_REACHED, call.words.not_reached)
    return turn_log.say(call.item, number, said, Then.TRANSFER, rule=at)
