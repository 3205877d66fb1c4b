"""TwiML: which documents can be carried out.

Twilio warns (12200) of what its schema does not know and goes on as it can; here a verb or noun out
of place ends the call, so that no test passes on a document that half works.
"""

from dataclasses import dataclass
from xml.etree import ElementTree

from tools.carrier.errors import PageError

LARGEST_BYTES = 64 * 1024
XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})

_SSML = frozenset(
    {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}
)
_PROMPTS = frozenset({"Say", "Play", "Pause"})
# What may stand within each; what is missing here is not spoken by this carrier.
NESTED = {
    "Say": _SSML,
    "Play": frozenset[str](),
    "Pause": frozenset[str](),
    "Gather": _PROMPTS,
    "Redirect": frozenset[str](),
    "Hangup": frozenset[str](),
    "Reject": frozenset[str](),
    "Dial": frozenset({"Number"}),
    "Record": frozenset[str](),
    "Start": frozenset({"Recording"}),
}
_ATTRIBUTES = {
    "Say": "voice language loop",
    "Play": "loop digits",
    "Pause": "length",
    "Gather": "action method timeout speechTimeout language input actionOnEmptyResult hints "
    "speechModel enhanced profanityFilter bargeIn numDigits finishOnKey maxSpeechTime debug "
    "partialResultCallback partialResultCallbackMethod",
    "Redirect": "method",
    "Hangup": "",
    "Reject": "reason",
    "Dial": "action method timeout timeLimit callerId answerOnBridge hangupOnStar ringTone record "
    "trim recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent "
    "referUrl referMethod sequential events",
    "Number": "sendDigits url method statusCallback statusCallbackEvent statusCallbackMethod byoc "
    "machineDetection",
    "Record": "action method timeout finishOnKey maxLength playBeep trim transcribe "
    "transcribeCallback recordingStatusCallback recordingStatusCallbackMethod "
    "recordingStatusCallbackEvent",
    "Start": "",
    "Recording": "recordingStatusCallback recordingStatusCallbackMethod "
    "recordingStatusCallbackEvent trim track channels",
}


@dataclass(frozen=True)
class Document:
    url: str
    verbs: list[ElementTree.Element]
    warnings: list[str]


def parse(body: bytes, content_type: str, url: str) -> Document:
    """Raises `PageError` with Twilio's code."""
    if len(body) > LARGEST_BYTES:
        raise PageError(11750, "TwiML response body too large")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "text/plain":
        spoken = ElementTree.Element("Say")
        spoken.text = body.decode(errors="replace")
        return Document(url, [spoken], [])
    if media_type not in XML_TYPES:
        raise PageError(12300, f"Invalid Content-Type: {content_type or 'none'}")
    root = _root(body)
    for verb in root:
        _check(verb, "Response", frozenset(NESTED))
    return Document(url, list(root), [text for verb in root for text in _warnings(verb)])


def _root(body: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in body:
        raise PageError(12100, "Document parse failure: a DOCTYPE is not allowed")
    try:
        # From the service under test, on loopback, and without the entities a DOCTYPE can declare.
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        raise PageError(12100, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise PageError(12102, "TwiML root element must be <Response>")
    return root


def _check(element: ElementTree.Element, within: str, allowed: frozenset[str]) -> None:
    if element.tag not in allowed:
        raise PageError(
            12200, f"Invalid content was found starting with element '{element.tag}' in '{within}'"
        )
    within_it = _SSML if element.tag in _SSML else NESTED.get(element.tag, frozenset())
    for child in element:
        _check(child, element.tag, within_it)


def _warnings(element: ElementTree.Element) -> list[str]:
    known = _ATTRIBUTES.get(element.tag)
    if known is None:
        return []
    found = [
        f"Attribute '{name}' is not allowed to appear in element '{element.tag}'"
        for name in element.attrib
        if name not in known.split()
    ]
    return found + [text for child in element for text in _warnings(child)]


def text_of(element: ElementTree.Element) -> str:
    """All that is to be said, without the marks of SSML; white space as one blank."""
    return " ".join("".join(element.itertext()).split())


def seconds(element: ElementTree.Element, name: str, default: float) -> float:
    """An attribute in seconds; `auto` and what is no number stand for the default."""
    value = element.get(name, "")
    return float(value) if value.isdecimal() else default
