"""The talk: what the carrier is to do when a call is answered, and after each thing that is heard.

Each turn is written down before it is carried out, so that a repeated request gets the same answer
and one that was killed is taken up again. There is always an answer in time: where the model has
none, the agent says that it is sorry and hands over or ends the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as but
from xml.etree.ElementTree import Element

from linkwright import clock
from linkwright.providers import twiml
from linkwright.providers.telephony import Carrier, Dial
from linkwright.providers.twilio_callbacks import Route
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction
from linkwright.voice import do_not_call, hearing, lifecycle, opt_out, rules, talk, thinking
from linkwright.voice.agent_models import Agent, EscalationRule
from linkwright.voice.phrases import Phrases, phrases
from linkwright.voice.talk import Then, Turn
from linkwright.workspace import operations as workspace

# From the carrier's question to our answer; longer, and the callee hangs up.
TURN_S = 8.0
# Of these, for what is read and written around the model.
_STORING_S = 1.0
_SILENCE_S = 6
# As long as a person takes to read who calls, or to fetch somebody.
_HOLD_S = 20
_SILENCES = 2
_MACHINES = {"voicemail", "unavailable"}


@dataclass(frozen=True)
class Call:
    """A call that is on the phone, and who speaks in it. `began`: by the monotonic clock."""

    item: Item
    agent: Agent
    dial: Dial
    carrier: Carrier
    began: float

    @property
    def words(self) -> Phrases:
        return phrases(self.agent.language)

    def seconds_left(self) -> float:
        return TURN_S - _STORING_S - (clock.monotonic() - self.began)


def answer(call: Call, failed: Route | None = None) -> str:
    """What to do now: open the talk, or go on where it stands after a page that failed."""
    if call.item["view"].get("answered_by") in _MACHINES:
        return _to_a_machine(call)
    turns = talk.read(call.item)
    if not turns:
        return _document(call, _opened(call))
    last = turns[-1]
    if last.said is None:
        return _document(call, _respond(call, turns))
    if failed is not None and failed.kind == "transfer":
        # Whether anybody was reached is not known, and nobody is called twice.
        return _ending(call, call.words.goodbye)
    # What is being recorded need not be recorded twice; it is, unless its page is what failed.
    begun = last.then is Then.RECORD and (failed is None or failed.turn != last.number)
    return _document(call, but(last, then=Then.LISTEN) if begun else last)


def take(call: Call, number: int, heard: str) -> str:
    """What to do after something was heard, or nothing was."""
    turn = talk.hear(call.item, number, heard)
    if call.item["view"].get("answered_by") in _MACHINES:
        return _to_a_machine(call)
    if turn.said is None:
        turns = [known for known in talk.read(call.item) if known.number <= number]
        turn = _respond(call, turns)
    return _document(call, turn)


def after_transfer(call: Call, *, connected: bool) -> str:
    """The callee has been connected, or nobody could be reached."""
    if connected:
        return twiml.document(twiml.hang_up())
    return _ending(call, call.words.not_reached)


def never_again(item: Item) -> None:
    """At once: the end of the call, which would tell it too, may be lost."""
    tx = Transaction(lifecycle.partition_of(item), item["request_id"])
    do_not_call.add(item["view"]["to"], tx, source="call", call_id=item["sk"])
    tx.commit()


def _opened(call: Call, number: int = 0) -> Turn:
    question = call.words.may_record if _asks_to_record(call) else call.words.good_moment
    return talk.say(call.item, number, f"{_introduction(call)} {question}", Then.LISTEN)


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
        never_again(call.item)
        return talk.say(call.item, last.number, call.words.not_again, Then.HANG_UP)
    heard = _heard(turns)
    if hearing.is_screening(heard):
        return _to_screening(call, last)
    if last.number >= talk.MAX_TURNS - 1:
        return talk.say(call.item, last.number, call.words.goodbye, Then.HANG_UP)
    if hearing.is_screening(heard[:-1]):
        # Who is put through has not heard who calls, nor what was asked.
        return _opened(call, last.number)
    return _to_person(call, turns)


def _to_person(call: Call, turns: Sequence[Turn]) -> Turn:
    number = turns[-1].number
    records = _records_from_here(call, turns)
    decision = thinking.decide(call.item, call.agent, turns, call.seconds_left())
    if decision is None:
        return _apology(call, number)
    if decision.rule and decision.rule.action == "transfer":
        return _transfer(call, number, decision.said, decision.rule_number)
    then = Then.RECORD if records else Then.LISTEN
    return talk.say(call.item, number, decision.said, Then.HANG_UP if decision.hangs_up else then)


def _heard(turns: Sequence[Turn]) -> list[str]:
    return [turn.heard for turn in turns if turn.heard]


def _to_silence(call: Call, turns: Sequence[Turn]) -> Turn:
    last, words = turns[-1], call.words
    silences = [turn for turn in turns[-_SILENCES:] if turn.number and not turn.heard]
    if len(silences) == _SILENCES:
        return talk.say(call.item, last.number, words.goodbye, Then.SILENCE)
    text = words.are_you_there
    if _asks_to_record(call) and not hearing.is_screening(_heard(turns)):
        # Else a yes to this would be taken for one to that.
        text = f"{text} {words.may_record}"
    return talk.say(call.item, last.number, text, Then.LISTEN)


def _to_screening(call: Call, last: Turn) -> Turn:
    """Say who calls, and wait for the person; once told to wait, in silence."""
    lifecycle.note(call.item, {"answered_by": "call_screening"})
    asked = hearing.is_screening([last.heard])
    said = f"{_introduction(call)} {call.words.put_me_through}" if asked else ""
    return talk.say(call.item, last.number, said, Then.LISTEN)


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
        agreed = hearing.is_yes(turns[-1].heard, call.agent.language)
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
            return talk.say(call.item, number, call.words.connecting, Then.TRANSFER, at)
    return talk.say(call.item, number, call.words.sorry, Then.MODEL_FAILED)


def _transfer(call: Call, number: int, said: str, at: int | None) -> Turn:
    rule = call.agent.escalation_rules[at or 0]
    if not _may_be_called(call, rule):
        return talk.say(call.item, number, call.words.not_reached, Then.HANG_UP)
    return talk.say(call.item, number, said, Then.TRANSFER, at)


def _may_be_called(call: Call, rule: EscalationRule) -> bool:
    """Whom the workspace may not call, nobody is connected with."""
    partition = lifecycle.partition_of(call.item)
    settings = workspace.tenant(partition).settings
    if rule.to is None or rules.refusal(settings, rule.to, has_consent=True) is not None:
        return False
    return get(Table.CORE, do_not_call.key(partition, rule.to)) is None


def _to_a_machine(call: Call) -> str:
    """What the agent's plan for a voicemail says. A fax hears nothing."""
    plan, words = call.agent.voicemail, call.words
    message = {"leave_message": plan.message, "ask": words.are_you_there}.get(plan.action)
    if message is None or call.item["view"]["answered_by"] != "voicemail":
        return twiml.document(twiml.hang_up())
    return _ending(call, message)


