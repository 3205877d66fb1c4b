"""Carries out TwiML step by step; see `tools.carrier.conversation`, whose clock this keeps."""

from collections.abc import Callable
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from tests.switchboard_account import Account
from tests.switchboard_calls import PlacedCall, Steps
from tests.switchboard_line import Line
from tools.carrier.callees import KEY, Outcome
from tools.carrier.calls import Call, HungUp, Turn
from tools.carrier.conversation import (
    CONFIDENCE,
    DIALLED_CALL_S,
    LISTENED_S,
    PLAYED_S,
    SORRY,
    Page,
)
from tools.carrier.errors import PageError
from tools.carrier.line import Redirected
from tools.carrier.orders import E164, Hook, RecordingOrder, recording_events
from tools.carrier.overrides import bare
from tools.carrier.speech import DEFAULT_LANGUAGE, objection
from tools.carrier.twiml import Document, parse, seconds, text_of

MOST_FALLBACKS = 3
_CHARACTERS_A_SECOND = 15
_MOST_SAID = 4096
# Twilio stops a call that only ever redirects.
_MOST_PAGES = 500
_HTTP_OK = range(200, 300)


def course(account: Account, call: PlacedCall) -> Steps[None]:
    """A call from its first ring to its last report."""
    line = Line(account, call)
    try:
        status = yield from line.ring()
        if status == "in-progress":
            yield from _talk(line)
            call.ended_by, status = "agent", "completed"
    except HungUp as hung_up:
        call.ended_by = hung_up.by
        status = "completed" if call.status == "in-progress" else "canceled"
    yield from line.end(status)


def _talk(line: Line) -> Steps[None]:
    assert line.call.order.page
    yield from line.answer()
    yield from Conversation(line).run(Page(line.call.order.page))


