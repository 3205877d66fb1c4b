"""A call that is on the phone, and the page that tells the carrier what to do in it."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from linkwright import clock
from linkwright.providers import twiml
from linkwright.providers.speech.speaker import speaker
from linkwright.providers.telephony import Carrier, Dial
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.turn_log import Then, Turn
from linkwright.voice.conversation import transfers
from linkwright.voice.language import announcements
from linkwright.voice.language.phrases import Phrases, phrases

# From the carrier's question to our answer; longer, and the callee hangs up.
TURN_S = 8.0
# Of these, for what is read and written around the model.
_STORING_S = 1.0
_SILENCE_S = 6
# As long as a person takes to read who calls, or to fetch somebody.
_HOLD_S = 20


@dataclass(frozen=True)
class Call:
    """Who speaks in it, and by which carrier. `began`: when it asked, by the monotonic clock."""

    item: CallItem
    agent: Agent
    dial: Dial
    carrier: Carrier
    began: float

    @property
    def words(self) -> Phrases:
        return phrases(self.agent.language)

    def seconds_left(self) -> float:
        return TURN_S - _STORING_S - (clock.monotonic() - self.began)


def page(call: Call, turn: Turn) -> str:
    """What carries a turn out."""
    agent = call.agent
    by, said = speaker(agent.language, agent.voice), turn.said or ""
    if turn.then in {Then.LISTEN, Then.RECORD}:
        action = call.dial.url("turn", turn.number + 1)
        patience_s = _HOLD_S if announcements.is_to_wait(turn.heard) else _SILENCE_S
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
        caller_id=call.carrier.caller_id(call.dial.from_),
        time_limit_s=transfers.longest_s(call.item),
        ring_s=transfers.RING_S,
    )
