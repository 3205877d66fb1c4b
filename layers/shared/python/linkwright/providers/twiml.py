"""TwiML: what Twilio is to do with a call, as XML.

Made of elements, never of text: what a customer, a model or a caller wrote is text in an element or
in an attribute, and nothing else. Source: https://www.twilio.com/docs/voice/twiml.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

CONTENT_TYPE = "text/xml; charset=utf-8"
# Twilio says no more than 4,096 characters at once, and ends the call if there are more.
MAX_SAID_CHARS = 4_000

# Twilio has no language without a region. Arabic's is the one beside Hebrew's.
_REGIONS = {
    **{"ar": "ar-IL", "de": "de-DE", "en": "en-US", "es": "es-ES", "fr": "fr-FR"},
    **{"he": "he-IL", "it": "it-IT", "pt": "pt-BR", "ru": "ru-RU"},
}
# By region or language: the language that Twilio calls it, and the voice. From
# https://www.twilio.com/docs/voice/twiml/say/text-speech.
_VOICES = {
    "ar": ("ar-XA", "Google.ar-XA-Standard-A"),
    "de": ("de-DE", "Polly.Vicki"),
    "en": ("en-US", "Polly.Joanna"),
    "en-AU": ("en-AU", "Polly.Nicole"),
    "en-GB": ("en-GB", "Polly.Amy"),
    "es": ("es-ES", "Polly.Lucia"),
    "es-MX": ("es-MX", "Polly.Mia"),
    "es-US": ("es-US", "Polly.Lupe"),
    "fr": ("fr-FR", "Polly.Lea"),
    "fr-CA": ("fr-CA", "Polly.Chantal"),
    "he": ("he-IL", "Google.he-IL-Standard-A"),
    "it": ("it-IT", "Polly.Bianca"),
    "pt": ("pt-BR", "Polly.Camila"),
    "pt-PT": ("pt-PT", "Polly.Ines"),
    "ru": ("ru-RU", "Polly.Tatyana"),
}
# The names of Google's voices have their language in them.
_GOOGLE = re.compile(r"Google\.(?P<locale>[a-z]{2,3}-[A-Z]{2})-[A-Za-z0-9-]{1,40}")
_POLLY = re.compile(r"Polly\.[A-Z][A-Za-z]{1,20}(-Neural|-Generative)?")
_POLLY_ARABIC = {"Polly.Zeina": "arb", "Polly.Hala-Neural": "ar-AE", "Polly.Zayd-Neural": "ar-AE"}

# What XML 1.0 cannot hold, not even escaped: controls, halves of pairs, and two code points more.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n?")


@dataclass(frozen=True)
class Speaker:
    """How a language is understood and spoken: `voice` None is Twilio's own for the language."""

    understood: str
    spoken: str
    voice: str | None


def speaker(language: str, voice: str) -> Speaker:
    """For an agent's language, as `he` or `he-IL`, and its voice.

    A voice that is not one of Twilio's, or is known to speak another language, gives way to the
    language's own: Twilio may say nothing at all where the two do not agree.
    """
    region = _REGIONS.get(language, language)
    if chosen := _spoken_by(voice, region):
        return Speaker(region, chosen, voice)
    own = _VOICES.get(region) or _VOICES.get(_base(region)) or (region, None)
    return Speaker(region, *own)


def _spoken_by(voice: str, region: str) -> str | None:
    """The language to name beside the voice, if it may speak the wanted one."""
    if google := _GOOGLE.fullmatch(voice):
        return google["locale"] if _base(google["locale"]) == _base(region) else None
    if _base(region) == "ar" or voice in _POLLY_ARABIC:
        return _POLLY_ARABIC.get(voice) if _base(region) == "ar" else None
    # Polly has no Hebrew; which of its voices speaks what else is left to who chose it.
    return region if _POLLY.fullmatch(voice) and _base(region) != "he" else None


def _base(language: str) -> str:
    return language.partition("-")[0]


def document(*verbs: Element) -> str:
    """The whole answer to Twilio; without verbs it ends the call."""
    response = Element("Response")
    response.extend(verbs)
    xml: bytes = tostring(response, encoding="utf-8", xml_declaration=True)
    return xml.decode()


def say(text: str, by: Speaker) -> Element:
    voice = {"voice": by.voice} if by.voice else {}
    element = _element("Say", {"language": by.spoken, **voice})
    element.text = _clean(text)[:MAX_SAID_CHARS]
    return element


def gather(
    action: str,
    by: Speaker,
    prompt: str | None = None,
    *,
    silence_s: int = 5,
) -> Element:
    """Say the prompt and listen; what was heard goes to `action`, and so does silence.

    `silence_s` is how long nothing may be said at first; what pause ends what is said, Twilio
    judges.
    """
    element = _element(
        "Gather",
        {
            "input": "speech",
            "action": action,
            "method": "POST",
            "language": by.understood,
            "timeout": str(silence_s),
            "speechTimeout": "auto",
            # Else Twilio goes on with the next verb, and nobody counts the silences.
            "actionOnEmptyResult": "true",
            # A transcript has what was said, not asterisks.
            "profanityFilter": "false",
        },
    )
    if prompt is not None:
        element.append(say(prompt, by))
    return element


def dial(
    number: str, action: str, *, caller_id: str, time_limit_s: int, ring_s: int = 30
) -> Element:
    """Connect the caller with another number; how that ended goes to `action`."""
    element = _element(
        "Dial",
        {
            "action": action,
            "method": "POST",
            "callerId": caller_id,
            "timeLimit": str(time_limit_s),
            "timeout": str(ring_s),
        },
    )
    SubElement(element, "Number").text = _clean(number)
    return element


def start_recording(callback: str) -> Element:
    """Record from here on: for an agent that asks first. The rest of the document goes on."""
    element = Element("Start")
    attributes = {
        "recordingStatusCallback": callback,
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": "completed absent",
    }
    element.append(_element("Recording", attributes))
    return element


def hang_up() -> Element:
    return Element("Hangup")


def _element(name: str, attributes: Mapping[str, str]) -> Element:
    return Element(name, {key: _clean(value) for key, value in attributes.items()})


def _clean(text: str) -> str:
    """Only what XML can hold, with the line ends that its readers would make of any."""
    return _LINE_END.sub("\n", _NOT_XML.sub("", text))
