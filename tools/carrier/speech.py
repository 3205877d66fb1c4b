"""The voices and languages that Twilio knows, and what it warns of where a document names others.

A voice stands in a line with the languages that it speaks, as Twilio's SDK lists them; what is said
in a voice, or a language, that is none is not heard, and what is to be heard in one is not either.
"""

from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

DEFAULT_LANGUAGE = "en-US"
OBJECTIONS = frozenset({13331, 13511, 13512})
_HERE = Path(__file__).parent


def objection(element: Element) -> tuple[int, str] | None:
    """Twilio's code and words for a `<Say>` or a `<Gather>` that it cannot carry out; else None."""
    language = element.get("language", DEFAULT_LANGUAGE)
    if element.tag == "Gather":
        is_known = "speech" not in element.get("input", "dtmf") or language in understood()
        return None if is_known else (13331, f"Gather: Invalid language value: {language}")
    # Without a voice it is the one that the account has for the language.
    voice = element.get("voice")
    if voice is not None and voice not in voices():
        return 13511, f"Say: Invalid voice value: {voice}"
    if language not in (voices()[voice] if voice else spoken()):
        return 13512, f"Say: Invalid language value: {language}"
    return None


@cache
def voices() -> dict[str, list[str]]:
    lines = (_HERE / "voices.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines}


@cache
def spoken() -> frozenset[str]:
    return frozenset(language for languages in voices().values() for language in languages)


@cache
def understood() -> frozenset[str]:
    return frozenset((_HERE / "languages.txt").read_text(encoding="utf-8").split())
