"""Who wants no more calls: by words in any language, by a key, or as the model understands it."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest

from linkwright import jobs
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import Table, update
from linkwright.voice.agent_models import VoicemailPlan
from linkwright.voice.calls import follow_ups, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.compliance import disclosures
from linkwright.voice.conversation import pages
from linkwright.voice.follow_up import analysis, worker
from linkwright.voice.language import phrases as texts
from linkwright.voice.language.phrases import phrases
from tests import models, pump
from tests.factories import CALLEE, Workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent
from tests.talks import Late, Talk

UNITED_STATES, CANADA, BRITAIN = "+12125550100", "+16135550100", "+447400123456"
WORDS = {
    "en": "Stop.",
    "he": "תורידו אותי מהרשימה.",
    "ar": "توقفوا عن الاتصال بي.",
    "de": "Rufen Sie mich nicht mehr an.",
    "es": "No me llamen más.",
    "fr": "Ne m'appelez plus.",
    "it": "Non mi chiamate più.",
    "pt": "Não me ligue mais.",
    "ru": "Больше мне не звоните.",
}


def no_model(patch: pytest.MonkeyPatch) -> None:
    models.use(patch, models.Broken(AssertionError("no model is asked")))


def listed(workspace: Workspace) -> list[tuple[str, str, str]]:
    entries = workspace.client.get("/v1/voice/do-not-call").json["data"]
    return [(entry["number"], entry["source"], entry["call_id"]) for entry in entries]


@pytest.mark.parametrize("language", sorted(texts._LANGUAGES))
@pytest.mark.parametrize("how", ["words", "key"])
def test_who_opts_out_is_listed_told_so_and_hung_up_on(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    how: str,
) -> None:
    no_model(monkeypatch)
    said = WORDS[language] if how == "words" else "[9]"
    talk = Talk(workspace, said, language=language)
    pump.settle(stack, workspace.id)
    assert listed(workspace) == [(CALLEE, "call", talk.id)]
    assert talk.heard()[1:] == [phrases(language).not_again]
    assert talk.last_verbs() == ["Say", "Hangup"]
    assert talk.end() == ("completed", "agent_ended")
    assert talk.lines()[1] == ("callee", said)
    assert talk.show()["analysis"]["outcome"] == "opted_out"
    refused = workspace.place(talk.agent_id)
    assert (refused.status, refused.error["reason"]) == (409, "do_not_call")


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_the_key_is_taken_whenever_the_agent_listens(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    models.use(monkeypatch, models.Scripted("Hm."))
    lines = ("Hello?", None)[:turn]
    Talk(workspace, *lines, "[9]", language="en").finish()
    assert [number for number, _, _ in listed(workspace)] == [CALLEE]


@pytest.mark.parametrize("lines", [["Nine."], ["9"], [None, "nine"]])
def test_the_key_may_be_said_where_it_was_just_offered(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, lines: list[str | None]
) -> None:
    models.use(monkeypatch, models.Scripted("Hm."))
    Talk(workspace, *lines, language="en").finish()
    assert [number for number, _, _ in listed(workspace)] == [CALLEE]


def test_the_key_was_offered_whatever_the_words_for_that_are_by_now(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a deployment in the middle of a talk."""
    no_model(monkeypatch)
    talk = Talk(workspace, "Nine.", language="en")
    deliver, others = talk.exchange.deliver, replace(phrases("en"), opt_out_key="Press 9.")

    def deployed(sent: Sent) -> Reply | None:
        reply = deliver(sent)
        if talk.pages:
            monkeypatch.setitem(texts._LANGUAGES, "en", others)
        return reply

    monkeypatch.setattr(talk.exchange, "deliver", deployed)
    talk.finish()
    assert [number for number, _, _ in listed(workspace)] == [CALLEE]


