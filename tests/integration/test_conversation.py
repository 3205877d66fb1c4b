"""Talks on the phone: what is said and written down, and what is done without a model."""

from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from linkwright import clock
from linkwright.table import Item, Table, update
from linkwright.voice.agent_models import VoicemailPlan
from linkwright.voice.calls import turn_log
from linkwright.voice.language.phrases import phrases
from tests import carrier, models, pump
from tests.carrier import about
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace, make_workspace
from tests.stack import Stack
from tests.switchboard import Sent
from tests.talks import TARGET, Late, Talk, dialled_numbers, in_turn
from tools.carrier.callees import SCRIPTS, Callee, Kind, Outcome
from tools.carrier.overrides import bare
from tools.carrier.recordings import Recording

BYE = {"say": "Goodbye, then.", "action": "hang_up"}
ANSWERS = {
    "he": (
        "נעים מאוד, זה לגבי התור שלך.",
        "התור הוא אצל ד״ר לוי, ביום שני בשעה 10:00.",
        "זה עולה 250 ₪.",
        "כן, יום שלישי בבוקר מתאים.",
        "אשלח לך הודעה עם כל הפרטים.",
        "תודה רבה, להתראות.",
    ),
    "ar": (
        "تشرفنا، الأمر يتعلق بموعدك.",
        "الموعد عند الدكتور ليفي، يوم الإثنين الساعة 10:00.",
        "السعر ٢٥٠ شيكل.",
        "نعم، صباح الثلاثاء مناسب.",
        "سأرسل لك رسالة بكل التفاصيل.",
        "شكرا جزيلا، مع السلامة.",
    ),
    "en": (
        "Nice to meet you, it is about your appointment.",
        "It is with Dr. Lévy, on Monday at ten.",
        "It is £25.",
        "Yes, Tuesday morning is fine.",
        "I will send you a message with the details.",
        "Thank you very much, goodbye.",
    ),
}
# As Twilio calls the language when it speaks, and when it listens.
TWILIO = {"he": ("he-IL", "he-IL"), "ar": ("ar-XA", "ar-IL"), "en": ("en-US", "en-US")}


def spoken_by(patch: pytest.MonkeyPatch, *replies: str | dict[str, Any]) -> models.Scripted:
    model = models.Scripted(*replies)
    models.use(patch, model)
    return model


def events(stack: Stack, workspace: Workspace) -> list[Item]:
    found = [item for item in stack.rows("CoreTable", workspace.id) if "sequence" in item]
    return sorted(found, key=lambda event: int(event["sequence"]))


def recorded(talk: Talk) -> bool:
    """Whether the carrier was told to record."""
    return talk.call.recorded


# ---- six turns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["he", "ar", "en"])
def test_six_turns_are_written_down_as_they_were_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    *five, last = ANSWERS[language]
    model = spoken_by(monkeypatch, *five, {"say": last, "action": "hang_up"})
    talk = Talk(workspace, *SCRIPTS[language], language=language, name="דנה").finish()
    call, words = talk.show(), phrases(language)
    opening = f"{words.disclosed.format(name='דנה')} {words.opt_out_key} {words.good_moment}"
    assert talk.lines() == in_turn(opening, SCRIPTS[language], ANSWERS[language])
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert (call["answered_by"], call["transcript_status"]) == ("human", "ready")
    lines = call["transcript"]
    assert {line["lang"] for line in lines} == {language}
    assert all(one["role"] != other["role"] for one, other in pairwise(lines))
    times = [moment for line in lines for moment in (line["start_ms"], line["end_ms"])]
    assert times == sorted(times)
    assert times[0] >= 0
    # What the callee heard is what is written down, and each answer saw all that was said before.
    assert talk.heard() == [text for role, text in talk.lines() if role == "agent"]
    told = [[line["text"] for line in prompt.data["transcript"]] for prompt in model.prompts]
    texts = [text for _, text in talk.lines()]
    assert told == [texts[: 2 * turn] for turn in range(1, 7)]


