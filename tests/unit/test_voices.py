"""What Twilio understands and speaks: an agent's language and voice as Twilio has them."""

from xml.etree.ElementTree import Element

import pytest

from linkwright.providers import twiml
from linkwright.providers.speech import voices
from linkwright.providers.speech.speaker import Speaker, is_spoken, may_speak, speaker
from tools.carrier import speech


@pytest.mark.parametrize(
    ("language", "voice", "expected"),
    [
        ("he", "alloy", Speaker("he-IL", "he-IL", "Google.he-IL-Standard-A")),
        ("he-IL", "Polly.Joanna", Speaker("he-IL", "he-IL", "Google.he-IL-Standard-A")),
        ("he-IL", "Google.he-IL-Wavenet-C", Speaker("he-IL", "he-IL", "Google.he-IL-Wavenet-C")),
        ("he", "Google.en-US-Neural2-F", Speaker("he-IL", "he-IL", "Google.he-IL-Standard-A")),
        ("ar", "", Speaker("ar-IL", "ar-XA", "Google.ar-XA-Standard-A")),
        ("ar-EG", "nova", Speaker("ar-EG", "ar-XA", "Google.ar-XA-Standard-A")),
        ("ar-EG", "Polly.Zeina", Speaker("ar-EG", "arb", "Polly.Zeina")),
        ("ar-AE", "Polly.Hala-Neural", Speaker("ar-AE", "ar-AE", "Polly.Hala-Neural")),
        ("ar", "Polly.Joanna", Speaker("ar-IL", "ar-XA", "Google.ar-XA-Standard-A")),
        ("en", "alloy", Speaker("en-US", "en-US", "Polly.Joanna")),
        ("en-GB", "alloy", Speaker("en-GB", "en-GB", "Polly.Amy")),
        ("en-NG", "alloy", Speaker("en-NG", "en-US", "Polly.Joanna")),
        ("en-NZ", "alloy", Speaker("en-NZ", "en-NZ", "Polly.Aria-Neural")),
        ("en-GB", "Polly.Joanna", Speaker("en-GB", "en-US", "Polly.Joanna")),
        ("en-US", "Polly.Zeina", Speaker("en-US", "en-US", "Polly.Joanna")),
        ("en-US", "Polly.Matthew-Neural", Speaker("en-US", "en-US", "Polly.Matthew-Neural")),
        ("en-US", 'Polly.X" a="', Speaker("en-US", "en-US", "Polly.Joanna")),
        (
            "en",
            "Google.en-US-Chirp3-HD-Kore",
            Speaker("en-US", "en-US", "Google.en-US-Chirp3-HD-Kore"),
        ),
        ("hi", "Polly.Aditi", Speaker("hi-IN", "hi-IN", "Polly.Aditi")),
        ("es-MX", "", Speaker("es-MX", "es-MX", "Polly.Mia")),
        ("fr", "woman", Speaker("fr-FR", "fr-FR", "woman")),
        ("nl", "", Speaker("nl-NL", "nl-NL", "Polly.Lotte")),
        ("ja", "", Speaker("ja-JP", "ja-JP", "Polly.Mizuki")),
        ("no", "", Speaker("nb-NO", "nb-NO", "Polly.Liv")),
        ("zh", "", Speaker("cmn-Hans-CN", "cmn-CN", "Polly.Zhiyu")),
        ("zh-TW", "", Speaker("cmn-Hant-TW", "cmn-TW", "Google.cmn-TW-Standard-A")),
        ("zh-HK", "", Speaker("yue-Hant-HK", "yue-HK", "Google.yue-HK-Standard-A")),
        ("th-TH", "alloy", Speaker("th-TH", "th-TH", "Google.th-TH-Standard-A")),
        # Of agents of before that was asked.
        ("xx-YY", "alloy", Speaker("en-US", "en-US", "Polly.Joanna")),
        ("sw", "Polly.Nonexistent", Speaker("en-US", "en-US", "Polly.Joanna")),
    ],
)
def test_the_voice_speaks_the_language(language: str, voice: str, expected: Speaker) -> None:
    assert speaker(language, voice) == expected


