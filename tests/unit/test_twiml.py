"""What is said is text of one element, in a voice that speaks its language."""

from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from linkwright.providers import twiml
from linkwright.providers.speech.speaker import speaker

BREAKOUT = "</Say><Dial>+15005550006</Dial><Say>"
URL = "https://api.example.com/callbacks/twilio/org_a/call_0001/1/turn/1"
HEBREW = speaker("he", "alloy")


def parsed(*verbs: ElementTree.Element) -> ElementTree.Element:
    return ElementTree.fromstring(twiml.document(*verbs).encode())  # noqa: S314 -- our own


def tags(root: ElementTree.Element) -> list[str]:
    return [element.tag for element in root.iter()]


def test_a_turn_in_full() -> None:
    ask = twiml.gather(URL, HEBREW, "מה שלומך?")
    assert twiml.document(ask) == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f'<Response><Gather input="dtmf speech" numDigits="1" action="{URL}" method="POST"'
        ' language="he-IL" timeout="5" speechTimeout="auto" actionOnEmptyResult="true"'
        ' profanityFilter="false">'
        '<Say language="he-IL" voice="Google.he-IL-Standard-A">מה שלומך?</Say></Gather></Response>'
    )


def test_a_transfer_and_a_goodbye_in_full() -> None:
    document = twiml.document(
        twiml.start_recording(URL),
        twiml.dial("+972541234567", URL, caller_id="+15005550006", time_limit_s=600, ring_s=30),
        twiml.hang_up(),
    )
    assert document == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f'<Response><Start><Recording recordingStatusCallback="{URL}"'
        ' recordingStatusCallbackMethod="POST"'
        ' recordingStatusCallbackEvent="completed absent" /></Start>'
        f'<Dial action="{URL}" method="POST" callerId="+15005550006" timeLimit="600"'
        ' timeout="30"><Number>+972541234567</Number></Dial><Hangup /></Response>'
    )


def test_nothing_to_do_ends_the_call() -> None:
    assert tags(parsed()) == ["Response"]


@given(st.text())
@example(BREAKOUT)
@example("]]> &lt; &#60; <!-- <![CDATA[ <?xml ?> \" '")
@example("a\r\nb\rc\td\x00\x0b\x1f\ufffe\uffff")
@example("שלום \u202e\u2066مرحبا\u2069 😀 e\u0301")
def test_any_text_is_the_text_of_one_say(text: str) -> None:
    root = parsed(twiml.say(text, HEBREW))
    assert tags(root) == ["Response", "Say"]
    assert (root[0].text or "") == twiml._clean(text)
    assert root[0].tail is None


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])))
def test_nothing_but_what_xml_cannot_hold_is_lost(text: str) -> None:
    kept = text.replace("\ufffe", "").replace("\uffff", "")
    assert twiml._clean(text) == kept


@given(st.text(), st.text())
@example(BREAKOUT, '" onclick="<Dial>')
def test_any_text_stays_in_its_place(prompt: str, action: str) -> None:
    root = parsed(
        twiml.gather(action, HEBREW, prompt),
        twiml.dial(prompt, action, caller_id=action, time_limit_s=1, ring_s=1),
        twiml.start_recording(action),
    )
    assert tags(root) == [*("Response", "Gather", "Say", "Dial", "Number", "Start", "Recording")]
    assert set(root[0].attrib) == {
        *("input", "numDigits", "action", "method", "language", "timeout", "speechTimeout"),
        *("actionOnEmptyResult", "profanityFilter"),
    }
    assert root[0].attrib["action"] == twiml._clean(action)


def test_halves_of_pairs_are_dropped() -> None:
    assert parsed(twiml.say("a\ud800b\udfffc", HEBREW))[0].text == "abc"


def test_a_breakout_is_said_as_it_is_written() -> None:
    root = parsed(twiml.say(BREAKOUT, HEBREW))
    assert tags(root) == ["Response", "Say"]
    assert root[0].text == BREAKOUT


def test_no_more_is_said_than_twilio_takes() -> None:
    said = parsed(twiml.say("ש" * 10_000, HEBREW))[0].text
    assert said == "ש" * twiml.MAX_SAID_CHARS


def test_listening_without_a_prompt() -> None:
    element = twiml.gather(URL, HEBREW, silence_s=8)
    assert not list(element)
    assert element.attrib["timeout"] == "8"
