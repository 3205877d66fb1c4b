"""Hebrew verbs beside a number: of one of something they are singular, and have its gender."""

import re

from linkwright.ai.facts.facts import Facts

# In the plural, which is what a text has: of one, masculine and feminine.
_VERBS = {
    "הגיעו": ("הגיע", "הגיעה"),
    "היו": ("היה", "הייתה"),
    "נרשמו": ("נרשם", "נרשמה"),
    "נספרו": ("נספר", "נספרה"),
    "נמדדו": ("נמדד", "נמדדה"),
    "נראו": ("נראה", "נראתה"),
    "התקבלו": ("התקבל", "התקבלה"),
    "מגיעים": ("מגיע", "מגיעה"),
    "מהווים": ("מהווה", "מהווה"),
}
_IS_FEMININE = {
    **{"clicks": False, "clicks_before": False, "bot_clicks": False, "links": False},
    **{"scans": True, "scans_before": True, "conversions": True},
}
_VERB = rf"(?<!\w)({'|'.join(_VERBS)})(?!\w)"
_NUMBER = r"\{([a-z0-9_]+)\}"
_BEFORE, _BEHIND = re.compile(rf"{_VERB}(?= {_NUMBER})"), re.compile(rf"(?<=\}} ){_VERB}")
_LAST = re.compile(rf"{_NUMBER} $")


def agreed(text: str, facts: Facts) -> str:
    """The text with each verb beside a placeholder as that one's number wants it."""

    def before(found: re.Match[str]) -> str:
        return _of(found[1], found[2], facts)

    def behind(found: re.Match[str]) -> str:
        number = _LAST.search(found.string, 0, found.start())
        return _of(found[1], number[1], facts) if number else found[0]

    return _BEHIND.sub(behind, _BEFORE.sub(before, text))


def _of(verb: str, number: str, facts: Facts) -> str:
    fact = facts[number]
    is_of_one = fact.value == 1 and fact.unit in _IS_FEMININE
    return _VERBS[verb][_IS_FEMININE[fact.unit]] if is_of_one else verb
