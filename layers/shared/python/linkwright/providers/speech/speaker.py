"""How Twilio understands and speaks the language of an agent, which names it as everybody does."""

from typing import NamedTuple

from linkwright.providers.speech import voices
from linkwright.providers.speech.voices import UNDERSTOOD

# Which of several regions a language without one is; Arabic's is the one beside Hebrew's.
_REGIONS = {
    **{"ar": "ar-IL", "bn": "bn-IN", "cmn": "cmn-CN", "en": "en-US", "es": "es-ES", "fr": "fr-FR"},
    **{"nl": "nl-NL", "no": "nb-NO", "pa": "pa-IN", "pt": "pt-BR", "ta": "ta-IN", "yue": "yue-HK"},
    "zh": "zh-CN",
}
# What Twilio calls otherwise, and not the same in `<Gather>` as in `<Say>`.
_OTHERWISE = {
    **dict.fromkeys(("cmn-CN", "zh-CN"), ("cmn-Hans-CN", "cmn-CN")),
    **dict.fromkeys(("cmn-TW", "zh-TW"), ("cmn-Hant-TW", "cmn-TW")),
    **dict.fromkeys(("yue-HK", "zh-HK"), ("yue-Hant-HK", "yue-HK")),
    "no-NO": ("nb-NO", "nb-NO"),
    "pa-IN": ("pa-guru-IN", "pa-IN"),
}
# Who speaks for the regions that have no voice of their own.
_SPOKEN = {"ar": "ar-XA", "cmn": "cmn-CN"}
_ENGLISH = "en-US"


class Speaker(NamedTuple):
    """How a language is understood, how it is spoken, and by which voice."""

    understood: str
    spoken: str
    voice: str


def speaker(language: str, voice: str) -> Speaker:
    """For an agent's language, as `he` or `he-IL`, and its voice.

    A name that is none of Twilio's voices stands for the one that speaks the language best known.
    What Twilio lacks, which only agents of before that was asked have, gives way: to English, and
    to a voice that speaks the language.
    """
    understood, spoken = _named(language) or (_ENGLISH, _ENGLISH)
    if as_it_speaks := _shared(voice, spoken):
        return Speaker(understood, as_it_speaks, voice)
    return Speaker(understood, spoken, voices.first(spoken) or "")


def is_spoken(language: str) -> bool:
    """Whether Twilio both understands and speaks it."""
    return _named(language) is not None


def may_speak(voice: str, language: str) -> bool:
    """Whether a voice is one of Twilio's for the language, or no name of Twilio's at all."""
    named = _named(language)
    return not voices.is_one(voice) or (named is not None and _shared(voice, named[1]) is not None)


def _shared(voice: str, spoken: str) -> str | None:
    """The language to name beside a voice: the wanted one, or that of another region."""
    known = [one for one in voices.languages(voice) if _tongue(one) == _tongue(spoken)]
    return spoken if spoken in known else next(iter(known), None)


def _named(language: str) -> tuple[str, str] | None:
    """As Twilio calls it where it understands, and where it speaks; None if it lacks either."""
    region = _REGIONS.get(language) or _only_region(language)
    understood, spoken = _OTHERWISE.get(region, (region, region))
    if understood not in UNDERSTOOD:
        return None
    if voices.first(spoken) is None:
        tongue = _tongue(spoken)
        spoken = _SPOKEN.get(tongue) or _REGIONS.get(tongue) or spoken
    return (understood, spoken) if voices.first(spoken) else None


def _only_region(language: str) -> str:
    """Of a language without a region, the one that Twilio understands it in."""
    known = (one for one in sorted(UNDERSTOOD) if one.partition("-")[0] == language)
    return language if "-" in language else next(known, language)


def _tongue(language: str) -> str:
    return language.partition("-")[0].replace("arb", "ar")
