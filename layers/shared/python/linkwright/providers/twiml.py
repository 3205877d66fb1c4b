"""TwiML: what Twilio is to do with a call, as XML.

Made of elements, never of text: what a customer, a model or a caller wrote is text in an element or
in an attribute, and nothing else. Source: https://www.twilio.com/docs/voice/twiml.
"""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from linkwright.providers.speech.speaker import Speaker

CONTENT_TYPE = "text/xml; charset=utf-8"
# Twilio says no more than 4,096 characters at once, and ends the call if there are more.
MAX_SAID_CHARS = 4_000

# What XML 1.0 cannot hold, not even escaped: controls, halves of pairs, and two code points more.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n?")


def document(*verbs: Element) -> str:
    """The whole answer to Twilio; without verbs it ends the call."""
    response = Element("Response")
    response.extend(verbs)
    xml: bytes = tostring(response, encoding="utf-8", xml_declaration=True)
    return xml.decode()


def say(text: str, by: Speaker) -> Element:
    element = _element("Say", {"language": by.spoken, "voice": by.voice})
    element.text = _clean(text)[:MAX_SAID_CHARS]
    return element


def gather(
    action: str,
    by: Speaker,
    prompt: str | None = None,
    *,
    silence_s: int = 5,
) -> Element:
    """Say the prompt and listen; what was heard goes to `action`, and so do a key and silence.

    `silence_s` is how long nothing may be said at first; what pause ends what is said, Twilio
    judges.
    """
    element = _element(
        "Gather",
        {
            "input": "dtmf speech",
            "numDigits": "1",
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


def dial(number: str, action: str, *, caller_id: str, time_limit_s: int, ring_s: int) -> Element:
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