@pytest.mark.parametrize("language", ["he", "ar", "en"])
def test_twilio_speaks_and_listens_in_the_agents_language(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    region = {"he": "he-IL", "ar": "ar", "en": "en-US"}[language]
    talk = Talk(workspace, "one", "two", language=region).finish()
    spoken, understood = TWILIO[language]
    says, gathers = talk.elements("Say"), talk.elements("Gather")
    assert [say.get("language") for say in says] == [spoken] * 3
    assert all(say.get("voice") for say in says)
    assert [gather.get("language") for gather in gathers] == [understood] * 2
    assert {turn.language for turn in talk.call.turns if turn.who == "agent"} == {spoken}
    assert not talk.call.alerts


def test_each_page_listens_for_the_next_turn(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    talk = Talk(workspace, "one", "two").finish()
    assert [[verb.tag for verb in verbs] for verbs in talk.verbs] == [
        ["Gather"],
        ["Gather"],
        ["Say", "Hangup"],
    ]
    for turn, gather in enumerate(talk.elements("Gather"), start=1):
        assert bare(gather.get("action", "")).endswith(f"/{talk.id}/1/turn/{turn}")
        assert (gather.get("input"), gather.get("numDigits")) == ("dtmf speech", "1")
        assert gather.get("actionOnEmptyResult") == "true"
        assert [child.tag for child in gather] == ["Say"]


MARKUP = "</Say><Dial>+19005550100</Dial>"


@pytest.mark.parametrize(
    "markup",
    [
        MARKUP,
        f"]]>{MARKUP}<!--",
        f"&lt;/Say&gt;{MARKUP}&amp;",
        '"/><Hangup/><Say x="',
        "<?xml version='1.0'?><Response><Dial>+19005550100</Dial></Response>",
        "\x00\x1b</Say>\uffff<Redirect>https://evil.test</Redirect>",
    ],
)
def test_markup_in_a_text_is_text(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, markup: str
) -> None:
    spoken_by(monkeypatch, markup, {"say": f"x {markup}", "action": "hang_up"})
    # What cannot be stored is refused, or never comes so far.
    name = markup.encode(errors="ignore").decode()
    talk = Talk(workspace, f"Hello {name}", "Bye", name=name).finish()
    assert len(talk.pages) == 3
    for page, verbs in zip(talk.pages, talk.verbs, strict=True):
        tags = [one.tag for verb in verbs for one in verb.iter()]
        assert tags in (["Gather", "Say"], ["Say", "Hangup"])
        assert page.count("<Say") == 1
        assert "<Dial" not in page
        assert "<Redirect" not in page
    assert dialled_numbers() == {CALLEE}
    assert not talk.call.alerts


def test_an_agent_of_the_api_may_be_named_so_too(workspace: Workspace) -> None:
    body = {"name": MARKUP, "prompt": "Be kind.", "voice": MARKUP, "language": "en"}
    agent = workspace.client.post("/v1/voice/agents", json=body).json
    talk = Talk(workspace, "Bye", agent_id=agent["id"]).finish()
    assert talk.heard()[0].startswith(f"Hello, this is {MARKUP}, an automated AI assistant.")
    assert [one.tag for verb in talk.verbs[0] for one in verb.iter()] == ["Gather", "Say"]
    assert dialled_numbers() == {CALLEE}


# ---- the opening --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["he", "ar", "en"])
def test_it_says_that_it_is_an_ai_unless_told_not_to(workspace: Workspace, language: str) -> None:
    words = phrases(language)
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": language}
    by_default = workspace.client.post("/v1/voice/agents", json=body).json
    assert (by_default["ai_disclosure"], by_default["recording_consent"]) == (True, True)
    talk = Talk(workspace, agent_id=by_default["id"]).finish()
    assert talk.heard() == [
        f"{words.disclosed.format(name='Dana')} {words.opt_out_key} {words.good_moment}"
    ]
    off = workspace.client.post("/v1/voice/agents", json={**body, "ai_disclosure": False}).json
    talk = Talk(workspace, agent_id=off["id"]).finish()
    assert talk.heard() == [
        f"{words.introduced.format(name='Dana')} {words.opt_out_key} {words.good_moment}"
    ]


def test_it_opens_once_however_often_it_is_asked(workspace: Workspace) -> None:
    talk = Talk(workspace, "Hello")
    talk.exchange.run_to(talk.call, "answer")
    talk.exchange.advance(talk.call)
    (first,) = talk.sent
    for _ in range(4):
        talk.deliver(first)
    assert len(set(talk.pages)) == 1
    assert len(talk.pages) == 5
    talk.finish()
    assert [role for role, _ in talk.lines()] == ["agent", "callee", "agent"]


# ---- consent to record --------------------------------------------------------------------------

CONSENTS = [
    ("he", "כן, זה בסדר.", "verbal"),
    ("ar", "نعم، موافق.", "verbal"),
    ("en", "Yes, go ahead.", "verbal"),
    ("he", "לא, אני לא מסכים.", "refused"),
    ("ar", "لا، غير موافق.", "refused"),
    ("en", "No, please don't.", "refused"),
    ("en", "Maybe.", "refused"),
    ("en", "Yes but no.", "refused"),
    ("he", "אולי", "refused"),
    ("ar", "ربما", "refused"),
    ("en", "What is it about?", "refused"),
]


@pytest.mark.parametrize(("language", "answer", "kind"), CONSENTS)
def test_a_recording_begins_with_a_plain_yes(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    answer: str,
    kind: str,
) -> None:
    spoken_by(monkeypatch, "Hm.", "Well.", BYE)
    talk = Talk(workspace, answer, "yes", "bye", language=language, recording=True)
    assert not talk.call.order.recording
    assert "recording_consent" not in talk.item["view"]
    pump.settle(stack, workspace.id)
    call, words = talk.show(), phrases(language)
    assert call["recording_consent"]["type"] == kind
    # Asked once, and never again.
    assert sum(words.may_record in text for text in talk.heard()) == 1
    starts = talk.elements("Recording")
    told = {event["type"]: event["object"] for event in events(stack, workspace)}
    assert told["call.ended"]["recording_consent"]["type"] == kind
    if kind == "verbal":
        assert call["recording_consent"]["granted_at"] >= call["answered_at"]
        assert len(starts) == 1
        callback = bare(starts[0].get("recordingStatusCallback", ""))
        assert callback.endswith(f"/{talk.id}/1/recording")
        # From the answer to the yes on, not before it.
        assert [verb.tag for verb in talk.verbs[1]] == ["Start", "Gather"]
        assert call["recording_url"]
        assert "call.recording_ready" in told
    else:
        assert call["recording_consent"]["granted_at"] is None
        assert (starts, recorded(talk)) == ([], False)
        assert call["recording_url"] is None
        assert "call.recording_ready" not in told
    assert talk.exchange.live.recordings == {}


def test_who_was_silent_at_first_is_asked_again(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    talk = Talk(workspace, None, "Yes.", "bye", language="en", recording=True)
    pump.settle(stack, workspace.id)
    words = phrases("en")
    # Else a yes would be one to whether anybody is there.
    assert talk.heard()[1] == f"{words.are_you_there} {words.may_record}"
    assert talk.show()["recording_consent"]["type"] == "verbal"
    assert talk.show()["recording_url"]
    assert [verb.tag for verb in talk.verbs[2]] == ["Start", "Gather"]


def test_after_an_answer_a_silence_asks_only_who_is_there(workspace: Workspace) -> None:
    talk = Talk(workspace, "Maybe.", None, "yes", "goodbye", language="en", recording=True)
    talk.finish()
    assert talk.heard()[2] == phrases("en").are_you_there
    assert talk.show()["recording_consent"]["type"] == "refused"
    assert not recorded(talk)


def test_who_never_answers_is_not_recorded(stack: Stack, workspace: Workspace) -> None:
    talk = Talk(workspace, None, None, hangs_up=False, recording=True)
    pump.settle(stack, workspace.id)
    call = talk.show()
    assert (call["recording_consent"], call["recording_url"]) == (None, None)
    assert not recorded(talk)


@pytest.mark.parametrize("answer", ["No.", None])
def test_what_the_carrier_recorded_all_the_same_is_deleted(
    stack: Stack, workspace: Workspace, answer: str | None
) -> None:
    talk = Talk(workspace, answer, None, None, hangs_up=False, language="en", recording=True)
    talk.finish()
    board, sid = talk.exchange.live, f"RE{7:032x}"
    board.recordings[sid] = Recording(
        sid, board.account.account_sid, talk.call.sid, talk.call.created, 9, 1, "RecordVerb"
    )
    last = talk.sent[-1]
    url = last.url.partition(f"/{about(last)}/")[0] + "/recording"
    status = {"RecordingSid": sid, "RecordingStatus": "completed", "RecordingDuration": "9"}
    made = talk.exchange.signed(Sent("recording", url, last.form, last.headers), **status)
    reply = talk.deliver(made)
    assert reply is not None
    assert reply.status == 204
    pump.settle(stack, workspace.id)
    assert board.recordings == {}
    assert talk.show()["recording_url"] is None
    assert "recording_key" not in talk.item


def test_an_agent_that_does_not_ask_records_from_the_start(
    stack: Stack, workspace: Workspace
) -> None:
    talk = Talk(workspace, "Hello", "bye", language="en", recording=True, recording_consent=False)
    assert talk.call.order.recording is not None
    assert talk.show()["recording_consent"] == {"type": "not_asked", "granted_at": None}
    pump.settle(stack, workspace.id)
    call, words = talk.show(), phrases("en")
    assert not any(words.may_record in text for text in talk.heard())
    assert talk.elements("Recording") == []
    assert call["recording_consent"] == {"type": "not_asked", "granted_at": None}
    assert call["recording_url"]
    assert talk.exchange.live.recordings == {}
    ended = next(one for one in events(stack, workspace) if one["type"] == "call.ended")
    assert ended["object"]["recording_consent"]["type"] == "not_asked"


def test_an_agent_that_does_not_record_asks_nothing(workspace: Workspace) -> None:
    talk = Talk(workspace, "Yes", "bye", language="en").finish()
    assert talk.show()["recording_consent"] is None
    assert phrases("en").may_record not in " ".join(talk.heard())
    assert not recorded(talk)


# ---- silence ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["he", "ar", "en"])
def test_two_silences_end_the_talk(workspace: Workspace, language: str) -> None:
    talk = Talk(workspace, None, None, hangs_up=False, language=language).finish()
    words = phrases(language)
    assert talk.heard()[1:] == [words.are_you_there, words.goodbye]
    assert talk.end() == ("completed", "silence")
    assert [role for role, _ in talk.lines()] == ["agent"] * 3
    assert talk.call.ended_by == "agent"


def test_an_answer_starts_the_count_anew(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = spoken_by(monkeypatch, "Hm.")
    lines = (None, "Here.", None, "Still here.", None, None)
    talk = Talk(workspace, *lines, hangs_up=False, language="en").finish()
    words = phrases("en")
    assert talk.heard()[1:] == [
        words.are_you_there,
        "Hm.",
        words.are_you_there,
        "Hm.",
        words.are_you_there,
        words.goodbye,
    ]
    assert talk.end() == ("completed", "silence")
    # No model is asked about a silence.
    assert len(model.prompts) == 2


def test_who_asks_to_wait_is_waited_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Of course.", BYE)
    talk = Talk(workspace, "One moment, please.", "Here I am.", language="en").finish()
    waits = [int(gather.get("timeout", "")) for gather in talk.elements("Gather")]
    assert waits[1] >= 3 * waits[0]


# ---- opting out ---------------------------------------------------------------------------------

OPT_OUTS = [
    ("he", "אל תתקשרו אליי יותר."),
    ("en", "Please don't call me again."),
    ("ar", "لا تتصلوا بي مرة أخرى."),
    # In another language than the agent's.
    ("he", "Stop calling me!"),
]


def listed(workspace: Workspace) -> list[tuple[str, str, str]]:
    entries = workspace.client.get("/v1/voice/do-not-call").json["data"]
    return [(entry["number"], entry["source"], entry["call_id"]) for entry in entries]


@pytest.mark.parametrize(("language", "words"), OPT_OUTS)
def test_who_opts_out_is_listed_before_the_call_ends(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    models.use(monkeypatch, models.Broken(AssertionError("no model is asked")))
    talk = Talk(workspace, words, language=language)
    call = talk.exchange.talk(talk.id)
    assert listed(workspace) == []
    talk.exchange.advance(call)
    # The call goes on, and may never end.
    assert talk.show()["status"] == "in_progress"
    assert listed(workspace) == [(CALLEE, "call", talk.id)]
    assert talk.last_verbs() == ["Say", "Hangup"]
    assert talk.elements("Say")[-1].text == phrases(language).not_again
    refused = workspace.place(talk.agent_id)
    assert (refused.status, refused.error["reason"]) == (409, "do_not_call")
    talk.finish()
    assert talk.end() == ("completed", "agent_ended")
    assert talk.heard()[-1] == phrases(language).not_again


def test_who_opts_out_instead_of_consenting_is_not_recorded(workspace: Workspace) -> None:
    talk = Talk(workspace, "Yes, stop calling me.", language="en", recording=True).finish()
    assert listed(workspace) == [(CALLEE, "call", talk.id)]
    assert talk.show()["recording_consent"] is None
    assert not recorded(talk)


def test_who_asks_as_the_call_ends_is_heard_too(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.")
    talk = Talk(workspace, "Hello", language="en").finish()
    assert talk.end() == ("completed", "callee_hung_up")
    before = talk.show()
    reply = talk.ask(2, "Never call me again.")
    assert b"<Response><Hangup /></Response>" in reply.body
    assert listed(workspace) == [(CALLEE, "call", talk.id)]
    assert talk.show() == before
    # What is said late of other things changes nothing.
    assert b"<Response><Hangup /></Response>" in talk.ask(3, "Hello?").body
    assert talk.show() == before


def test_a_late_word_of_another_call_lists_nobody(workspace: Workspace) -> None:
    talk = Talk(workspace, "Hello", language="en").finish()
    last = talk.sent[-1]
    url = last.url.partition("/turn/")[0] + "/turn/9"
    other = talk.exchange.signed(
        Sent("page", url, last.form, last.headers),
        CallSid=f"CA{99:032x}",
        SpeechResult="Never call me again.",
    )
    talk.deliver(other)
    assert listed(workspace) == []


# ---- handing over -------------------------------------------------------------------------------

ESCALATE = {"say": "I am connecting you.", "action": "escalate", "rule": 0}


def test_a_transfer_dials_the_rules_number_and_no_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = clock.now().replace(microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: moment)
    spoken_by(monkeypatch, ESCALATE)
    talk = Talk(workspace, "A person, please.", language="en", max_duration_s=240).finish()
    assert [verb.tag for verb in talk.verbs[1]] == ["Say", "Dial"]
    (dial,) = talk.elements("Dial")
    assert [(one.tag, one.text) for one in dial] == [("Number", TARGET)]
    assert dial.get("callerId") == carrier.PHONE_NUMBER
    assert dial.get("timeLimit") == "240"
    assert dialled_numbers() == {CALLEE, TARGET}
    assert talk.end() == ("completed", "transferred")
    assert talk.heard()[-1] == "I am connecting you."
    # Afterwards the call ends: nobody is asked anything any more.
    assert talk.last_verbs() == ["Hangup"]


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED])
def test_who_cannot_be_reached_is_told_of(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    spoken_by(monkeypatch, ESCALATE)
    carrier.current().live.callees[TARGET] = Callee(outcome=outcome)
    talk = Talk(workspace, "A person, please.", language="he").finish()
    assert talk.last_verbs() == ["Say", "Hangup"]
    assert talk.heard()[-1] == phrases("he").not_reached
    assert talk.end() == ("completed", "agent_ended")
    assert talk.lines()[-1] == ("agent", phrases("he").not_reached)
    # Asked again, it says the same and not more.
    again = talk.deliver(talk.sent[-1])
    assert again is not None
    assert len(talk.lines()) == 4


def test_a_repeated_request_after_a_transfer_says_it_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, ESCALATE)
    carrier.current().live.callees[TARGET] = Callee(outcome=Outcome.BUSY)
    talk = Talk(workspace, "A person, please.", language="en")
    sent = talk.exchange.run_to(talk.call, "transfer")
    for _ in range(4):
        talk.deliver(sent)
    talk.finish()
    assert len(set(talk.pages[2:])) == 1
    assert talk.lines()[-2:] == [
        ("agent", "I am connecting you."),
        ("agent", phrases("en").not_reached),
    ]


def test_a_rule_may_hang_up(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"when": "the callee is rude", "action": "hang_up"}]
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en"}
    agent = workspace.client.post("/v1/voice/agents", json={**body, "escalation_rules": rules}).json
    spoken_by(monkeypatch, {"say": "Goodbye.", "action": "escalate", "rule": 0})
    talk = Talk(workspace, "You idiot.", agent_id=agent["id"]).finish()
    assert talk.last_verbs() == ["Say", "Hangup"]
    assert talk.end() == ("completed", "agent_ended")


@pytest.mark.parametrize("rule", ["country", "do_not_call", "calls_off"])
def test_whom_the_workspace_may_not_call_nobody_is_connected_with(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    countries = ["US"] if rule == "country" else ["IL", "US"]
    workspace = make_workspace(settings={"allowed_countries": countries})
    to = "+15005550005"
    spoken_by(monkeypatch, ESCALATE)
    talk = Talk(workspace, "A person, please.", to=to, language="en")
    if rule == "do_not_call":
        workspace.never_call(TARGET)
    if rule == "calls_off":
        off, match = {"calls": "off"}, {"If-Match": "1"}
        changed = workspace.client.request(
            "PATCH", "/v1/workspace/settings", json=off, headers=match
        )
        assert changed.status == 200, changed.raw
    talk.finish()
    assert talk.elements("Dial") == []
    assert dialled_numbers() == {to}
    assert talk.heard()[-1] == phrases("en").not_reached
    assert talk.end() == ("completed", "agent_ended")


@pytest.mark.parametrize(
    ("to", "zone"),
    [
        (CALLEE, "Asia/Jerusalem"),
        ("+447400123456", "Europe/London"),
        ("+353871234567", "Europe/Dublin"),
    ],
)
def test_the_model_is_told_the_time_where_the_callee_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, to: str, zone: str
) -> None:
    # In winter theirs is UTC.
    summer = clock.parse("2027-07-15T12:34:56Z")
    Hand(monkeypatch).move((summer - clock.now()).total_seconds())
    model = spoken_by(monkeypatch, BYE)
    Talk(workspace, "What day is it?", to=to, language="en").finish()
    here = clock.now().astimezone(ZoneInfo(zone))
    assert model.prompts[0].data["now"].startswith(f"{here:%A, %Y-%m-%d %H:%M}")


# ---- machines -----------------------------------------------------------------------------------


MESSAGE = {"action": "leave_message", "message": "Please call us back."}


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"action": "hang_up"}, []),
        (MESSAGE, ["Please call us back."]),
        ({"action": "ask"}, [phrases("en").are_you_there]),
    ],
)
@pytest.mark.parametrize("turns", [0, 2])
def test_a_machine_that_is_found_late_hears_what_the_plan_says(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    plan: dict[str, str],
    said: list[str],
    turns: int,
) -> None:
    spoken_by(monkeypatch, "Hm.")
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en"}
    agent = workspace.client.post("/v1/voice/agents", json={**body, "voicemail": plan}).json
    late = Late("machine_end_beep")
    talk = Talk(workspace, *["You have reached Noa."] * 9, hangs_up=False, agent_id=agent["id"])
    talk.exchange.talk(talk.id)
    for _ in range(turns):
        talk.exchange.run_to(talk.call, "turn")
    late.tell()
    talk.finish()
    assert talk.heard()[turns + 1 :] == said
    assert talk.last_verbs()[-1] == "Hangup"
    assert talk.end() == ("voicemail", "voicemail")
    assert talk.show()["answered_by"] == "voicemail"
    assert [text for role, text in talk.lines() if role == "agent"] == talk.heard()


