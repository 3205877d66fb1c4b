"""Agents: created, changed by version, and kept by the calls that run."""

from typing import Any

import pytest

from linkwright import ownership
from linkwright.voice import agents
from tests.carrier import Exchange
from tests.client import Answer
from tests.factories import Workspace, another_number, make_workspace
from tests.stack import Stack

DANA: dict[str, Any] = {
    "name": "דנה",
    "prompt": "Confirm the appointment.",
    "voice": "dana",
    "language": "he-IL",
}
FIELDS = {
    "id",
    "name",
    "prompt",
    "voice",
    "language",
    "escalation_rules",
    "max_duration_s",
    "phone_number",
    "concurrency",
    "recording",
    "recording_consent",
    "ai_disclosure",
    "quiet_hours",
    "voicemail",
    "version",
    "created_at",
    "updated_at",
}


def _create(workspace: Workspace, key: str | None = None, **changes: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return workspace.client.post("/v1/voice/agents", json=DANA | changes, headers=headers)


def _change(workspace: Workspace, agent_id: str, version: str | None, **changes: Any) -> Answer:
    headers = {"If-Match": version} if version is not None else {}
    return workspace.client.request(
        "PATCH", f"/v1/voice/agents/{agent_id}", json=changes, headers=headers
    )


def test_201_creates_an_agent_with_what_was_left_out_filled_in(workspace: Workspace) -> None:
    answer = _create(workspace)
    agent = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/voice/agents/{agent['id']}"
    assert set(agent) == FIELDS
    assert {name: agent[name] for name in DANA} == DANA
    assert (agent["version"], agent["escalation_rules"], agent["max_duration_s"]) == (1, [], 600)
    consent = {"recording": False, "recording_consent": True, "ai_disclosure": True}
    assert {name: agent[name] for name in consent} == consent
    assert workspace.client.get(answer.headers["Location"]).json == agent


def test_201_with_every_field(workspace: Workspace) -> None:
    given = {
        "escalation_rules": [
            {"when": "asks for a person", "action": "transfer", "to": "+972541234567"},
            {"when": "is rude", "action": "hang_up", "to": None},
        ],
        "max_duration_s": 120,
        "phone_number": workspace.number(),
        "concurrency": 3,
        "recording": True,
        "recording_consent": False,
        "ai_disclosure": False,
        "quiet_hours": {"start": "21:00", "end": "08:00"},
        "voicemail": {"action": "leave_message", "message": "Please call us back."},
    }
    agent = _create(workspace, **given).json
    assert {name: agent[name] for name in given} == given


@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_400_for_a_number_that_is_not_the_workspaces_own(
    workspace: Workspace, other_workspace: Workspace, whose: str
) -> None:
    number = other_workspace.number() if whose == "another's" else another_number()
    agent = _create(workspace).json
    for refused in (
        _create(workspace, phone_number=number),
        _change(workspace, agent["id"], "1", phone_number=number),
    ):
        told = {name: refused.error[name] for name in ("code", "field", "reason")}
        assert (refused.status, told) == (
            400,
            {
                "code": "validation_failed",
                "field": "phone_number",
                "reason": "number_not_registered",
            },
        )
    assert workspace.client.get("/v1/voice/agents").json["data"] == [agent]
    mine = workspace.number()
    assert _create(workspace, phone_number=mine).json["phone_number"] == mine
    with pytest.raises(ownership.Taken):
        other_workspace.number(mine)


def test_201_for_a_number_of_the_workspace_in_test_mode_too(stack: Stack) -> None:
    workspace = make_workspace(mode="test")
    assert _create(workspace, phone_number=workspace.number()).status == 201


def test_201_an_agent_of_no_language_speaks_english(workspace: Workspace) -> None:
    wanted = {name: DANA[name] for name in DANA if name != "language"}
    agent = workspace.client.post("/v1/voice/agents", json=wanted).json
    assert agent["language"] == "en-US"
    changed = _change(workspace, agent["id"], "1", language="he-IL").json
    assert _change(workspace, agent["id"], "2", voice="noa").json["language"] == "he-IL"
    assert changed["language"] == "he-IL"


def test_201_numbers_and_line_ends_as_popular_clients_write_them(workspace: Workspace) -> None:
    wanted = {**DANA, "prompt": "One.\r\nTwo.\r\n", "max_duration_s": 247.0}
    agent = workspace.client.post("/v1/voice/agents", json=wanted).json
    assert (agent["prompt"], agent["max_duration_s"]) == ("One.\nTwo.\n", 247)
    for refused in ("247", 247.5, True):
        assert _create(workspace, max_duration_s=refused).error["field"] == "max_duration_s"


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("nl", "dana"),
        ("ja", "Polly.Takumi-Neural"),
        ("zh", "dana"),
        ("en", "man"),
        ("he", "Google.he-IL-Wavenet-C"),
    ],
)
def test_201_in_a_language_that_the_carrier_understands_and_speaks(
    workspace: Workspace, language: str, voice: str
) -> None:
    agent = _create(workspace, language=language, voice=voice).json
    assert (agent["language"], agent["voice"]) == (language, voice)


def test_400_for_a_language_that_the_agents_voice_does_not_speak(workspace: Workspace) -> None:
    agent = _create(workspace, language="en", voice="Polly.Joanna").json
    refused = _change(workspace, agent["id"], "1", language="he")
    assert (refused.status, refused.error["field"]) == (400, "voice")
    assert _change(workspace, agent["id"], "1", language="he", voice="dana").status == 200


def test_200_for_another_change_of_an_agent_of_before_that_was_asked(workspace: Workspace) -> None:
    agent = workspace.agent(language="xx-YY")
    assert _change(workspace, agent, "1", name="Noa").status == 200
    assert _change(workspace, agent, "2", voice="noa").status == 400


