"""Turns whose words no model makes up: how a talk is opened, and how it ends."""

from linkwright.voice.calls import items, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.turn_log import Step, Then, Turn
from linkwright.voice.compliance import disclosures, do_not_call
from linkwright.voice.conversation.rendering import Call


def opened(call: Call, number: int = 0) -> Turn:
    text, step = opening(call)
    return turn_log.say(call.item, number, text, Then.LISTEN, step=step)


def opening(call: Call) -> tuple[str, Step]:
    """Who calls, how to get no more calls where that must be said, and a question."""
    words = call.words
    question = words.may_record if asks_to_record(call) else words.good_moment
    if not disclosures.tells_how_to_opt_out(call.item.get("country")):
        return f"{introduction(call)} {question}", Step.TALK
    return f"{introduction(call)} {words.opt_out_key} {question}", Step.OFFER_OPT_OUT


def introduction(call: Call) -> str:
    agent, words = call.agent, call.words
    text = words.disclosed if agent.ai_disclosure else words.introduced
    return text.format(name=agent.name)


def asks_to_record(call: Call) -> bool:
    agent = call.agent
    is_open = call.item["view"].get("recording_consent") is None
    return agent.recording and agent.recording_consent and is_open


def asked_who_is_there(call: Call, number: int) -> Turn:
    text = call.words.are_you_there
    return turn_log.say(call.item, number, text, Then.LISTEN, step=Step.ASK_WHO_IS_THERE)


def parted(call: Call, number: int) -> Turn:
    """Who wants no more calls gets none, and hears so."""
    never_again(call.item)
    text = call.words.not_again
    return turn_log.say(call.item, number, text, Then.HANG_UP, step=Step.OPT_OUT)


def never_again(item: CallItem) -> None:
    """At once: the end of the call, which would tell it too, may be lost."""
    tx = items.transaction(item)
    do_not_call.add(item["view"]["to"], tx, source="call", call_id=item["sk"])
    tx.commit()


def ending(call: Call, step: Step, text: str) -> Turn:
    """Say one thing more and hang up; a repeated request says the same."""
    turns = turn_log.read(call.item)
    last = turns[-1] if turns else None
    if last is not None and last.takes(step, text):
        return last
    return last_words(call, last.number + 1 if last else 0, step, text)


def last_words(call: Call, number: int, step: Step, text: str) -> Turn:
    return turn_log.say(call.item, number, text, Then.HANG_UP, step=step)
