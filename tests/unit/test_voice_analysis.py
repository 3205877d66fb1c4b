"""What came of a call, and whether the callee asked not to be called again."""

import unicodedata
from collections.abc import Callable
from typing import Any, Literal

import pytest

from linkwright.providers import llm
from linkwright.voice.calls.models import Analysis, Call, TranscriptTurn
from linkwright.voice.calls.said import said_by_callee
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.follow_up import analysis
from linkwright.voice.follow_up.analysis import Impression
from linkwright.voice.language import opt_out

Role = Literal["agent", "callee"]


def said(*texts: str, role: Role = "callee") -> list[TranscriptTurn]:
    return [
        TranscriptTurn(role=role, text=text, start_ms=at, end_ms=at + 1, lang="en")
        for at, text in enumerate(texts)
    ]


def call(*turns: tuple[Role, str], **changes: Any) -> Call:
    facts: dict[str, Any] = {
        "id": "call_1",
        "agent_id": "agt_1",
        "to": "+972541234567",
        "status": Status.COMPLETED,
        "created_at": "2026-01-01T00:00:00Z",
        "metadata": {},
        "answered_by": "human",
        "ended_reason": EndedReason.AGENT_ENDED,
        "duration_s": 125,
        "transcript": [turn for role, text in turns for turn in said(text, role=role)],
    }
    return Call(**facts | changes)


def analyse(ended: Call) -> Analysis:
    return analysis.analyse(ended, "ws_1.test", llm.DETERMINISTIC)


class FakeModel:
    """Answers what it was made with, and keeps what it was asked."""

    def __init__(self, answer: Impression | llm.ModelFailed) -> None:
        self.answer = answer
        self.prompts: list[llm.Prompt[Any]] = []

    def instance(self, prompt: llm.Prompt[Any], kind: Any, timeout_s: float) -> llm.Answer[Any]:
        assert kind is Impression
        self.prompts.append(prompt)
        if isinstance(self.answer, llm.ModelFailed):
            raise self.answer
        return llm.Answer(self.answer, llm.Usage(1, 1, None), "ai:fake")


@pytest.fixture
def speaks(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], FakeModel]:
    def make(answer: Any) -> FakeModel:
        made = FakeModel(answer)
        monkeypatch.setattr(llm, "model", lambda *_, **__: made)
        return made

    return make


ASKED = [
    "Don't call me again.",
    "do not ever call this number again",
    "Don’t call me, I'm busy.",
    "DON'T CALL ME ANYMORE!!!",
    "please dont call here again",
    "Never call me again",
    "Don't you dare call me again",
    "please do not contact us any more",
    "Could you please stop calling me?",
    "Stop calling. Just stop calling.",
    "stop calling me at night",
    "Would you not call me again",
    "I asked you not to call me",
    "I'd rather not be called.",
    "I don't want you to call me again",
    "we do not want any more of these calls",
    "I don't want to be contacted",
    "No more calls, please.",
    "Stop the calls",
    "Take me off your list",
    "Take my number off that list, please",
    "please remove me from your calling list",
    "Remove my number from your database.",
    "delete my phone number",
    "Put me on your do-not-call list",
    "Unsubscribe",
    "I want to opt out",
    "Leave me alone!",
    "Lose my number.",
    "אל תתקשרו אליי יותר",
    "אל תתקשר אלי, אני עסוק",
    "אַל תִּתְקַשְּׁרוּ אֵלַי יוֹתֵר",
    "בבקשה אל תתקשרי שוב",
    "אל תצלצלו לפה",
    "תפסיקו להתקשר!",
    "תפסיקי כבר להתקשר אליי",
    "די להתקשר",
    "תפסיקו עם השיחות",
    "ביקשתי לא להתקשר אליי",
    "אני לא רוצה שתתקשרו אליי",
    "לא מעוניינת לקבל יותר שיחות",
    "תורידו אותי מהרשימה",
    "תסיר אותי בבקשה מרשימת התפוצה שלכם",
    "תמחקו את המספר שלי",
    "תמחק אותי מהמאגר",
    "תעזבו אותי במנוחה",
    "אל תפנו אליי",
    "لا تتصل بي مرة أخرى",
    "لا تتصلوا بي بعد الآن",
    "لا تَتَّصِلوا بي أبدًا",
    "لا تتـصل بي مجددا",
    "لا تتصل فيني",
    "ما تتصلوا علي مرة ثانية",
    "متتصلش بيا تاني",
    "ما تتصلوش تاني",
    "لا تكلموني مرة ثانية",
    "توقفوا عن الاتصال بي",
    "بطلوا تتصلوا",
    "لا أريد المزيد من المكالمات",
    "ما بدي حدا يتصل",
    "مش عايز مكالمات",
    "احذفوني من القائمة",
    "احذف رقمي من قائمتكم",
    "امسح رقمي",
    "لا تزعجوني",
    "اتركوني وشأني",
]
NOT_ASKED = [
    "",
    "Yes, go ahead.",
    "I'm not interested.",
    "Wrong number.",
    "Don't call me now, call me tomorrow.",
    "please don't call me before nine",
    "Do not call me at work",
    "I don't want you to call me at night",
    "Don't call me Sir",
    "don't call me that",
    "Please don't stop calling, I need this",
    "They never stop calling, my children",
    "You never call me!",
    "Why don't you call me back?",
    "They don't call me any more",
    "Don't hesitate to call me.",
    "Stop calling me names",
    "Stop the car. Call me later.",
    "Take me off speaker",
    "Take me off hold, please",
    "Leave me a message",
    "Where did you get my number from? Which list?",
    "Did he not call you?",
    "If I don't call you, call me.",
    "Put me on your list",
    "כן, בבקשה.",
    "אל תתקשרו אליי עכשיו, תתקשרו מחר",
    "אל תתקשר בשבת",
    "אל תפסיקו להתקשר",
    "אל תשכחו להתקשר",
    "לא מעוניין",
    "תתקשרו אליי מחר",
    "תוריד את הטלפון רגע",
    "تفضل، نعم",
    "لا تتصل بي الآن",
    "لا تتصلوا بي قبل التاسعة",
    "لماذا لا تتصلون بي؟",
    "اتصل بي غدا",
    "لا تتوقفوا عن الاتصال بي",
    "عندما تتصل بي",
    "غير مهتم",
]