def _ending(call: Call, text: str) -> str:
    """Say one thing more and hang up; a repeated request says the same."""
    turns = talk.read(call.item)
    last = turns[-1] if turns else None
    if last is None or (last.said, last.then) != (text, Then.HANG_UP):
        last = talk.say(call.item, last.number + 1 if last else 0, text, Then.HANG_UP)
    return _document(call, last)


def _document(call: Call, turn: Turn) -> str:
    agent = call.agent
    by, said = twiml.speaker(agent.language, agent.voice), turn.said or ""
    if turn.then in {Then.LISTEN, Then.RECORD}:
        action = call.dial.url("turn", turn.number + 1)
        patience_s = _HOLD_S if hearing.is_to_wait(turn.heard) else _SILENCE_S
        listen = twiml.gather(action, by, said or None, silence_s=patience_s)
        starts = turn.then is Then.RECORD
        recording = [twiml.start_recording(call.dial.url("recording"))] if starts else []
        return twiml.document(*recording, listen)
    return twiml.document(twiml.say(said, by), _last_verb(call, turn))


def _last_verb(call: Call, turn: Turn) -> Element:
    if turn.then is not Then.TRANSFER:
        return twiml.hang_up()
    rule = call.agent.escalation_rules[turn.rule or 0]
    return twiml.dial(
        rule.to or "",
        call.dial.url("transfer"),
        caller_id=call.carrier.caller_id(call.agent),
        time_limit_s=call.agent.max_duration_s,
    )
