"""Bedrock's Converse through boto3, by a server that speaks its wire format."""

import json
import logging
import time
import traceback
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from linkwright import clock, deadline
from linkwright.fields import RequestModel
from linkwright.providers import llm, llm_bedrock
from linkwright.providers.llm import Answer, Failure, ModelFailed, Prompt, Usage
from linkwright.providers.llm_bedrock import Bedrock
from linkwright.providers.llm_catalogue import MODELS
from linkwright.providers.llm_remote import DATA_NOTICE, Remote
from tests.clocks import Left
from tests.unit.model_servers import (
    Served,
    Vendor,
    conversation,
    conversation_error,
    served,
    start_vendor,
    tool_use,
)

pytestmark = pytest.mark.usefixtures("environment")

NAME = "bedrock/nova-2-lite"
SAID = "canary of what the callee said: שלום"
TOLD = "canary of what the agent is told"
OUTPUT = "canary of what came back"
TEXT = {"text": OUTPUT}
USAGE = Usage(2095, 503, 1886)


class Turn(RequestModel):
    """What to do next."""

    say: str
    hang_up: bool


TURN = {"say": "Goodbye.", "hang_up": True}
GOOD = conversation(tool_use(TURN), stop="tool_use")


@pytest.fixture(scope="module")
def service() -> Iterator[Vendor]:
    # One for all: making a client takes half a second.
    with start_vendor() as service:
        yield service
    llm_bedrock._client.cache_clear()


@pytest.fixture
def vendor(service: Vendor) -> Vendor:
    service.start_over()
    return service


def model(vendor: Vendor) -> Remote:
    listed = MODELS[NAME]
    return Remote(listed, Bedrock(listed, vendor.url))


def prompt(**data: Any) -> Prompt[Any]:
    return Prompt(TOLD, data or {"said": SAID}, lambda: None)


def ask(vendor: Vendor, *answers: Served, timeout_s: float = 5) -> Answer[str]:
    vendor.answers(*answers)
    return model(vendor).text(prompt(), timeout_s)


def instance(vendor: Vendor, *answers: Served) -> Answer[Turn]:
    vendor.answers(*answers)
    return model(vendor).instance(prompt(), Turn, 5)


def failure(vendor: Vendor, *answers: Served, timeout_s: float = 5) -> Failure:
    with pytest.raises(ModelFailed) as failed:
        ask(vendor, *answers, timeout_s=timeout_s)
    return failed.value.reason


# ---- What is sent -----------------------------------------------------------------------------


def test_a_question_for_a_text(vendor: Vendor) -> None:
    answer = ask(vendor, conversation({"text": "One, "}, {"text": "two."}))
    assert answer == Answer("One, two.", USAGE, "ai:bedrock/nova-2-lite")
    (asked,) = vendor.asked
    assert asked.path == "/model/global.amazon.nova-2-lite-v1:0/converse"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "/us-east-1/bedrock/aws4_request" in asked.headers["authorization"]
    assert asked.body == {
        "system": [{"text": f"{TOLD}\n\n{DATA_NOTICE}"}],
        "messages": [{"role": "user", "content": [{"text": f'{{"said": "{SAID}"}}'}]}],
        "inferenceConfig": {"maxTokens": 1024},
    }


def test_a_question_for_an_instance(vendor: Vendor) -> None:
    answer = instance(vendor, GOOD)
    assert answer == Answer(Turn.model_validate(TURN), USAGE, "ai:bedrock/nova-2-lite")
    (asked,) = vendor.asked
    schema = {
        "type": "object",
        "properties": {"say": {"type": "string"}, "hang_up": {"type": "boolean"}},
        "required": ["say", "hang_up"],
    }
    assert asked.body["toolConfig"] == {
        "tools": [{"toolSpec": {"name": "answer", "inputSchema": {"json": schema}}}],
        "toolChoice": {"tool": {"name": "answer"}},
    }


def test_the_port_chooses_bedrock_without_a_key() -> None:
    chosen = llm.model("org_a", "bedrock/claude-haiku-4-5")
    assert isinstance(chosen, Remote)
    assert isinstance(chosen._adapter, Bedrock)


@pytest.mark.parametrize("text", ["שלום 👋🏽", "مرحبا\n\u200f", '"\\ \u2028 </data>'])
def test_every_letter_arrives_and_comes_back(vendor: Vendor, text: str) -> None:
    vendor.answers(conversation({"text": text}), conversation(tool_use({**TURN, "say": text})))
    assert model(vendor).text(prompt(**{text: text}), 5).value == text
    assert model(vendor).instance(prompt(), Turn, 5).value.say == text
    (block,) = vendor.asked[0].body["messages"][0]["content"]
    assert json.loads(block["text"]) == {text: text}


# ---- What comes back --------------------------------------------------------------------------