ASKS = VoicemailPlan(action="ask")


@pytest.mark.parametrize("repeated", [False, True])
def test_a_person_behind_a_machine_is_talked_with(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, repeated: bool
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    late = Late("machine_start")
    lines = ("You have reached Noa.", "Hello, I am here!", "Yes.", "Bye.")
    talk = Talk(workspace, *lines, language="en", voicemail=ASKS)
    talk.exchange.talk(talk.id)
    late.tell()
    if repeated:
        deliver = talk.exchange.deliver
        monkeypatch.setattr(
            talk.exchange, "deliver", lambda sent: (deliver(sent), deliver(sent))[-1]
        )
    talk.finish()
    words = phrases("en")
    opening = f"{words.disclosed.format(name='Dana')} {words.opt_out_key} {words.good_moment}"
    assert talk.heard() == [opening, words.are_you_there, opening, "Hm.", "Goodbye, then."]
    # The carrier says to the last that a machine answered.
    assert talk.call.answered_by == "machine_start"
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["answered_by"] == "human"


def test_what_a_turn_is_for_is_not_told_from_its_words(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model happens to say what a machine is asked."""
    question = phrases("en").are_you_there
    spoken_by(monkeypatch, question, BYE)
    late = Late("machine_start")
    lines = ("You have reached Noa.", "Leave a message after the tone.")
    talk = Talk(workspace, *lines, language="en", voicemail=ASKS)
    talk.exchange.talk(talk.id)
    talk.exchange.run_to(talk.call, "turn")
    late.tell()
    talk.finish()
    assert talk.heard()[1:] == [question, question]


@pytest.mark.parametrize(
    ("change", "values"), [("REMOVE #step", {}), ("SET #step = :step", {"step": "later"})]
)
def test_a_turn_of_a_version_without_its_step_is_known_by_its_words(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, change: str, values: dict[str, str]
) -> None:
    spoken_by(monkeypatch, BYE)
    late = Late("machine_start")
    lines = ("You have reached Noa.", "Hello?", "Hello, I am here!", "Bye.")
    talk = Talk(workspace, *lines, language="en", voicemail=ASKS)
    talk.exchange.talk(talk.id)
    late.tell()
    talk.exchange.run_to(talk.call, "answer")
    talk.exchange.run_to(talk.call, "turn")
    asked = turn_log.read(talk.item)[-1]
    update(Table.CORE, turn_log.key(talk.item, asked.number), change, values=values)
    talk.finish()
    words = phrases("en")
    opening = f"{words.disclosed.format(name='Dana')} {words.opt_out_key} {words.good_moment}"
    question = words.are_you_there
    assert talk.heard() == [opening, question, opening, "Goodbye, then."]


def test_last_words_of_before_there_were_steps_are_said_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.")
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en"}
    agent = workspace.client.post("/v1/voice/agents", json={**body, "voicemail": MESSAGE}).json
    talk = Talk(workspace, kind=Kind.MACHINE, hangs_up=False, agent_id=agent["id"])
    talk.exchange.run_to(talk.call, "answer")
    talk.deliver(sent := talk.exchange.run_to(talk.call, "answer"))
    said = turn_log.read(talk.item)
    for turn in said:
        update(Table.CORE, turn_log.key(talk.item, turn.number), "REMOVE #step")
    talk.deliver(sent)
    assert [turn.said for turn in turn_log.read(talk.item)] == [turn.said for turn in said]


def test_a_person_behind_a_machine_who_wants_no_calls_is_not_called_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = spoken_by(monkeypatch)
    late = Late("machine_end_beep")
    talk = Talk(workspace, None, "Never call me again!", language="en", voicemail=ASKS)
    talk.exchange.talk(talk.id)
    late.tell()
    talk.finish()
    assert talk.heard()[-1] == phrases("en").not_again
    assert model.prompts == []
    listed = workspace.client.get("/v1/voice/do-not-call").json["data"]
    assert [entry["number"] for entry in listed] == [talk.to]


def test_a_message_to_a_machine_is_left_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.")
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en"}
    agent = workspace.client.post("/v1/voice/agents", json={**body, "voicemail": MESSAGE}).json
    talk = Talk(workspace, kind=Kind.MACHINE, hangs_up=False, agent_id=agent["id"]).finish()
    left = talk.sent[-1]
    assert about(left) == "answer"
    assert talk.heard().count("Please call us back.") == 1
    assert talk.end() == ("voicemail", "voicemail")


def test_a_fax_hears_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken_by(monkeypatch, "Hm.")
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en"}
    agent = workspace.client.post("/v1/voice/agents", json={**body, "voicemail": MESSAGE}).json
    late = Late("fax")
    talk = Talk(workspace, None, None, hangs_up=False, agent_id=agent["id"])
    talk.exchange.talk(talk.id)
    late.tell()
    talk.finish()
    assert talk.last_verbs() == ["Hangup"]
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["answered_by"] == "unavailable"


def test_what_the_detection_does_not_know_is_a_person(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    talk = Talk(workspace, "Hello?", "Yes.", kind=Kind.UNKNOWN, language="en").finish()
    assert talk.heard()[1:] == ["Hm.", "Goodbye, then."]
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["answered_by"] == "unknown"


# ---- call screening -----------------------------------------------------------------------------

APPLE = "Hi, if you record your name and reason for calling, I'll see if this person is available."


def test_a_screening_is_told_who_calls_and_its_person_talked_with(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = spoken_by(monkeypatch, "Hm.", BYE)
    words = phrases("en")
    who = words.disclosed.format(name="Dana")
    lines = (APPLE, "Thanks. Please stay on the line.", None, "Yes, hello?", "Yes.", "Bye.")
    talk = Talk(workspace, *lines, kind=Kind.UNKNOWN, language="en", recording=True)
    pump.settle(stack, workspace.id)
    assert talk.heard() == [
        f"{who} {words.opt_out_key} {words.may_record}",
        f"{who} {words.put_me_through}",
        # Told to wait, it waits without a word, and does not ask a machine whether it may record.
        words.are_you_there,
        # The person has heard nothing yet; their first yes is none to what they were not asked.
        f"{who} {words.opt_out_key} {words.may_record}",
        "Hm.",
        "Goodbye, then.",
    ]
    patience = [int(gather.get("timeout", "")) for gather in talk.elements("Gather")]
    assert patience == [6, 20, 20, 6, 6, 6]
    call = talk.show()
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert call["answered_by"] == "call_screening"
    assert call["recording_consent"]["type"] == "verbal"
    assert [verb.tag for verb in talk.verbs[5]] == ["Start", "Gather"]
    assert call["analysis"]["outcome"] == "conversation"
    assert len(model.prompts) == 2
    assert not talk.call.alerts


@pytest.mark.parametrize("language", ["he", "ar", "en"])
def test_a_screening_that_puts_nobody_through(workspace: Workspace, language: str) -> None:
    screening = Callee(kind=Kind.UNKNOWN, screens=True)
    talk = Talk(workspace, callee=screening, language=language, ai_disclosure=False).finish()
    words = phrases(language)
    assert talk.heard()[1:] == [f"{words.introduced.format(name='Dana')} {words.put_me_through}"]
    assert talk.end() == ("completed", "call_screening")
    assert talk.show()["answered_by"] == "call_screening"


def test_a_screening_that_only_lets_it_wait(workspace: Workspace) -> None:
    talk = Talk(workspace, APPLE, "Please stay on the line.", language="en").finish()
    assert talk.end() == ("completed", "call_screening")


def test_a_screening_that_the_detection_takes_for_a_machine_is_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    late = Late("machine_start")
    talk = Talk(workspace, APPLE, "Yes?", "Fine.", "Bye.", language="en")
    talk.exchange.talk(talk.id)
    talk.exchange.run_to(talk.call, "turn")
    late.tell()
    talk.finish()
    assert talk.heard()[-2:] == ["Hm.", "Goodbye, then."]
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["answered_by"] == "call_screening"


def test_a_person_who_speaks_of_a_screening_is_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    lines = ("Hello?", "Is this about the screening service at the hospital?")
    talk = Talk(workspace, *lines, language="en").finish()
    assert talk.heard()[1:] == ["Hm.", "Goodbye, then."]
    assert talk.show()["answered_by"] == "human"
