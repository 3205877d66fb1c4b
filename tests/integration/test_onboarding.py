"""The first link of somebody new: without credits, a model or the network, and always the same."""

import re
import socket

import pytest

from linkwright.providers import llm
from tests.credits import Asker
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

AIM = {"goal": "Promote our spring sale on Instagram", "url": "https://example.com/spring-sale"}


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model is asked")

    monkeypatch.setattr(llm, "model", refuse)


@pytest.mark.parametrize("plan", ["free", "pro"])
def test_200_on_any_plan_and_for_nothing(stack: Stack, plan: str) -> None:
    workspace = make_workspace(plan=plan)
    answer = workspace.client.post("/api/ai/onboarding/setup", json=AIM)
    assert answer.status == 200
    assert list(answer.json) == ["alias", "utm", "tags", "next_steps"]
    assert "X-AI-Credits-Charged" not in answer.headers
    assert stack.rows("LedgerTable", workspace.id) == []


def test_200_with_no_credits_left(workspace: Workspace) -> None:
    asker = Asker.of(workspace)
    while asker.post(operation="agent").headers["X-AI-Credits-Remaining"] != "0":
        pass
    assert workspace.client.post("/api/ai/suggest-alias", json={"url": AIM["url"]}).status == 402
    assert workspace.client.post("/api/ai/onboarding/setup", json=AIM).status == 200


def test_200_the_same_bytes_whoever_asks_and_whatever_they_have(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workspace.client.post("/api/ai/onboarding/setup", json=AIM)
    wanted = {"url": AIM["url"], "alias": first.json["alias"], "tags": ["Sale"]}
    assert workspace.client.post("/api/links", json=wanted).status == 201
    others = (workspace, make_workspace(plan="free"), make_workspace(mode="test"))
    assert {other.client.post("/api/ai/onboarding/setup", json=AIM).raw for other in others} == {
        first.raw
    }
    assert (
        workspace.client.post("/api/ai/onboarding/setup", json={"goal": AIM["goal"]}).raw
        != first.raw
    )


def test_200_says_what_a_goal_comes_to(workspace: Workspace) -> None:
    answer = workspace.client.post("/api/ai/onboarding/setup", json=AIM).json
    assert re.fullmatch(r"spring-sale-[2-9a-z]{4}", answer["alias"])
    assert answer["utm"] == {
        "utm_source": "instagram",
        "utm_medium": "social",
        "utm_campaign": "spring-sale",
        "utm_term": None,
        "utm_content": None,
    }
    assert answer["tags"] == ["spring", "sale", "instagram"]


@pytest.mark.parametrize(
    "goal",
    ["Sell more shoes by mail", "למכור יותר נעליים בניוזלטר", "セール", "<b>!</b>", "a" * 1000],
)
def test_20x_each_next_step_is_a_request_that_is_taken(workspace: Workspace, goal: str) -> None:
    url = f"https://example.com/{goal[:3].encode().hex()}"
    steps = workspace.client.post("/api/ai/onboarding/setup", json={"goal": goal, "url": url}).json[
        "next_steps"
    ]
    made = ""
    for step in steps:
        headers = {"If-Match": "1"} if step["method"] == "PATCH" else {}
        path = step["path"].format(link_id=made)
        answer = workspace.client.request(step["method"], path, json=step["body"], headers=headers)
        assert answer.status in {200, 201}, (step, answer.raw)
        made = made or answer.json["id"]


def test_200_in_the_language_of_the_goal(workspace: Workspace) -> None:
    goal = "מבצע פסח בוואטסאפ"
    answer = workspace.client.post("/api/ai/onboarding/setup", json={"goal": goal}).json
    assert answer["alias"].startswith("sale-passover-")
    assert answer["utm"]["utm_source"] == "whatsapp"
    assert answer["tags"] == ["מבצע", "פסח", "בוואטסאפ"]
    assert answer["next_steps"][0]["text"].startswith("יצירת")


def test_400_for_a_url_inside_somebody_s_network(workspace: Workspace) -> None:
    answer = workspace.client.post(
        "/api/ai/onboarding/setup", json={"goal": "Sell", "url": "http://localhost/"}
    )
    assert (answer.status, answer.json["field"]) == (400, "url")


def test_no_model_is_even_loaded() -> None:
    """Nor the network: what it loads at its start is in `test_endpoint_imports.py`."""
    from linkwright.ai.create import onboarding

    assert not {"answers", "llm", socket.__name__} & set(vars(onboarding))
