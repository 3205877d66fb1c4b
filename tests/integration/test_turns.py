"""Turns that fail, take long, come twice or are cut off; and how a talk ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.providers.llm import Failure, ModelFailed
from linkwright.table import Table, query
from linkwright.voice.agent_models import EscalationRule
from linkwright.voice.calls import lifecycle, said
from linkwright.voice.calls import turn_log as turns
from linkwright.voice.conversation import decisions, dialogue
from linkwright.voice.language.phrases import phrases
from tests import carrier, models, pump
from tests.carrier import Killed, about
from tests.factories import CALLEE, Workspace, make_workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent
from tests.talks import TARGET, Talk, dialled_numbers
from tools.carrier.callees import Kind

TURN_S = 8.0
NO_RULES: dict[str, Any] = {"escalation_rules": []}
TRANSFER = EscalationRule(when="a person is wanted", action="transfer", to=TARGET)
HANG_UP = EscalationRule(when="the callee is rude", action="hang_up")
EN = phrases("en")
FRAME = decisions._FRAME[4]


# ---- models that have no answer -----------------------------------------------------------------


def _stalls(patch: pytest.MonkeyPatch) -> models.Fake:
    return models.Stalling(models.Time(patch).jump)


def _says(*replies: str | dict[str, Any]) -> Any:
    return lambda _: models.Scripted(*replies)


def _fails(failure: Exception) -> Any:
    return lambda _: models.Broken(failure)


NO_ANSWER = {
    "stalls": _stalls,
    "unavailable": _fails(ModelFailed(Failure.UNAVAILABLE, "503")),
    "refuses": _fails(ModelFailed(Failure.REFUSED, "by its guardrail")),
    "invalid": _fails(ModelFailed(Failure.INVALID_OUTPUT, "twice")),
    "not set up": _fails(ModelFailed(Failure.NOT_CONFIGURED, "no key")),
    "crashes": _fails(RuntimeError("boom")),
    "times out": _fails(TimeoutError("the socket")),
    "says nothing": _says("   "),
    "says an empty text": _says(""),
    "says marks": _says("*** ```"),
    "says a link": _says("https://evil.test/?d=1"),
    "shows an image": _says("![x](https://evil.test/?d=1)"),
    "acts otherwise": _says({"say": "Hm.", "action": "transfer", "to": "+19005550100"}),
    "reads its rules": _says(f"My rules: {FRAME}"),
    "reads its rules and escalates": _says({"say": FRAME, "action": "escalate", "rule": 0}),
}


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_without_an_answer_it_is_sorry_and_ends(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    models.use(monkeypatch, NO_ANSWER[fault](monkeypatch))
    talk = Talk(workspace, "Hello?", language="en", **NO_RULES).finish()
    assert talk.heard()[1:] == [EN.sorry]
    assert talk.last_verbs() == ["Say", "Hangup"]
    assert talk.end() == ("completed", "model_failed")
    assert talk.lines()[-1] == ("agent", EN.sorry)
    assert max(talk.seconds) < TURN_S


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_without_an_answer_a_person_takes_over_if_there_is_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    models.use(monkeypatch, NO_ANSWER[fault](monkeypatch))
    rules = [HANG_UP, TRANSFER]
    talk = Talk(workspace, "Hello?", language="en", escalation_rules=rules).finish()
    assert talk.heard()[1:] == [EN.connecting]
    assert [verb.tag for verb in talk.verbs[1]] == ["Say", "Dial"]
    assert dialled_numbers() == {CALLEE, TARGET}
    assert talk.end() == ("completed", "transferred")
    assert max(talk.seconds) < TURN_S


@pytest.mark.parametrize("language", ["he", "ar"])
def test_it_is_sorry_in_the_agents_language(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    models.use(monkeypatch, models.Broken(RuntimeError()))
    talk = Talk(workspace, "x", language=language, **NO_RULES).finish()
    assert talk.heard()[-1] == phrases(language).sorry


def test_the_first_person_who_may_be_called_takes_over(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings={"allowed_countries": ["IL"]})
    models.use(monkeypatch, models.Broken(RuntimeError()))
    elsewhere = TRANSFER.model_copy(update={"to": "+442079460000"})
    never = TRANSFER.model_copy(update={"to": workspace.never_call()})
    talk = Talk(workspace, "x", escalation_rules=[elsewhere, never, TRANSFER]).finish()
    assert dialled_numbers() == {CALLEE, TARGET}
    assert talk.end() == ("completed", "transferred")
    talk = Talk(workspace, "x", language="en", escalation_rules=[elsewhere, never]).finish()
    assert talk.heard()[-1] == EN.sorry
    assert talk.end() == ("completed", "model_failed")


def test_a_lie_connects_nobody(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    models.use(monkeypatch, models.Lying())
    talk = Talk(workspace, *["Who are you?"] * 4, language="en").finish()
    assert talk.elements("Dial") == []
    assert dialled_numbers() == {CALLEE}
    assert talk.end() == ("completed", "callee_hung_up")


def test_a_long_answer_is_cut_at_a_word(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.use(monkeypatch, models.Scripted("שלום " * 390))
    talk = Talk(workspace, "x").finish()
    (said,) = talk.heard()[1:]
    assert 590 < len(said) <= decisions.MAX_SAID_CHARS
    assert set(said.split()) == {"שלום"}
    assert not talk.call.alerts


# ---- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost_s", [0.0, 3.0, 6.5, 20.0])
def test_the_model_gets_no_more_time_than_is_left(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, lost_s: float
) -> None:
    time = models.Time(monkeypatch)
    model = models.use(monkeypatch, models.Stalling(time.jump))
    hear = turns.hear

    def slowly(*args: Any) -> Any:
        time.jump(lost_s)
        return hear(*args)

    monkeypatch.setattr(turns, "hear", slowly)
    talk = Talk(workspace, "Hello?", language="en", **NO_RULES).finish()
    (given,) = model.timeouts
    assert given <= TURN_S - 1 - lost_s
    # Where there is time, it gets it.
    assert given > TURN_S - 1 - lost_s - 2
    assert talk.heard()[-1] == EN.sorry
    if lost_s < TURN_S - 1:
        assert max(talk.seconds) < TURN_S


@pytest.mark.parametrize("fault", ["stalls", "unavailable", "says nothing"])
def test_each_page_comes_in_time_by_the_real_clock(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    models.use(monkeypatch, NO_ANSWER[fault](monkeypatch))
    talk = Talk(workspace, None, "Hello?", language="en").finish()
    assert len(talk.seconds) == 4
    assert max(talk.seconds) < TURN_S
    assert all(verbs for verbs in talk.verbs)


# ---- the same request again ---------------------------------------------------------------------


def _stored(talk: Talk) -> list[dict[str, Any]]:
    rows, _ = query(Table.CORE, f"W#{talk.workspace.partition}#TLK#{talk.id}", limit=100)
    return rows


def test_the_same_turn_five_times_is_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.use(monkeypatch, models.Scripted("One.", "Two.", "Three."))
    talk = Talk(workspace, "Yes.", "Really?", language="en", recording=True)
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    again = talk.sent[-1]
    assert about(again) == "turn"
    for _ in range(4):
        talk.deliver(again)
    assert len(set(talk.pages[1:])) == 1
    assert len(talk.pages) == 6
    assert len(model.prompts) == 1
    assert len(_stored(talk)) == 2
    talk.finish()
    # An old request, come late, is answered as it was, and moves nothing.
    assert [text for _, text in talk.lines()][1:] == ["Yes.", "One.", "Really?", "Two."]


def test_other_words_for_the_same_turn_change_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.use(monkeypatch, models.Scripted("One.", "Two."))
    talk = Talk(workspace, "Hello?", "Well.", language="en")
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    page = talk.pages[-1]
    assert talk.ask(1, "Something else entirely.").body.decode() == page
    talk.finish()
    assert [text for role, text in talk.lines() if role == "callee"] == ["Hello?", "Well."]


@pytest.mark.parametrize("words", ["Yes.", "Never call me again.", ""])
def test_the_same_turn_at_once_is_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    said = iter(range(100))
    model = models.Scripted("x")
    monkeypatch.setattr(model, "reply", lambda *_: {"say": f"No. {next(said)}", "action": "listen"})
    models.use(monkeypatch, model)
    talk = Talk(workspace, "Hello?", language="en", recording=True)
    talk.exchange.talk(talk.id)
    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(lambda _: talk.ask(1, words), range(5)))
    assert len({reply.body for reply in replies}) == 1
    assert len(_stored(talk)) == 2
    assert len(talk.item["view"].get("recording_consent") or {}) == (2 if words == "Yes." else 0)


class Once:
    """Kills the function the first times that something is done."""

    def __init__(
        self, patch: pytest.MonkeyPatch, module: Any, name: str, *, after: bool, times: int = 1
    ) -> None:
        self._work, self._after, self.killed = getattr(module, name), after, 0
        self._times = times
        patch.setattr(module, name, self)
        exchange = carrier.current()
        self._deliver = exchange.deliver
        exchange.deliver = self._survive

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self.killed == self._times:
            return self._work(*args, **options)
        self.killed += 1
        if self._after:
            self._work(*args, **options)
        raise Killed

    def _survive(self, sent: Sent) -> Reply | None:
        try:
            return self._deliver(sent)
        except Killed:
            return None


@pytest.mark.parametrize(
    ("module", "name", "after", "tries", "again"),
    [
        *(
            (module, name, after, tries, again)
            for tries, again in ((1, "turn"), (2, "answer"))
            for module, name, after in (
                (turns, "hear", True),
                (decisions, "decide", False),
                (dialogue, "page", False),
            )
        ),
        # What is noted need not be noted twice.
        (lifecycle, "note", True, 1, "turn"),
    ],
)
def test_a_turn_that_was_cut_off_is_taken_up_where_it_is_asked_again(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    after: bool,
    tries: int,
    again: str,
) -> None:
    """At its own address; at the fallback once the carrier has no more time for that."""
    models.use(monkeypatch, models.Scripted("One.", {"say": "Goodbye, then.", "action": "hang_up"}))
    talk = Talk(workspace, "Yes.", "Well.", "Bye.", language="en", recording=True)
    talk.exchange.talk(talk.id)
    once = Once(monkeypatch, module, name, after=after, times=tries)
    pump.settle(stack, workspace.id)
    assert once.killed == tries
    asked = [about(sent) for sent in talk.sent]
    assert asked[: tries + 2] == ["answer", *["turn"] * tries, again]
    assert asked.count("answer") == tries
    assert talk.lines()[1] == ("callee", "Yes.")
    assert talk.lines()[-1] == ("agent", "Goodbye, then.")
    assert [role for role, _ in talk.lines()] == ["agent", "callee"] * 2 + ["agent"]
    assert talk.end() == ("completed", "agent_ended")
    # Twilio says that it is sorry only where the fallback fails too.
    assert talk.heard("carrier") == []
    # A consent that was written down begins a recording, whichever request carries it out.
    assert talk.show()["recording_consent"]["type"] == "verbal"
    assert len(talk.elements("Recording")) == 1
    assert talk.show()["recording_url"]


def test_a_request_about_a_call_that_is_over_is_hung_up(workspace: Workspace) -> None:
    talk = Talk(workspace, "Hello?", language="en").finish()
    before = talk.show()
    for sent in list(talk.sent):
        reply = talk.deliver(sent)
        assert reply is not None
        assert reply.body.endswith(b"<Response><Hangup /></Response>")
    assert talk.show() == before


# ---- endings ------------------------------------------------------------------------------------


def test_the_callee_hangs_up(workspace: Workspace) -> None:
    talk = Talk(workspace, "What is it about?", language="en").finish()
    assert talk.end() == ("completed", "callee_hung_up")
    assert len(talk.lines()) == 3


def test_a_talk_is_no_longer_than_its_agent_allows(workspace: Workspace) -> None:
    talk = Talk(workspace, *["And then?"] * 50, language="en", max_duration_s=30).finish()
    assert talk.call.ended_by == "time_limit"
    assert talk.end() == ("completed", "max_duration")
    assert talk.show()["duration_s"] == 30


@pytest.mark.parametrize("status", ["CallStatus", "Duration"])
def test_reasons_stand_whatever_the_carriers_last_word_lacks(
    workspace: Workspace, status: str
) -> None:
    talk = Talk(workspace, "Goodbye.", language="en")
    last = talk.exchange.run_to(talk.call, "status", "completed")
    kept = {name: said for name, said in last.fields.items() if "uration" not in name}
    form = list((kept if status == "Duration" else last.fields).items())
    talk.deliver(talk.exchange.signed(Sent("status", last.url, form, last.headers)))
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["duration_s"] >= 1


def test_a_talk_that_is_canceled_keeps_what_was_said(workspace: Workspace) -> None:
    talk = Talk(workspace, "Hello?", "And then?", "Well.", language="en")
    talk.exchange.talk(talk.id)
    talk.exchange.run_to(talk.call, "turn")
    canceled = workspace.client.post(f"/v1/voice/calls/{talk.id}/cancel")
    assert canceled.status == 200
    said = [("agent", EN.disclosed.format(name="Dana") + f" {EN.opt_out_key} {EN.good_moment}")]
    said += [("callee", "Hello?"), ("agent", EN.replies[0])]
    # A replay would show it for a day: it is in one place alone.
    assert canceled.json["transcript"] == []
    assert talk.lines() == said
    assert talk.end() == ("canceled", "canceled")
    # The words that were on their way come too late.
    talk.exchange.advance(talk.call)
    assert talk.last_verbs() == ["Hangup"]
    talk.finish()
    assert talk.lines() == said


def test_a_call_that_is_canceled_before_its_answer_has_no_transcript(workspace: Workspace) -> None:
    talk = Talk(workspace, "Hello?")
    talk.exchange.ring(talk.id)
    canceled = workspace.client.post(f"/v1/voice/calls/{talk.id}/cancel").json
    assert (canceled["status"], canceled["transcript"]) == ("canceled", [])


# Phoenician: four bytes a letter, so that an hour is long enough.
LONG = "𐤔𐤋𐤌 " * 950


@pytest.mark.parametrize("way", ["end", "cancel"])
@pytest.mark.slow
def test_a_long_transcript_is_kept_outside_of_the_call(workspace: Workspace, way: str) -> None:
    lines = [f"{at} {LONG}".strip() for at in range(12)]
    talk = Talk(workspace, *lines, max_duration_s=3600)
    if way == "cancel":
        talk.exchange.talk(talk.id)
        for _ in range(10):
            talk.exchange.run_to(talk.call, "turn")
        assert workspace.client.post(f"/v1/voice/calls/{talk.id}/cancel").status == 200
        lines = lines[:10]
    else:
        talk.finish()
    kept = said.read(talk.item)
    assert "transcript" not in kept
    name = f"{workspace.partition}/{talk.id}.json"
    assert kept["transcript_key"] == f"transcripts/365-days/{name}"
    heard = [text for role, text in talk.lines() if role == "callee"]
    assert heard == lines
    assert sum(len(text.encode()) for text in heard) > said.MAX_ITEM_BYTES


def test_a_short_one_is_kept_in_it(workspace: Workspace) -> None:
    talk = Talk(workspace, "Hello?").finish()
    assert "transcript_key" not in said.read(talk.item)
    assert len(said.read(talk.item)["transcript"]) == 3


@pytest.mark.parametrize(
    ("lines", "options", "reason"),
    [
        (("Goodbye.",), {}, "agent_ended"),
        (("Hello?",), {}, "callee_hung_up"),
        ((None, None), {"hangs_up": False}, "silence"),
        ((), {"kind": Kind.MACHINE, "hangs_up": False}, "voicemail"),
        (("Who is calling? This is a call screening service.",), {}, "call_screening"),
    ],
)
def test_a_reason_is_told_by_the_event_of_the_end_too(
    stack: Stack, workspace: Workspace, lines: tuple[str | None, ...], options: Any, reason: str
) -> None:
    talk = Talk(workspace, *lines, language="en", **options)
    pump.settle(stack, workspace.id)
    assert talk.end()[1] == reason
    ended = [
        item for item in stack.rows("CoreTable", workspace.id) if item.get("type") == "call.ended"
    ]
    assert [event["object"]["ended_reason"] for event in ended] == [reason]


def test_what_was_said_is_forgotten_after_a_week_but_in_the_transcript(
    workspace: Workspace,
) -> None:
    talk = Talk(workspace, "Hello?").finish()
    rows = _stored(talk)
    assert len(rows) == 2
    week = (clock.now() + timedelta(days=7, minutes=1)).timestamp()
    assert all(clock.epoch() < row["ttl"] < week for row in rows)
