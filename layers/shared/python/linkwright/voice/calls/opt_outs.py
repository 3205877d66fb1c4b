"""Whether somebody in a talk asks for no more calls: by words, by a key, or by the key's name.

A key's name is meant so by whom it was offered since they last spoke; later on a nine is an hour.
"""

from collections.abc import Sequence

from linkwright.voice.calls.turn_log import Step, Turn
from linkwright.voice.language import opt_out
from linkwright.voice.language.phrases import phrases


def is_asked_in(turns: Sequence[Turn], language: str) -> bool:
    """Whether it is asked in any turn, also in one that nobody has answered."""
    return any(is_asked(turns[:end], language) for end in range(1, len(turns) + 1))


def is_asked(turns: Sequence[Turn], language: str) -> bool:
    """Whether the last turn asks it."""
    heard = turns[-1].heard
    return opt_out.is_asked(heard) or (
        opt_out.is_key_said(heard) and _is_offered(turns[:-1], language)
    )


def _is_offered(before: Sequence[Turn], language: str) -> bool:
    since = max((at for at, turn in enumerate(before) if turn.heard), default=0)
    # A turn of before it was a step is known by its words.
    words = phrases(language).opt_out_key
    return any(
        turn.step is Step.OFFER_OPT_OUT or words in (turn.said or "") for turn in before[since:]
    )