def opted_out(turns: list[TranscriptTurn]) -> bool:
    return opt_out.is_asked_in(said_by_callee(turns))


@pytest.mark.parametrize("text", ASKED)
def test_asked_not_to_be_called_again(text: str) -> None:
    assert opted_out(said("Who is this?", text))
    assert opted_out(said(unicodedata.normalize("NFD", f"\u200f{text}\u200f")))


@pytest.mark.parametrize("text", NOT_ASKED)
def test_did_not_ask(text: str) -> None:
    assert not opted_out(said(text))


@pytest.mark.parametrize("text", ASKED)
def test_what_the_agent_says_never_counts(text: str) -> None:
    assert not opted_out(said(text, role="agent"))


@pytest.mark.slow
def test_an_hour_of_talk_is_searched_at_once() -> None:
    words = "do not want to take me and my number off this and no more " * 20_000
    assert not opted_out(said(words + "do not", "לא רוצה " * 50_000, "لا اريد " * 50_000))


def test_a_conversation_is_told_by_its_facts() -> None:
    found = analyse(call(("agent", "Hello?"), ("callee", "כן, בבקשה."), ("agent", "Thank you.")))
    assert found.model_dump() == {
        "summary": "A person answered. The call took 2 min 5 s; the agent ended it."
        ' Turns: 2 of the agent, 1 of the callee. The callee last said: "כן, בבקשה."',
        "outcome": "conversation",
        "sentiment": None,
        "custom": {},
    }


def test_who_opts_out_is_told_of() -> None:
    found = analyse(
        call(
            ("callee", "Don't call me again"), duration_s=4, ended_reason=EndedReason.CALLEE_HUNG_UP
        )
    )
    assert found.outcome == "opted_out"
    assert found.summary == (
        "A person answered. The call took 4 s; the callee hung up. Turns: 0 of the agent, 1"
        " of the callee. The callee asked not to be called again."
        ' The callee last said: "Don\'t call me again"'
    )


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"answered_by": "voicemail", "status": Status.VOICEMAIL}, "voicemail"),
        ({"answered_by": "call_screening"}, "screened"),
        ({"answered_by": "human"}, "no_conversation"),
        ({"answered_by": "ivr"}, "no_conversation"),
        ({"answered_by": None}, "no_conversation"),
    ],
)
def test_without_a_word_of_the_callee(changes: dict[str, Any], outcome: str) -> None:
    found = analyse(call(("agent", "Is somebody there?"), ("callee", " "), **changes))
    assert found.outcome == outcome
    assert "last said" not in found.summary


def test_a_long_quotation_is_cut() -> None:
    summary = analyse(call(("callee", "yes and\n" * 100))).summary
    quoted = summary.partition('said: "')[2]
    assert len(quoted) <= 201
    assert quoted.endswith('…"')
    assert "\n" not in quoted


def test_the_same_call_has_the_same_analysis() -> None:
    ended = call(("agent", "Hello?"), ("callee", "Hello."))
    assert analyse(ended) == analyse(ended)


def test_a_person_behind_a_screening_is_a_conversation() -> None:
    talk = call(("callee", "Who is calling?"), ("callee", "Yes?"), answered_by="call_screening")
    assert analyse(talk).outcome == "conversation"
    reason = {"answered_by": "call_screening", "ended_reason": EndedReason.CALL_SCREENING}
    assert analyse(call(("callee", "Who is calling?"), **reason)).outcome == "screened"


def test_a_model_sums_up_and_judges_the_mood(speaks: Callable[[Any], FakeModel]) -> None:
    model = speaks(
        Impression(summary="**Dana** will come [here](https://evil.test).", sentiment="positive")
    )
    found = analyse(call(("agent", "Hello?"), ("callee", "כן, בבקשה.")))
    assert (found.summary, found.sentiment) == ("Dana will come .", "positive")
    assert found.outcome == "conversation"
    (prompt,) = model.prompts
    assert prompt.data["transcript"] == [
        {"role": "agent", "text": "Hello?"},
        {"role": "callee", "text": "כן, בבקשה."},
    ]
    assert "בבקשה" not in prompt.instructions
    assert "+972541234567" not in f"{prompt.instructions}{prompt.data}"


def test_the_facts_stand_in_for_a_model_that_fails(speaks: Callable[[Any], FakeModel]) -> None:
    talk = call(("callee", "Hello."))
    by_facts = analyse(talk)
    speaks(llm.ModelFailed(llm.Failure.TOO_SLOW, "no answer"))
    assert analyse(talk) == by_facts
    speaks(Impression(summary="https://evil.test", sentiment="negative"))
    assert analyse(talk) == by_facts


def test_no_model_is_asked_about_a_call_in_which_nobody_spoke(
    speaks: Callable[[Any], FakeModel],
) -> None:
    model = speaks(Impression(summary="A lively talk.", sentiment="positive"))
    assert "lively" not in analyse(call(("agent", "Hello?"))).summary
    assert not model.prompts