def test_201_once_under_one_key(workspace: Workspace) -> None:
    first, second = _create(workspace, key="k"), _create(workspace, key="k")
    assert (second.status, second.raw) == (201, first.raw)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(workspace.client.get("/v1/voice/agents").json["data"]) == 1


def test_201_without_the_marks_that_turn_text_around(workspace: Workspace) -> None:
    assert _create(workspace, name=" a\u202egpj\u2066b ").json["name"] == "agpjb"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two\nlines"),
        ("name", "n" * 101),
        ("name", None),
        ("prompt", ""),
        ("prompt", "p" * 20_001),
        ("language", "Hebrew"),
        ("language", "xx-YY"),
        ("language", "cy"),
        ("voice", "Polly.Nonexistent"),
        ("voice", "Polly.Joanna"),  # speaks no Hebrew
        ("max_duration_s", 29),
        ("max_duration_s", 3601),
        ("max_duration_s", "600"),
        ("max_duration_s", 60.5),
        ("phone_number", "054-1234567"),
        ("concurrency", 0),
        ("recording", "yes"),
        ("recording", 1),
        ("recording_consent", "yes"),
        ("ai_disclosure", 0),
        ("quiet_hours.start", {"start": "9:00", "end": "18:00"}),
        ("quiet_hours.until", {"start": "09:00", "end": "18:00", "until": "x"}),
        ("escalation_rules.0", [{"when": "always", "action": "transfer"}]),
        ("escalation_rules.0.action", [{"when": "always", "action": "shout"}]),
        ("escalation_rules", [{"when": "w", "action": "hang_up"}] * 21),
    ],
)
def test_400_names_the_field_on_create_and_on_change(
    workspace: Workspace, field: str, value: object
) -> None:
    agent = _create(workspace).json
    wrong = {field.split(".")[0]: value}
    for answer in (_create(workspace, **wrong), _change(workspace, agent["id"], "1", **wrong)):
        assert (answer.status, answer.error["code"]) == (400, "validation_failed")
        assert answer.error["field"] == field
    assert workspace.client.get(f"/v1/voice/agents/{agent['id']}").json == agent


def test_200_a_change_is_the_next_version(workspace: Workspace) -> None:
    first = _create(workspace).json
    number = workspace.number()
    second = _change(workspace, first["id"], '"1"', prompt="Be brief.", phone_number=number)
    assert second.status == 200
    assert second.json["version"] == 2
    third = _change(workspace, first["id"], "2", phone_number=None).json
    assert (third["version"], third["prompt"], third["phone_number"]) == (3, "Be brief.", None)
    assert workspace.client.get(f"/v1/voice/agents/{first['id']}").json == third
    kept = agents.find(workspace.partition, first["id"], version=1)
    assert kept is not None
    assert kept.model_dump(mode="json") == first


def test_200_a_change_of_nothing_is_no_version(workspace: Workspace) -> None:
    agent = _create(workspace).json
    assert _change(workspace, agent["id"], "1").json == agent
    assert _change(workspace, agent["id"], "1", voice=DANA["voice"]).json == agent


def test_409_for_a_version_that_is_past(workspace: Workspace) -> None:
    agent = _create(workspace).json["id"]
    assert _change(workspace, agent, "1", voice="noa").status == 200
    refused = _change(workspace, agent, "1", voice="tal")
    assert (refused.status, refused.error["reason"]) == (409, "version_mismatch")
    assert workspace.client.get(f"/v1/voice/agents/{agent}").json["voice"] == "noa"


@pytest.mark.parametrize("version", [None, "", "x", "0", "-1", '"1', "1.0", "*", "1" * 30])
def test_400_without_a_version_to_change_from(workspace: Workspace, version: str | None) -> None:
    agent = _create(workspace).json["id"]
    refused = _change(workspace, agent, version, voice="tal")
    assert (refused.status, refused.error["field"]) == (400, "If-Match")


def test_404_for_the_agent_of_another_workspace(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    agent = _create(workspace).json["id"]
    assert _change(other_workspace, agent, "1", voice="tal").status == 404
    assert other_workspace.client.get(f"/v1/voice/agents/{agent}").status == 404


def test_one_of_ten_changes_from_one_version_wins(workspace: Workspace) -> None:
    from tests.integration.test_concurrency import at_once

    agent = _create(workspace).json["id"]
    answers = at_once(10, lambda n: _change(workspace, agent, "1", voice=f"voice {n}"))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 9
    assert workspace.client.get(f"/v1/voice/agents/{agent}").json["version"] == 2


@pytest.mark.parametrize("when", ["dialing", "ringing", "in_progress"])
def test_a_running_call_keeps_its_version(
    workspace: Workspace, exchange: Exchange, when: str
) -> None:
    agent = _create(workspace).json["id"]
    call_id = workspace.place(agent).json["id"]
    workspace.dial(call_id)
    run_to = {"dialing": exchange.call, "ringing": exchange.ring, "in_progress": exchange.talk}
    run_to[when](call_id)
    path = f"/v1/voice/calls/{call_id}"
    assert workspace.client.get(path).json["status"] == when
    assert _change(workspace, agent, "1", language="en-US", name="Noa").status == 200
    exchange.carry_on()
    call = workspace.client.get(path).json
    assert (call["status"], call["agent_version"]) == ("completed", 1)
    assert {turn["lang"] for turn in call["transcript"]} == {"he"}
    spoken = exchange.call(call_id).turns
    assert DANA["name"] in spoken[0].text
    assert {turn.language for turn in spoken} == {"he-IL"}
