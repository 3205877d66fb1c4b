"""How a call ends: at a machine, at a failure, and with who asks not to be called again."""

import json
import re

import pytest

from tests import pages, pump
from tests.carrier import Exchange
from tests.factories import CALLEE, Workspace
from tests.stack import Stack
from tools.carrier.callees import Callee

# What is said before the carrier has found out that a machine listens.
OPENING = (
    "שלום, כאן Dana, עוזר דיגיטלי מבוסס בינה מלאכותית."
    " כדי לא לקבל מאיתנו עוד שיחות, הקישו 9. האם זה זמן טוב לדבר?"
)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"action": "hang_up"}, []),
        ({"action": "leave_message", "message": "נתקשר שוב."}, ["נתקשר שוב."]),
        ({"action": "ask"}, ["שלום, יש שם מישהו?"]),
    ],
)
def test_a_machine_hears_what_the_agent_has_for_it(
    stack: Stack, workspace: Workspace, plan: dict[str, str], said: list[str]
) -> None:
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "he-IL"}
    agent = workspace.client.post("/v1/voice/agents", json={**body, "voicemail": plan}).json
    assert agent["voicemail"] == {"message": None, **plan}
    call_id = workspace.place(agent["id"], to="+15005550003").json["id"]
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["answered_by"]) == ("voicemail", "voicemail")
    assert [turn["text"] for turn in call["transcript"]] == [OPENING, *said]
    assert pump.dials(call_id) == [1]
    assert pump.minutes(workspace.id) == (1, 1)


def test_400_for_a_message_to_leave_that_is_not_there(workspace: Workspace) -> None:
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "he-IL"}
    plan = {"action": "leave_message"}
    refused = workspace.client.post("/v1/voice/agents", json={**body, "voicemail": plan})
    assert (refused.status, refused.error["field"]) == (400, "voicemail")


def test_what_the_carrier_says_of_a_failure_is_shown(stack: Stack, workspace: Workspace) -> None:
    call_id = workspace.place(workspace.agent(), to="+15005550004").json["id"]
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["ended_reason"], call["analysis"]) == ("carrier_failed", None)
    assert call["ended_detail"] == "The carrier could not connect the call."


def test_who_asks_on_the_phone_not_to_be_called_is_not_called_again(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    lines = ("אל תתקשרו אליי יותר.", "להתראות.")
    exchange.live.callees[CALLEE] = Callee(lines=lines)
    agent = workspace.agent(concurrency=1)
    call_id = workspace.place(agent).json["id"]
    waiting = workspace.place(agent).json["id"]
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert [turn["text"] for turn in call["transcript"]] == [
        OPENING,
        lines[0],
        "הבנתי. לא נתקשר שוב למספר הזה. להתראות.",
    ]
    assert call["analysis"]["outcome"] == "opted_out"
    (entry,) = workspace.client.get("/v1/voice/do-not-call").json["data"]
    told = (entry["number"], entry["source"], entry["call_id"])
    assert told == (CALLEE, "call", call_id)
    second = workspace.call(waiting)
    assert (second["status"], second["ended_reason"]) == ("canceled", "do_not_call")
    assert pump.dials(waiting) == []
    assert workspace.place(agent).error["reason"] == "do_not_call"


def test_a_call_is_counted_at_its_dial_and_by_its_length_at_its_end(
    stack: Stack, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """For the dashboard: over all functions of the deployment, once each."""
    workspace.place(workspace.agent())
    capsys.readouterr()
    pump.settle(stack, workspace.id)
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    for name in ("calls_dialled", "call_seconds"):
        (line,) = [line for line in counted if name in line]
        assert len(line[name]) == 1
        whole = line["_aws"]["CloudWatchMetrics"][-1]
        assert (whole["Dimensions"], [one["Name"] for one in whole["Metrics"]]) == (
            [["service", "stage"]],
            [name],
        )


@pytest.mark.parametrize("row", pages.tables("README.md")["to / status"], ids=lambda row: row[0])
def test_the_numbers_of_the_readme_end_as_it_says(
    stack: Stack, workspace: Workspace, row: pages.Row
) -> None:
    to, *told = ((re.findall(r"`([^`]+)`", cell) or [None])[0] for cell in row)
    call_id = workspace.placed(to=to)
    pump.settle(stack, workspace.id)
    shown = workspace.call(call_id)
    assert [shown[name] for name in ("status", "ended_reason", "answered_by")] == told