@pytest.mark.parametrize("step", ["SET #step = :talk", "REMOVE #step"])
def test_the_key_was_offered_by_a_version_that_knew_no_such_step(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """As in talks that go on while the version that has it is deployed."""
    no_model(monkeypatch)
    talk = Talk(workspace, "Nine.", language="en")
    talk.exchange.talk(talk.id)
    values = {"talk": "talk"} if ":talk" in step else {}
    update(Table.CORE, turn_log.key(talk.item, 0), step, values=values)
    talk.finish()
    assert [number for number, _, _ in listed(workspace)] == [CALLEE]


@pytest.mark.parametrize("name", ["step", "then"])
def test_a_talk_goes_on_by_a_version_that_does_not_know_what_it_was_at(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As while a later one is deployed, or after it was undone."""
    models.use(monkeypatch, models.Scripted("Hm.", {"say": "Goodbye.", "action": "hang_up"}))
    talk = Talk(workspace, "Hello?", "Bye.", language="en")
    talk.exchange.talk(talk.id)
    values = {"later": "of_a_later_version"}
    update(Table.CORE, turn_log.key(talk.item, 0), f"SET #{name} = :later", values=values)
    talk.finish()
    assert talk.heard()[1:] == ["Hm.", "Goodbye."]
    assert talk.end() == ("completed", "agent_ended")


def test_the_key_may_be_said_to_who_takes_its_callee_for_a_machine(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have heard of it before the detection broke that off."""
    no_model(monkeypatch)
    late = Late("machine_start")
    talk = Talk(workspace, None, "Nine.", language="en", voicemail=VoicemailPlan(action="ask"))
    talk.exchange.talk(talk.id)
    late.tell()
    talk.finish()
    assert talk.heard()[1:] == [phrases("en").are_you_there, phrases("en").not_again]
    assert listed(workspace) == [(CALLEE, "call", talk.id)]


@pytest.mark.parametrize("said", ["Nine.", "Never call me again."])
def test_who_asked_a_worker_that_was_killed_with_it_is_heard_at_the_end(
    stack: Stack, workspace: Workspace, said: str
) -> None:
    talk = Talk(workspace, language="en")
    talk.exchange.run_to(talk.call, "status", "completed")
    turn_log.hear(cast(CallItem, talk.item), 1, said)
    pump.settle(stack, workspace.id)
    assert talk.end() == ("completed", "callee_hung_up")
    assert listed(workspace) == [(CALLEE, "call", talk.id)]
    assert talk.show()["analysis"]["outcome"] == "opted_out"


@pytest.mark.parametrize("said", ["[9]", "Nine.", "Never call me again."])
def test_who_asked_where_the_page_failed_is_heard_though_nobody_wrote_it_down(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """What has failed is another table, or an item that many write."""

    def fails(*_: object) -> None:
        raise Unavailable

    talk = Talk(workspace, language="en").finish()
    monkeypatch.setattr(pages, "_page", fails)
    with suppress(AssertionError):  # the carrier gets no page
        talk.ask(1, said)
    assert listed(workspace) == [(CALLEE, "call", talk.id)]


@pytest.mark.parametrize("said", ["[9]", "Nine.", "Never call me again."])
def test_who_asked_a_worker_that_was_killed_as_the_call_ended_is_heard_after_it(
    stack: Stack, workspace: Workspace, said: str
) -> None:
    talk = Talk(workspace, language="en").finish()
    turn_log.hear(cast(CallItem, talk.item), 1, said)
    pump.settle(stack, workspace.id)
    assert talk.show()["analysis"]["outcome"] == "opted_out"
    assert listed(workspace) == [(CALLEE, "call", talk.id)]


def _analysis(talk: Talk) -> Work:
    return Work(jobs.FOLLOW_UP, *follow_ups.analysis_key(talk.workspace.partition, talk.id))


def test_who_asked_as_the_call_ended_is_heard_though_its_talk_is_never_analysed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise Unavailable

    talk = Talk(workspace, language="en").finish()
    turn_log.hear(cast(CallItem, talk.item), 1, "Never call me again.")
    monkeypatch.setattr(analysis, "analyse", fails)
    with pytest.raises(Unavailable):
        worker.run(_analysis(talk))
    assert listed(workspace) == [(CALLEE, "call", talk.id)]


def test_who_was_taken_off_the_list_is_not_listed_anew_for_what_they_said_last(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the call has told of the opt-out, and a word crossed with it."""
    no_model(monkeypatch)
    talk = Talk(workspace, "Never call me again.", language="en").finish()
    turn_log.hear(cast(CallItem, talk.item), 2, "Bye.")
    off = workspace.client.request("DELETE", f"/v1/voice/do-not-call/{CALLEE}")
    assert off.status == 204
    worker.run(_analysis(talk))
    assert talk.show()["analysis"]["outcome"] == "opted_out"
    assert listed(workspace) == []


@pytest.mark.parametrize(("lines", "is_meant"), [((), True), (("Tomorrow suits me.",), False)])
def test_the_key_may_be_said_as_the_call_ends(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], is_meant: bool
) -> None:
    models.use(monkeypatch, models.Scripted("At what time?"))
    talk = Talk(workspace, *lines, language="en").finish()
    assert talk.end() == ("completed", "callee_hung_up")
    talk.ask(len(lines) + 1, "Nine.")
    assert listed(workspace) == ([(CALLEE, "call", talk.id)] if is_meant else [])


def test_a_nine_later_on_is_an_hour(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    bye = {"say": "Goodbye.", "action": "hang_up"}
    models.use(monkeypatch, models.Scripted("At what time?", bye))
    Talk(workspace, "Tomorrow suits me.", "Nine.", language="en").finish()
    assert listed(workspace) == []


@pytest.mark.parametrize("said", ["At nine.", "Nine o'clock.", "[1]", "[0]", "[#]"])
def test_another_key_and_a_nine_that_is_an_hour_are_for_the_model(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    model = models.Scripted({"say": "Goodbye.", "action": "hang_up"})
    models.use(monkeypatch, model)
    talk = Talk(workspace, said, language="en").finish()
    assert listed(workspace) == []
    (prompt,) = model.prompts
    assert prompt.data["transcript"][-1] == {"role": "callee", "text": said}
    assert talk.heard()[-1] == "Goodbye."


def test_the_key_ends_a_call_that_asks_to_record_without_a_recording(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_model(monkeypatch)
    talk = Talk(workspace, "[9]", language="en", recording=True).finish()
    assert talk.show()["recording_consent"] is None
    assert not talk.call.recorded


@pytest.mark.parametrize("repeats", [1, 3])
def test_what_the_model_understands_counts_as_much(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, repeats: int
) -> None:
    reply = {"say": "I will see to it.", "action": "opt_out"}
    models.use(monkeypatch, models.Scripted(reply))
    words = "Do me the favour of losing all interest in me."
    talk = Talk(workspace, words, language="en")
    deliver = talk.exchange.deliver
    monkeypatch.setattr(
        talk.exchange, "deliver", lambda sent: [deliver(sent) for _ in range(repeats)][-1]
    )
    pump.settle(stack, workspace.id)
    assert listed(workspace) == [(CALLEE, "call", talk.id)]
    # The words of it are ours.
    assert talk.heard()[1:] == [phrases("en").not_again]
    assert talk.end() == ("completed", "agent_ended")
    assert talk.show()["analysis"]["outcome"] == "opted_out"
    assert "asked not to be called again" in talk.show()["analysis"]["summary"]


def test_what_the_model_understood_is_written_with_the_end_where_it_was_not_before(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.use(monkeypatch, models.Scripted({"say": "Yes.", "action": "opt_out"}))
    talk = Talk(workspace, "Lose interest in me.", language="en")
    talk.exchange.talk(talk.id)
    talk.exchange.advance(talk.call)
    assert workspace.client.request("DELETE", f"/v1/voice/do-not-call/{CALLEE}").status == 204
    talk.finish()
    assert listed(workspace) == [(CALLEE, "call", talk.id)]


# ---- telling of it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "is_told"),
    [
        (CALLEE, True),
        (UNITED_STATES, True),
        ("+17875550100", True),
        (CANADA, False),
        (BRITAIN, False),
    ],
)
@pytest.mark.parametrize("options", [{}, {"ai_disclosure": False}, {"recording": True}])
def test_the_key_is_told_of_where_the_law_asks_it(
    workspace: Workspace, to: str, is_told: bool, options: dict[str, Any]
) -> None:
    talk = Talk(workspace, to=to, language="en", **options).finish()
    words = phrases("en")
    (opening,) = talk.heard()
    who = words.disclosed if options.get("ai_disclosure", True) else words.introduced
    # Right behind who calls, before anything else is said.
    begins = f"{who.format(name='Dana')} {words.opt_out_key} "
    assert opening.startswith(begins) == is_told
    assert (words.opt_out_key in opening) == is_told


@pytest.mark.parametrize("language", sorted(texts._LANGUAGES))
def test_it_is_told_in_the_agents_language(workspace: Workspace, language: str) -> None:
    talk = Talk(workspace, language=language).finish()
    assert phrases(language).opt_out_key in talk.heard()[0]
    assert "9" in phrases(language).opt_out_key


def test_a_call_of_which_the_country_is_not_known_says_nothing() -> None:
    assert not disclosures.tells_how_to_opt_out(None)
    assert not disclosures.tells_how_to_opt_out("001")