class Conversation:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._call = line.call
        self._answers = line.callee.answers()
        self._pages = 0
        self._fallbacks = 0
        self._connected_s = 0.0
        self._is_fallback = False
        self._url = ""
        self._verbs: dict[str, Callable[[Element], Steps[Page | None]]] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Dial": self._dial,
            "Start": self._start,
        }

    def run(self, first: Page) -> Steps[None]:
        """Until the last document is carried out. Raises `HungUp`."""
        page: Page | None = first
        while page:
            try:
                page = yield from self._next(page)
            except Redirected as redirected:
                page, self._is_fallback = Page(redirected.hook), False

    def _next(self, page: Page) -> Steps[Page | None]:
        try:
            document = yield from self._document(page)
            onward = yield from self._carry_out(document)
        except PageError as error:
            return (yield from self._fall_back(page, error))
        self._is_fallback = False
        return onward

    def _document(self, page: Page) -> Steps[Document]:
        self._pages += 1
        if self._pages > _MOST_PAGES:
            raise PageError(11215, "Too many HTTP redirects")
        reply = yield from self._line.ask(page.hook, page.params)
        if reply is None:
            raise PageError(11205, "HTTP connection failure")
        if reply.status not in _HTTP_OK:
            raise PageError(11200, f"HTTP retrieval failure: {reply.status} from {page.hook.url}")
        return parse(reply.body, reply.content_type, page.hook.url)

    def _fall_back(self, page: Page, error: PageError) -> Steps[Page | None]:
        """Once for failures one after the other."""
        self._call.alert(error.code, error.message)
        hook = self._call.order.fallback
        if hook and not self._is_fallback and self._fallbacks < MOST_FALLBACKS:
            self._is_fallback = True
            self._fallbacks += 1
            return Page(hook, {"ErrorCode": str(error.code), "ErrorUrl": bare(page.hook.url)})
        yield from self._speak("carrier", SORRY)
        return None

    def _carry_out(self, document: Document) -> Steps[Page | None]:
        self._url = document.url
        for warning in document.warnings:
            self._call.alert(12200, warning, warning=True)
        for verb in document.verbs:
            if verb.tag in {"Hangup", "Reject"}:
                raise HungUp("agent")
            if verb.tag == "Redirect":
                return Page(self._hook(verb.text or "", verb.get("method", "POST")))
            assert verb.tag in self._verbs, f"the switchboard knows no {verb.tag}"
            page = yield from self._verbs[verb.tag](verb)
            if page:
                return page
        return None

    def _speak(self, who: str, text: str, language: str = "", voice: str = "") -> Steps[None]:
        self._call.turns.append(Turn(who, text, language, voice))
        yield from self._line.wait(len(text) / _CHARACTERS_A_SECOND)

    def _say(self, verb: Element) -> Steps[None]:
        text = text_of(verb)
        if not text:
            self._call.alert(13520, "Say: Invalid text", warning=True)
            return
        if len(text) > _MOST_SAID:
            raise PageError(13520, f"Say: Invalid text: more than {_MOST_SAID} characters")
        if self._cannot(verb):
            return
        language = verb.get("language", DEFAULT_LANGUAGE)
        yield from self._speak("agent", text, language, verb.get("voice", ""))

    def _cannot(self, verb: Element) -> bool:
        found = objection(verb)
        if found:
            self._call.alert(*found, warning=True)
        return found is not None

    def _play(self, verb: Element) -> Steps[None]:
        yield from self._line.wait(PLAYED_S)

    def _pause(self, verb: Element) -> Steps[None]:
        yield from self._line.wait(seconds(verb, "length", 1))

    def _gather(self, verb: Element) -> Steps[Page | None]:
        for prompt in verb:
            yield from self._verbs[prompt.tag](prompt)
        if self._cannot(verb):
            return None
        language = verb.get("language", DEFAULT_LANGUAGE)
        heard_by = verb.get("input", "dtmf").split()
        heard = self._answers.next(language)
        key = KEY.fullmatch(heard or "")
        if heard is not None and ("dtmf" if key else "speech") in heard_by:
            yield from self._line.wait(LISTENED_S)
            yield from self._speak("callee", heard, language)
            if key:
                return self._action(verb, {"Digits": key[1]})
            yield from self._line.wait(seconds(verb, "speechTimeout", 1))
            said = {"SpeechResult": heard, "Confidence": CONFIDENCE, "Language": language}
            return self._action(verb, said)
        yield from self._line.wait(seconds(verb, "timeout", 5))
        if verb.get("actionOnEmptyResult") == "true":
            return self._action(verb, {"SpeechResult" if "speech" in heard_by else "Digits": ""})
        return None

    def _action(self, verb: Element, params: dict[str, str]) -> Page:
        """The document itself, if no action is named."""
        return Page(self._hook(verb.get("action", ""), verb.get("method", "POST")), params)

    def _hook(self, url: str, method: str) -> Hook:
        return Hook(urljoin(self._url, url.strip()), method.upper())

    def _start(self, verb: Element) -> Steps[None]:
        for noun in verb:
            url = noun.get("recordingStatusCallback")
            method = noun.get("recordingStatusCallbackMethod", "POST")
            order = RecordingOrder(
                self._hook(url, method) if url else None,
                recording_events(noun.get("recordingStatusCallbackEvent", "")),
                2 if noun.get("channels") == "dual" else 1,
                "StartCallRecordingTwiML",
            )
            yield from self._line.record(order)

    def _dial(self, verb: Element) -> Steps[Page | None]:
        number = text_of(verb[0] if len(verb) else verb)
        sender = verb.get("callerId", self._call.order.sender)
        account = self._line.account
        child = account.place_child(self._call, number, sender)
        result = {"DialCallSid": child.sid}
        try:
            result |= yield from self._dialled(verb, child)
        finally:
            if child.status == "in-progress":
                account.end(child, "completed", round(self._line.at_s - self._connected_s))
            elif not child.ended:
                account.end(child, "canceled")
        result["DialCallStatus"] = child.status
        return self._action(verb, result) if verb.get("action") else None

    def _dialled(self, verb: Element, child: Call) -> Steps[dict[str, str]]:
        line, number = self._line, child.order.to
        callee, longest = line.account.callee(number), seconds(verb, "timeout", 30)
        if not E164.fullmatch(number):
            self._call.alert(13224, "Dial: Invalid phone number", warning=True)
            line.account.end(child, "failed")
            return {}
        child.status, child.started = "ringing", line.account.now()
        is_missed = callee.outcome is Outcome.NO_ANSWER or callee.rings_s > longest
        yield from line.wait(longest if is_missed else callee.rings_s)
        if is_missed or callee.outcome is not Outcome.ANSWERED:
            line.account.end(child, "no-answer" if is_missed else str(callee.outcome))
            return {}
        child.status, self._connected_s = "in-progress", line.at_s
        talked = min(DIALLED_CALL_S, seconds(verb, "timeLimit", DIALLED_CALL_S))
        yield from line.wait(talked)
        line.account.end(child, "completed", round(talked))
        return {"DialCallDuration": str(round(talked)), "DialBridged": "true"}
