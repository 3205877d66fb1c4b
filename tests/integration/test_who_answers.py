"""Who answered: what was heard beats what the carrier's detection, or anybody else, makes of it."""

from typing import Any

import pytest

from linkwright.voice.agent_models import VoicemailPlan
from linkwright.voice.language.phrases import phrases
from tests import models, pump
from tests.carrier import about
from tests.factories import Workspace
from tests.stack import Stack
from tests.talks import Late, Talk

BYE = {"say": "Goodbye, then.", "action": "hang_up"}
ESCALATE = {"say": "I am connecting you.", "action": "escalate", "rule": 0}
MACHINES = ("machine_start", "machine_end_beep", "machine_end_other", "fax")
PLANS = {
    "hang up": VoicemailPlan(),
    "leave a message": VoicemailPlan(action="leave_message", message="Please call us back."),
    "ask": VoicemailPlan(action="ask"),
}
MENU = "Thank you for calling Acme. For sales, press 1. For support, press 2."


def spoken_by(patch: pytest.MonkeyPatch, *replies: str | dict[str, Any]) -> models.Scripted:
    model = models.Scripted(*replies)
    models.use(patch, model)
    return model


# ---- a person -----------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("by", MACHINES)
@pytest.mark.parametrize("turns", [1, 2])
def test_a_person_who_was_heard_is_no_machine_whatever_is_detected_late(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, by: str, plan: str, turns: int
) -> None:
    spoken_by(monkeypatch, "Hm.", "Well.", BYE)
    late = Late(by)
    lines = ("Hello, who is this?", "Tell me more.", "Bye.")
    talk = Talk(workspace, *lines, language="en", voicemail=PLANS[plan])
    talk.exchange.talk(talk.id)
    for _ in range(turns):
        talk.exchange.run_to(talk.call, "turn")
    before = len(talk.pages)
    late.tell()
    assert talk.show()["answered_by"] == "unknown"
    # Nor was the carrier told to ask what to do.
    assert len(talk.pages) == before
    talk.finish()
    assert talk.heard()[1:] == ["Hm.", "Well.", "Goodbye, then."]
    # Its last word of the call says it again.
    assert talk.call.answered_by == by
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["answered_by"] == "unknown"


@pytest.mark.parametrize("by", MACHINES)
def test_who_hangs_up_after_a_wrong_detection_has_hung_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    spoken_by(monkeypatch, "Hm.")
    late = Late(by)
    talk = Talk(workspace, "Hello, who is this?", language="en")
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    late.tell()
    talk.finish()
    assert talk.end() == ("completed", "callee_hung_up")


