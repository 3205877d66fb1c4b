"""What the agent does where a machine answered: what its plan for a voicemail says.

A menu is asked whether a person is there, if the plan asks; it and a fax hear nothing else.
"""

from collections.abc import Sequence
from dataclasses import replace as but

from linkwright.providers import twiml
from linkwright.voice.calls import lifecycle, turn_log
from linkwright.voice.calls.states import MACHINES
from linkwright.voice.calls.turn_log import Step, Turn
from linkwright.voice.conversation import fixed_turns
from linkwright.voice.conversation.rendering import Call, page


def is_one(call: Call) -> bool:
    """By the carrier's detection, or by what was heard before."""
    return call.item["view"].get("answered_by") in MACHINES


def speaks(call: Call, turns: Sequence[Turn]) -> bool:
    """Whether it is a machine still: what a person says is stronger than a detection."""
    return is_one(call) and not turn_log.is_with_a_person(turns)


def told_apart(call: Call, by: str) -> Call:
    """The call as it was heard who answered it."""
    return but(call, item=lifecycle.note(call.item, {"answered_by": by}))


def answered(call: Call, turns: Sequence[Turn]) -> str:
    """What the carrier is to do next."""
    plan, by = call.agent.voicemail, call.item["view"]["answered_by"]
    if by == "voicemail" and plan.action == "leave_message" and plan.message is not None:
        return page(call, fixed_turns.ending(call, Step.LEAVE_MESSAGE, plan.message))
    if by != "unavailable" and plan.action == "ask" and (asked := _asked(call, turns)):
        return page(call, asked)
    return twiml.document(twiml.hang_up())


def was_asked(call: Call, turns: Sequence[Turn]) -> bool:
    """Whether the last turn is an answer to who is there."""
    question = call.words.are_you_there
    return any(turn.takes(Step.ASK_WHO_IS_THERE, question) for turn in turns[-2:])


def _asked(call: Call, turns: Sequence[Turn]) -> Turn | None:
    """Ask whether a person is there; None if a machine answered that too, or nobody did."""
    if not turns:
        return fixed_turns.asked_who_is_there(call, 0)
    last = turns[-1]
    if last.takes(Step.ASK_WHO_IS_THERE, call.words.are_you_there):
        return last
    if last.said is not None:
        return fixed_turns.asked_who_is_there(call, last.number + 1)
    # Else it was heard before it was known that a machine speaks.
    is_answer = was_asked(call, turns)
    return None if is_answer else fixed_turns.asked_who_is_there(call, last.number)