@pytest.mark.parametrize(
    ("language", "voice", "may"),
    [
        ("en", "Polly.Joanna", True),
        ("en-GB", "Polly.Joanna", True),
        ("en", "Polly.Joanna-Generative", True),
        ("en", "man", True),
        ("en", "alice", True),
        # A name of one's own is no voice of Twilio's.
        ("en", "dana", True),
        ("xx-YY", "dana", True),
        ("en", "Polly.Nonexistent", False),
        ("en", "Polly.Joanna-Wavenet", False),
        ("en", "Polly.Carla-Neural", False),
        ("en", "polly.Joanna", False),
        ("en", "Azure.en-US-Jenny", False),
        ("en", "Google.en-US-Standard-Z", False),
        ("en", "Google.en-US-Standard-AB", False),
        ("en", "Google.en-US-Chirp3-HD-Nobody", False),
        ("en", "Google.xx-YY-Standard-A", False),
        ("en", "Google.en-US", False),
        ("he", "Polly.Joanna", False),
        ("he", "man", False),
        ("de", "Google.he-IL-Standard-A", False),
        ("xx-YY", "Polly.Joanna", False),
    ],
)
def test_a_voice_of_twilios_is_there_and_speaks_the_language(
    language: str, voice: str, may: bool
) -> None:
    assert may_speak(voice, language) == may


def test_a_language_is_both_understood_and_spoken() -> None:
    # Swahili is understood and has no voice; Welsh has one, and is not understood.
    for lacking in ("xx", "xx-YY", "sw", "sw-KE", "cy", "cy-GB", "en-XX", "zz-US", "zh-XX"):
        assert not is_spoken(lacking)
    for known in (
        "en",
        "en-IE",
        "nl",
        "nl-BE",
        "ja",
        "he",
        "ar-EG",
        "zh",
        "cmn",
        "yue",
        "fil",
        "pa",
    ):
        assert is_spoken(known)


def test_the_tables_are_those_of_the_carrier() -> None:
    assert speech.understood() == voices.UNDERSTOOD
    for voice, languages in speech.voices().items():
        assert sorted(voices.languages(voice)) == sorted(languages), voice
    # Nor do they name a voice that it lacks: the first of each language, and whom it may be.
    for language in {one for known in speech.voices().values() for one in known}:
        assert voices.first(language) in {None, *speech.voices()}


def _understood() -> list[str]:
    return sorted({one.partition("-")[0] for one in voices.UNDERSTOOD} | voices.UNDERSTOOD)


@pytest.mark.parametrize("language", [*_understood(), "xx-YY", "zh", "no"])
def test_no_page_names_a_voice_or_a_language_that_twilio_lacks(language: str) -> None:
    # Most voices do not speak it, and give way to the same one.
    every = ("dana", "Polly.Nonexistent", *speech.voices())
    for by in {speaker(language, voice) for voice in every}:
        page = twiml.gather("https://example.com", by, "Hello?")
        said = page[0]
        assert (speech.objection(page), speech.objection(said)) == (None, None)


@pytest.mark.parametrize(
    ("element", "code"),
    [
        (Element("Say", {"voice": "Polly.Nonexistent", "language": "en-US"}), 13511),
        (Element("Say", {"voice": "Polly.Joanna", "language": "he-IL"}), 13512),
        (Element("Say", {"voice": "Polly.Joanna", "language": "en"}), 13512),
        (Element("Gather", {"input": "dtmf speech", "language": "en"}), 13331),
        (Element("Gather", {"input": "speech", "language": "xx-YY"}), 13331),
        (Element("Gather", {"input": "dtmf", "language": "xx-YY"}), None),
        (Element("Gather", {"input": "speech"}), None),
        (Element("Say"), None),
    ],
)
def test_what_the_carrier_warns_of(element: Element, code: int | None) -> None:
    found = speech.objection(element)
    assert (found and found[0]) == code