def test_an_instance_is_mended_once(vendor: Vendor) -> None:
    wrong = conversation(tool_use({"say": 1, "IGNORE ALL": 2}), stop="tool_use")
    answer = instance(vendor, wrong, GOOD)
    assert (answer.value.say, answer.usage) == ("Goodbye.", Usage(4190, 1006, 2 * 1886))
    first, second = (asked.body for asked in vendor.asked)
    said = (
        "Your earlier answer was not accepted. What was wrong:\n"
        "- *: extra_forbidden\n- say: string_type\n- hang_up: missing"
    )
    assert second == {**first, "system": [{"text": f"{TOLD}\n\n{said}\n\n{DATA_NOTICE}"}]}
    with pytest.raises(ModelFailed, match="invalid_output: wrong fields, twice"):
        instance(vendor, wrong, wrong)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (conversation(TEXT, stop="guardrail_intervened"), "refused"),
        (conversation(TEXT, stop="content_filtered"), "refused"),
        (conversation(TEXT, stop="max_tokens"), "invalid_output"),
        (conversation(TEXT, stop="model_context_window_exceeded"), "invalid_output"),
        (conversation(TEXT, stop="malformed_model_output"), "invalid_output"),
        (conversation(), "invalid_output"),
        (conversation({"text": " "}), "invalid_output"),
        (Served(body=b"<html>"), "invalid_output"),
        (Served(body=b""), "invalid_output"),
        (served({}), "invalid_output"),
        (served([]), "invalid_output"),
        (served(OUTPUT), "invalid_output"),
        (served({"output": OUTPUT, "stopReason": 1, "usage": 1}), "invalid_output"),
        (served({"output": {"message": TEXT}, "stopReason": "end_turn"}), "invalid_output"),
    ],
)
def test_what_is_of_no_use_is_asked_for_once(vendor: Vendor, answer: Served, reason: str) -> None:
    assert failure(vendor, answer) == reason
    assert len(vendor.asked) == 1


def test_an_answer_without_the_tool_is_invalid(vendor: Vendor) -> None:
    for answer in (conversation(TEXT), conversation({"reasoningContent": {}}, stop="tool_use")):
        with pytest.raises(ModelFailed, match="invalid_output"):
            instance(vendor, answer)
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, "ValidationException", "refused"),
        (403, "AccessDeniedException", "not_configured"),
        (403, "ExpiredTokenException", "not_configured"),
        (404, "ResourceNotFoundException", "not_configured"),
    ],
)
def test_what_cannot_pass_is_asked_once(
    vendor: Vendor, status: int, kind: str, reason: str
) -> None:
    assert failure(vendor, conversation_error(status, kind, OUTPUT)) == reason
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, "ModelTimeoutException"),
        (424, "ModelErrorException"),
        (429, "ThrottlingException"),
        (429, "ModelNotReadyException"),
        (500, "InternalServerException"),
        (503, "ServiceUnavailableException"),
    ],
)
def test_what_may_pass_is_asked_twice_and_not_by_boto3(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, status: int, kind: str
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    error = conversation_error(status, kind, OUTPUT)
    assert failure(vendor, error, error) is Failure.UNAVAILABLE
    assert (len(vendor.asked), slept) == (2, [0.5])
    assert ask(vendor, error, conversation(TEXT)).value == OUTPUT


def test_a_body_that_is_cut_is_asked_for_again(vendor: Vendor) -> None:
    cut = Served(body=conversation(TEXT).body, cut=True)
    assert ask(vendor, cut, conversation(TEXT)).value == OUTPUT
    assert len(vendor.asked) == 2


# ---- Time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slow", [Served(body=conversation(TEXT).body, hangs=True), Served(body=b" " * 12, drip=True)]
)
def test_a_service_that_hangs_or_drips_is_too_slow(vendor: Vendor, slow: Served) -> None:
    assert ask(vendor, conversation(TEXT)).value == OUTPUT
    assert failure(vendor, slow, timeout_s=0.3) is Failure.TOO_SLOW
    assert len(vendor.asked) == 2


def test_the_function_s_own_end_comes_first(vendor: Vendor) -> None:
    assert ask(vendor, conversation(TEXT)).value == OUTPUT
    begun = time.monotonic()
    with deadline.of(Left(1_200)):
        slow = Served(body=conversation(TEXT).body, hangs=True)
        assert failure(vendor, slow, timeout_s=50) is Failure.TOO_SLOW
    assert time.monotonic() - begun < 25


def test_no_connection_is_unavailable() -> None:
    with start_vendor() as closed:
        pass
    with pytest.raises(ModelFailed, match="unavailable: EndpointConnectionError"):
        model(closed).text(prompt(), 5)


def test_no_credentials_are_not_configured(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    llm_bedrock._client.cache_clear()
    try:
        with pytest.raises(ModelFailed, match="not_configured: NoCredentialsError"):
            model(vendor).text(prompt(), 5)
    finally:
        llm_bedrock._client.cache_clear()
    assert vendor.asked == []


def test_an_error_of_ours_is_not_hidden(vendor: Vendor) -> None:
    broken = Remote(MODELS[NAME], Bedrock(MODELS[NAME], "no url"))
    with pytest.raises(ValueError, match="Invalid endpoint"):
        broken.text(prompt(), 5)


def test_no_failure_tells_the_prompt_or_what_came(
    vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    worst = [
        conversation_error(400, "ValidationException", f"{SAID} {TOLD}"),
        conversation_error(403, OUTPUT, OUTPUT),
        Served(body=f"{SAID} {OUTPUT}".encode()),
        served({"output": OUTPUT, "stopReason": OUTPUT, "usage": OUTPUT}),
        conversation(TEXT, stop="guardrail_intervened"),
    ]
    told = []
    for answer in worst:
        with pytest.raises(ModelFailed) as failed:
            ask(vendor, answer)
        told += traceback.format_exception(failed.value)
    told += [str(vars(record)) for record in caplog.records]
    assert len(caplog.records) == len(worst)
    assert "canary" not in "".join(told)
