"""Carries out TwiML: what is said on the line, what is heard, which document comes next."""

import time
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from tools.carrier.callees import KEY, Outcome
from tools.carrier.calls import Call, HungUp, Turn
from tools.carrier.errors import PageError
from tools.carrier.line import Line, Redirected
from tools.carrier.orders import E164, Hook, Page, RecordingOrder, recording_events
from tools.carrier.overrides import bare
from tools.carrier.posts import Answer, Unreachable
from tools.carrier.speech import DEFAULT_LANGUAGE, objection
from tools.carrier.twiml import Document, parse, seconds, text_of

SORRY = "We're sorry, an application error has occurred. Goodbye."
CONFIDENCE = "0.91"
# Seconds of the call's clock.
LISTENED_S = 0.6
PLAYED_S = 1.0
DIALLED_CALL_S = 5.0
_CHARACTERS_A_SECOND = 15
_MOST_SAID = 4096
# Twilio stops a call that only ever redirects.
_MOST_PAGES = 500
_HTTP_OK = range(200, 300)


class Conversation:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._call = line.call
        self._answers = line.callee.answers()
        self._pages = 0
        self._fell_back = False
        self._connected_s = 0.0
        self._url = ""
        self._verbs: dict[str, Callable[[Element], Page | None]] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Reject": self._hang_up,
            "Dial": self._dial,
            "Record": self._record,
            "Start": self._start,
        }

    def first(self, params: Mapping[str, str]) -> Page | None:
        """None if the document came with the order."""
        hook = self._call.order.page
        return Page(hook, params) if hook else None

    def run(self, page: Page | None) -> None:
        """Until the last document is carried out. Raises `HungUp`."""
        inline = "" if page else self._call.order.twiml
        while page or inline:
            try:
                page = self._next(page, inline)
            except Redirected as redirected:
                page = Page(redirected.hook)
            inline = ""

    def _next(self, page: Page | None, inline: str) -> Page | None:
        try:
            return self._carry_out(self._document(page, inline))
        except PageError as error:
            return self._fall_back(page, error)

    def _document(self, page: Page | None, inline: str) -> Document:
        if page is None:
            return parse(inline.encode(), "text/xml", "")
        self._pages += 1
        if self._pages > _MOST_PAGES:
            raise PageError(11215, "Too many HTTP redirects")
        answer = self._fetch(page)
        if answer.status not in _HTTP_OK:
            raise PageError(11200, f"HTTP retrieval failure: {answer.status} from {page.hook.url}")
        return parse(answer.body, answer.content_type, page.hook.url)

    def _fetch(self, page: Page) -> Answer:
        """Raises `PageError`."""
        params, token = self._call.params() | dict(page.params), str(uuid.uuid4())
        began = time.monotonic()
        try:
            for _ in range(self._call.behaviour.page_copies):
                answer = self._line.carrier.poster.send(
                    "page", self._call.sid, page.hook, params, token
                )
        except Unreachable as error:
            raise PageError(11205, f"HTTP connection failure: {error}") from error
        self._line.passed(time.monotonic() - began)
        return answer

    def _fall_back(self, page: Page | None, error: PageError) -> Page | None:
        self._line.carrier.alert(self._call, error.code, error.message)
        hook = self._call.order.fallback
        if hook and not self._fell_back:
            self._fell_back = True
            failed = bare(page.hook.url) if page else ""
            return Page(hook, {"ErrorCode": str(error.code), "ErrorUrl": failed})
        self._speak("carrier", SORRY)
        return None

    def _carry_out(self, document: Document) -> Page | None:
        self._url = document.url
        for warning in document.warnings:
            self._line.carrier.alert(self._call, 12200, warning, warning=True)
        for verb in document.verbs:
            page = self._verbs[verb.tag](verb)
            if page:
                return page
        return None

    def _speak(self, who: str, text: str, language: str = "", voice: str = "") -> None:
        self._call.turns.append(Turn(who, text, language, voice))
        self._line.wait(len(text) / _CHARACTERS_A_SECOND)

    def _say(self, verb: Element) -> Page | None:
        text = text_of(verb)
        if not text:
            self._line.carrier.alert(self._call, 13520, "Say: Invalid text", warning=True)
            return None
        if len(text) > _MOST_SAID:
            raise PageError(13520, f"Say: Invalid text: more than {_MOST_SAID} characters")
        if self._cannot(verb):
            return None
        language = verb.get("language", DEFAULT_LANGUAGE)
        self._speak("agent", text, language, verb.get("voice", ""))
        return None

    def _cannot(self, verb: Element) -> bool:
        """Warns of a verb in a voice or a language that is none; the call goes on behind it."""
        found = objection(verb)
        if found:
            self._line.carrier.alert(self._call, *found, warning=True)
        return found is not None

    def _play(self, verb: Element) -> Page | None:
        """Nothing is fetched: a sound is a second long."""
        self._line.wait(PLAYED_S)
        return None

    def _pause(self, verb: Element) -> Page | None:
        self._line.wait(seconds(verb, "length", 1))
        return None

    def _gather(self, verb: Element) -> Page | None:
        for prompt in verb:
            self._verbs[prompt.tag](prompt)
        if self._cannot(verb):
            return None
        language = verb.get("language", DEFAULT_LANGUAGE)
        heard_by = verb.get("input", "dtmf").split()
        heard = self._answers.next(language)
        key = KEY.fullmatch(heard or "")
        if heard is not None and ("dtmf" if key else "speech") in heard_by:
            self._line.wait(LISTENED_S)
            self._speak("callee", heard, language)
            if key:
                return self._action(verb, {"Digits": key[1]})
            self._line.wait(seconds(verb, "speechTimeout", 1))
            said = {"SpeechResult": heard, "Confidence": CONFIDENCE, "Language": language}
            return self._action(verb, said)
        self._line.wait(seconds(verb, "timeout", 5))
        if verb.get("actionOnEmptyResult") == "true":
            return self._action(verb, {"SpeechResult" if "speech" in heard_by else "Digits": ""})
        return None

    def _action(self, verb: Element, params: Mapping[str, str]) -> Page:
        """The document itself, if no action is named."""
        return Page(self._hook(verb.get("action", ""), verb.get("method", "POST")), params)

    def _hook(self, url: str, method: str) -> Hook:
        return Hook(urljoin(self._url, url.strip()), method.upper())

    def _redirect(self, verb: Element) -> Page | None:
        return Page(self._hook(verb.text or "", verb.get("method", "POST")))

    def _hang_up(self, verb: Element) -> Page | None:
        raise HungUp("agent")

    def _start(self, verb: Element) -> Page | None:
        for noun in verb:
            self._line.record(self._recording_order(noun, "StartCallRecordingTwiML"))
        return None

    def _recording_order(self, element: Element, source: str) -> RecordingOrder:
        url = element.get("recordingStatusCallback")
        method = element.get("recordingStatusCallbackMethod", "POST")
        return RecordingOrder(
            self._hook(url, method) if url else None,
            recording_events(element.get("recordingStatusCallbackEvent", "")),
            2 if element.get("channels") == "dual" else 1,
            source,
        )

    def _record(self, verb: Element) -> Page | None:
        """What the callee says next; with nothing said the call goes on behind the verb."""
        heard = self._answers.next(DEFAULT_LANGUAGE)
        if heard is None:
            self._line.wait(seconds(verb, "timeout", 5))
            return None
        self._speak("callee", heard)
        order = self._recording_order(verb, "RecordVerb")
        made = self._line.record_message(order, len(heard) / _CHARACTERS_A_SECOND)
        return self._action(verb, made)

    def _dial(self, verb: Element) -> Page | None:
        number = text_of(verb[0] if len(verb) else verb)
        sender = verb.get("callerId", self._call.order.sender)
        child = self._line.carrier.place_child(self._call, number, sender)
        result = {"DialCallSid": child.sid}
        try:
            result |= self._dialled(verb, child)
        finally:
            if child.status == "in-progress":
                child.end("completed", round(self._line.at_s - self._connected_s))
            elif not child.ended:
                child.end("canceled")
            child.over.set()
        result["DialCallStatus"] = child.status
        return self._action(verb, result) if verb.get("action") else None

    def _dialled(self, verb: Element, child: Call) -> dict[str, str]:
        callee = self._line.carrier.callee(child.order.to)
        if not E164.fullmatch(child.order.to):
            self._line.carrier.alert(self._call, 13224, "Dial: Invalid phone number", warning=True)
            child.end("failed")
            return {}
        child.status, child.started = "ringing", child.created
        if callee.outcome is Outcome.NO_ANSWER:
            self._line.wait(seconds(verb, "timeout", 30))
        else:
            self._line.wait(callee.rings_s)
        if callee.outcome is not Outcome.ANSWERED:
            child.end(str(callee.outcome))
            return {}
        child.status, self._connected_s = "in-progress", self._line.at_s
        talked = min(DIALLED_CALL_S, seconds(verb, "timeLimit", DIALLED_CALL_S))
        self._line.wait(talked)
        child.end("completed", round(talked))
        return {"DialCallDuration": str(round(talked)), "DialBridged": "true"}