@pytest.mark.parametrize("by", MACHINES)
def test_nothing_that_is_detected_breaks_a_transfer_off(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    spoken_by(monkeypatch, ESCALATE)
    late = Late(by)
    # Nothing but what a machine says was heard: the person speaks on the other line.
    talk = Talk(workspace, "You have reached Noa's office.", language="en")
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    assert talk.last_verbs() == ["Say", "Dial"]
    late.tell()
    talk.finish()
    assert [about(sent) for sent in talk.sent] == ["answer", "turn", "transfer"]
    assert talk.end() == ("completed", "transferred")


def test_words_that_cross_with_a_detection_are_a_persons(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detection was told first; the words were on their way."""
    spoken_by(monkeypatch, "Hm.", BYE)
    late = Late("machine_start")
    talk = Talk(workspace, "Hello, who is this?", "Bye.", language="en")
    sent = talk.exchange.run_to(talk.call, "turn")
    late.tell()
    assert talk.show()["answered_by"] == "voicemail"
    reply = talk.deliver(sent)
    assert reply is not None
    assert b"Hm." in reply.body
    assert talk.show()["answered_by"] == "human"


def test_a_detection_that_comes_first_and_is_not_contradicted_counts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.")
    late = Late("machine_end_beep")
    lines = ["You have reached Noa.", "Please leave a message after the tone."]
    talk = Talk(workspace, *lines, language="en", voicemail=PLANS["leave a message"])
    talk.exchange.talk(talk.id)
    talk.exchange.run_to(talk.call, "turn")
    late.tell()
    talk.finish()
    assert talk.heard()[-1] == "Please call us back."
    assert talk.end() == ("voicemail", "voicemail")


NAMED = [
    "She is not here at the moment. Would you like to leave a message?",
    "Sorry, I can't come to the phone, I'm driving.",
    "You left me a message on my voicemail yesterday.",
    "The manager is not available at the moment, who is calling?",
    "My mailbox is full, send me an e-mail.",
]


@pytest.mark.parametrize("said", NAMED)
@pytest.mark.parametrize("crosses", [False, True])
def test_a_person_who_names_a_message_is_no_machine(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, said: str, *, crosses: bool
) -> None:
    spoken_by(monkeypatch, "Hm.", "Well.", BYE)
    late = Late("machine_start")
    talk = Talk(workspace, said, "Hello? Are you still there?", "Bye.", language="en")
    sent = talk.exchange.run_to(talk.call, "turn")
    if crosses:
        late.tell()
    reply = talk.deliver(sent)
    assert reply is not None
    assert b"Hm." in reply.body
    if not crosses:
        before = len(talk.pages)
        late.tell()
        assert talk.show()["answered_by"] != "voicemail"
        assert len(talk.pages) == before


def test_a_detection_alone_breaks_no_talk_off_in_which_both_have_spoken(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said may have been a machine's, but it was answered, and went on."""
    spoken_by(monkeypatch, "Hm.", "Well.", BYE)
    late = Late("machine_start")
    lines = ["You have reached Noa.", "He is not available.", "Bye."]
    talk = Talk(workspace, *lines, language="en")
    talk.exchange.talk(talk.id)
    for _ in range(2):
        talk.exchange.run_to(talk.call, "turn")
        talk.exchange.advance(talk.call)
    before = len(talk.pages)
    late.tell()
    assert len(talk.pages) == before
    talk.finish()
    assert talk.heard()[1:] == ["Hm.", "Well.", "Goodbye, then."]
    assert talk.end() == ("completed", "agent_ended")


# ---- a menu -------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["hang up", "leave a message"])
def test_a_menu_is_hung_up_on(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plan: str
) -> None:
    model = spoken_by(monkeypatch, "Hm.")
    talk = Talk(workspace, MENU, MENU, language="en", voicemail=PLANS[plan])
    pump.settle(stack, workspace.id)
    assert talk.last_verbs() == ["Hangup"]
    assert len(talk.heard()) == 1
    call = talk.show()
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert call["answered_by"] == "ivr"
    assert call["analysis"]["outcome"] == "no_conversation"
    assert call["analysis"]["summary"].startswith("A phone menu answered.")
    assert model.prompts == []


@pytest.mark.parametrize("repeated", [False, True])
def test_a_menu_is_asked_whether_a_person_is_there_if_the_plan_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, repeated: bool
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    lines = (MENU, "Hello, Acme, how can I help?", "Yes.", "Bye.")
    talk = Talk(workspace, *lines, language="en", voicemail=PLANS["ask"])
    if repeated:
        deliver = talk.exchange.deliver
        monkeypatch.setattr(
            talk.exchange, "deliver", lambda sent: (deliver(sent), deliver(sent))[-1]
        )
    talk.finish()
    words = phrases("en")
    opening = talk.heard()[0]
    assert talk.heard() == [opening, words.are_you_there, opening, "Hm.", "Goodbye, then."]
    assert talk.show()["answered_by"] == "human"


@pytest.mark.parametrize("answer", [MENU, None])
def test_a_menu_with_nobody_behind_it_is_asked_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    spoken_by(monkeypatch, "Hm.")
    talk = Talk(workspace, MENU, answer, answer, language="en", voicemail=PLANS["ask"]).finish()
    assert talk.heard()[1:] == [phrases("en").are_you_there]
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["answered_by"] == "ivr"


def test_a_detection_says_nothing_of_a_menu(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.")
    late = Late("machine_start")
    talk = Talk(workspace, MENU, None, language="en", voicemail=PLANS["ask"])
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    late.tell()
    talk.finish()
    assert talk.show()["answered_by"] == "ivr"
    assert talk.end() == ("completed", "agent_ended")


def test_a_voicemail_with_a_menu_is_a_voicemail(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken_by(monkeypatch, "Hm.")
    late = Late("machine_end_beep")
    line = "At the tone, please record your message. Press 1 for more options."
    talk = Talk(workspace, line, language="en", voicemail=PLANS["leave a message"])
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    late.tell()
    talk.finish()
    assert talk.end() == ("voicemail", "voicemail")
    assert talk.heard()[-1] == "Please call us back."


@pytest.mark.parametrize(
    "said",
    [
        "Yes, hello, I wanted to ask you about the menu for Saturday.",
        "Dial two when you arrive, and I will open the gate.",
        "Just press 4 at the door downstairs.",
    ],
)
def test_a_person_who_speaks_of_a_menu_or_a_key_is_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    spoken_by(monkeypatch, "Hm.", BYE)
    Late("machine_start")
    talk = Talk(workspace, said, "Bye.", language="en").finish()
    assert talk.heard()[1:] == ["Hm.", "Goodbye, then."]
    assert talk.show()["answered_by"] != "ivr"
