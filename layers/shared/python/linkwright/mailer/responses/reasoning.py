"""What an answer means, where the rules leave that open: by the model that the workspace has."""

from linkwright import deadline
from linkwright.ai import operations as ai
from linkwright.credits.operations import Allowed
from linkwright.errors import OwnKeyFailed
from linkwright.mailer.inbound import intents
from linkwright.mailer.inbound.intents import Meaning, Told

# Of one answer; and what has to be left to write down what follows.
_SECONDS, _RESERVE_S = 8.0, 15.0
# With less than that left it is asked for less long, or not at all.
NEEDS_S = _SECONDS + _RESERVE_S
_TOKENS = 300


def meaning(partition: str, text: str, subject: str, ruled: Meaning) -> Meaning:
    """Whatever a model does, what the rules found holds."""
    seconds = min(_SECONDS, deadline.seconds_left() - _RESERVE_S)
    if ruled.is_final or seconds <= 0:
        return ruled
    prompt = intents.prompt(text, subject, ruled)
    try:
        written = ai.ask(
            partition,
            ai.chosen(partition),
            prompt,
            Told,
            Allowed(seconds),
            lambda told: told,
            _TOKENS,
        )
    except OwnKeyFailed:
        return ruled
    return intents.decided(ruled, written.value, text)
