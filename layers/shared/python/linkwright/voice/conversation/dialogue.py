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
from linkwright.table import Table, get
from linkwright.voice.agent_models import EscalationRule
from linkwright.voice.calls import items, lifecycle, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.states import MACHINES
from linkwright.voice.calls.turn_log import Step, Then, Turn
from linkwright.voice.compliance import do_not_call, rules
from linkwright.voice.conversation import decisions
from linkwright.voice.conversation.rendering import Call, page
from linkwright.voice.language import opt_out, recognition
from linkwright.workspace import operations as workspace

_SILENCES = 2


def answer(call: Call, failed: Route | None = None) -> str:
    """What to do now: open the talk, or go on where it stands after a page that failed."""
    is_usual = failed is None and not _is_a_machine(call)
    # Mostly nothing was said yet, and then nothing needs to be read.
    if is_usual and (opened := turn_log.open_talk(call.item, _opening(call))):
        return page(call, opened)
    turns = turn_log.read(call.item)
    if _is_a_machine(call):
        return _to_a_machine(call, turns)
    if not turns:
        return page(call, _opened(call))
    last = turns[-1]
    if last.said is None:
        return page(call, _respond(call, turns))
    if failed is not None and failed.kind == "transfer":
        # Whether anybody was reached is not known, and nobody is called twice.
        return _ending(call, Step.SAY_GOODBYE, call.words.goodbye)
    # What is being recorded need not be recorded twice; it is, unless its page is what failed.
    begun = last.then is Then.RECORD and (failed is None or failed.turn != last.number)
    return page(call, but(last, then=Then.LISTEN) if begun else last)


def take(call: Call, number: int, heard: str) -> str:
    """What to do after something was heard, or nothing was."""
    turn = turn_log.hear(call.item, number, heard)
    if turn.said is not None and not _is_a_machine(call):
        return page(call, turn)
    turns = [known for known in turn_log.read(call.item) if known.number <= number]
    if _is_a_machine(call):
        return _to_a_machine(call, turns)
    return page(call, _respond(call, turns))


def after_transfer(call: Call, *, connected: bool) -> str:
    """The callee has been connected, or nobody could be reached."""
    if connected:
        return twiml.document(twiml.hang_up())
    return _ending(call, Step.NOT_REACHED, call.words.not_reached)


def never_again(item: CallItem) -> None:
    """At once: the end of the call, which would tell it too, may be lost."""
    tx = items.transaction(item)
    do_not_call.add(item["view"]["to"], tx, source="call", call_id=item["sk"])
    tx.commit()


def _opened(call: Call, number: int = 0) -> Turn:
    return turn_log.say(call.item, number, _opening(call), Then.LISTEN)


def _opening(call: Call) -> str:
    question = call.words.may_record if _asks_to_record(call) else call.words.good_moment
    return f"{_introduction(call)} {question}"


def _introduction(call: Call) -> str:
    agent, words = call.agent, call.words
    text = words.disclosed if agent.ai_disclosure else words.introduced
    return text.format(name=agent.name)


def _respond(call: Call, turns: Sequence[Turn]) -> Turn:
    """Answer the last turn. What must not wait for a model, or hang on one, is done without it."""
    last = turns[-1]
    if not last.heard:
        return _to_silence(call, turns)
    if opt_out.is_asked(last.heard):
        return _parted(call, last.number)
    heard = _heard(turns)
    if recognition.is_screening(heard):
        return _to_screening(call, last)
    if last.number >= turn_log.MAX_TURNS - 1:
        return _last_words(call, last.number, Step.SAY_GOODBYE, call.words.goodbye)
    if recognition.is_screening(heard[:-1]):
        # Who is put through has not heard who calls, nor what was asked.
        return _opened(call, last.number)
    return _to_person(call, turns)


def _parted(call: Call, number: int) -> Turn:
    never_again(call.item)
    return turn_log.say(call.item, number, call.words.not_again, Then.HANG_UP)


def _to_person(call: Call, turns: Sequence[Turn]) -> Turn:
    number = turns[-1].number
    records = _records_from_here(call, turns)
    decision = decisions.decide(call.item, call.agent, turns, call.seconds_left())
    if decision is None:
        return _apology(call, number)
    if decision.rule and decision.rule.action == "transfer":
        return _transfer(call, number, decision.said, decision.rule_number)
    then = Then.RECORD if records else Then.LISTEN
    return turn_log.say(
        call.item, number, decision.said, Then.HANG_UP if decision.hangs_up else then
    )


def _heard(turns: Sequence[Turn]) -> list[str]:
    return [turn.heard for turn in turns if turn.heard]


def _to_silence(call: Call, turns: Sequence[Turn]) -> Turn:
    last, words = turns[-1], call.words
    silences = [turn for turn in turns[-_SILENCES:] if turn.number and not turn.heard]
    if len(silences) == _SILENCES:
        return turn_log.say(call.item, last.number, words.goodbye, Then.SILENCE)
    if _asks_to_record(call) and not recognition.is_screening(_heard(turns)):
        # Else a yes to this would be taken for one to that.
        text = f"{words.are_you_there} {words.may_record}"
        return turn_log.say(call.item, last.number, text, Then.LISTEN)
    return _asked_who_is_there(call, last.number)


def _to_screening(call: Call, last: Turn) -> Turn:
    """Say who calls, and wait for the person; once told to wait, in silence."""
    lifecycle.note(call.item, {"answered_by": "call_screening"})
    asked = recognition.is_screening([last.heard])
    said = f"{_introduction(call)} {call.words.put_me_through}" if asked else ""
    return turn_log.say(call.item, last.number, said, Then.LISTEN)


def _asks_to_record(call: Call) -> bool:
    agent = call.agent
    is_open = call.item["view"].get("recording_consent") is None
    return agent.recording and agent.recording_consent and is_open


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
        if rule.action == "transfer" and _may_be_called(call, rule):
            return turn_log.say(call.item, number, call.words.connecting, Then.TRANSFER, rule=at)
    return turn_log.say(call.item, number, call.words.sorry, Then.MODEL_FAILED)


def _transfer(call: Call, number: int, said: str, at: int | None) -> Turn:
    rule = call.agent.escalation_rules[at or 0]
    if not _may_be_called(call, rule):
        return _last_words(call, number, Step.NOT_REACHED, call.words.not_reached)
    return turn_log.say(call.item, number, said, Then.TRANSFER, rule=at)


def _may_be_called(call: Call, rule: EscalationRule) -> bool:
    """Whom the workspace may not call, nobody is connected with."""
    partition = items.partition_of(call.item)
    settings = workspace.tenant(partition).settings
    if rule.to is None or rules.refusal(settings, rule.to, has_consent=True) is not None:
        return False
    return get(Table.CORE, do_not_call.key(partition, rule.to)) is None


def _is_a_machine(call: Call) -> bool:
    return call.item["view"].get("answered_by") in MACHINES


def _to_a_machine(call: Call, turns: Sequence[Turn]) -> str:
    """What the agent's plan for a voicemail says. A fax hears nothing."""
    plan = call.agent.voicemail
    if call.item["view"]["answered_by"] == "voicemail":
        if plan.action == "leave_message" and plan.message is not None:
            return _ending(call, Step.LEAVE_MESSAGE, plan.message)
        if plan.action == "ask" and (asked := _asked(call, turns)):
            return page(call, asked)
    return twiml.document(twiml.hang_up())


def _asked(call: Call, turns: Sequence[Turn]) -> Turn | None:
    """Ask whether a person is there, and open the talk with one who answers; None if none does."""
    if not turns:
        return _asked_who_is_there(call, 0)
    last, question = turns[-1], call.words.are_you_there
    if last.takes(Step.ASK_WHO_IS_THERE, question):
        return last
    if last.said is not None:
        return _asked_who_is_there(call, last.number + 1)
    if any(turn.takes(Step.ASK_WHO_IS_THERE, question) for turn in turns[-2:]):
        return _picked_up(call, last)
    # It was heard before it was known that a machine speaks.
    return _asked_who_is_there(call, last.number)


def _asked_who_is_there(call: Call, number: int) -> Turn:
    text = call.words.are_you_there
    return turn_log.say(call.item, number, text, Then.LISTEN, step=Step.ASK_WHO_IS_THERE)


def _picked_up(call: Call, last: Turn) -> Turn | None:
    if not last.heard or recognition.is_greeting(last.heard):
        return None
    lifecycle.note(call.item, {"answered_by": "human"})
    is_unwanted = opt_out.is_asked(last.heard)
    return _parted(call, last.number) if is_unwanted else _opened(call, last.number)


def _ending(call: Call, step: Step, text: str) -> str:
    """Say one thing more and hang up; a repeated request says the same."""
    turns = turn_log.read(call.item)
    last = turns[-1] if turns else None
    if last is None or not last.takes(step, text):
        last = _last_words(call, last.number + 1 if last else 0, step, text)
    return page(call, last)


def _last_words(call: Call, number: int, step: Step, text: str) -> Turn:
    return turn_log.say(call.item, number, text, Then.HANG_UP, step=step)
