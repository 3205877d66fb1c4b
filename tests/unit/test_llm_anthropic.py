"""What Anthropic is sent, to the letter."""

from typing import Any

import pytest
from pydantic import SecretStr

from linkwright.fields import RequestModel
from linkwright.providers.llm import Prompt
from linkwright.providers.llm_anthropic import Anthropic
from linkwright.providers.llm_catalogue import MODELS
from linkwright.providers.llm_remote import DATA_NOTICE, Remote
from tests.unit.model_servers import Vendor, message

pytestmark = pytest.mark.usefixtures("loopback")

KEY = "sk-ant-api03-4f1d0c2b9a"


class Mood(RequestModel):
    mood: str


def model(vendor: Vendor, name: str = "anthropic/claude-haiku-5-5", **options: Any) -> Remote:
    listed = MODELS[name]
    return Remote(listed, Anthropic(listed, SecretStr(KEY), vendor.url), **options)


def prompt(value: Any = None) -> Prompt[Any]:
    return Prompt("Be short.", {"said": "Hello", "turns": 2}, lambda: value)


def test_a_question_for_a_text(vendor: Vendor) -> None:
    vendor.answers(message("Hi."))
    assert model(vendor).text(prompt(), 5).value == "Hi."
    (asked,) = vendor.asked
    assert asked.path == "/v1/messages"
    length = asked.headers.pop("content-length")
    assert int(length) > 0
    assert asked.headers == {
        "host": vendor.url.removeprefix("http://"),
        "connection": "close",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "x-api-key": KEY,
        "anthropic-version": "2023-06-01",
    }
    assert asked.body == {
        "model": "claude-haiku-5-5",
        "max_tokens": 1024,
        "system": f"Be short.\n\n{DATA_NOTICE}",
        "messages": [{"role": "user", "content": '{"said": "Hello", "turns": 2}'}],
        "thinking": {"type": "disabled"},
    }


def test_a_question_for_an_instance(vendor: Vendor) -> None:
    vendor.answers(message('{"mood": "good"}'))
    answer = model(vendor, max_tokens=99).instance(prompt(), Mood, 5)
    assert answer.value == Mood(mood="good")
    (asked,) = vendor.asked
    schema = {
        "type": "object",
        "properties": {"mood": {"type": "string"}},
        "required": ["mood"],
        "additionalProperties": False,
    }
    assert asked.body == {
        "model": "claude-haiku-5-5",
        "max_tokens": 99,
        "system": f"Be short.\n\n{DATA_NOTICE}",
        "messages": [{"role": "user", "content": '{"said": "Hello", "turns": 2}'}],
        "thinking": {"type": "disabled"},
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }


@pytest.mark.parametrize(
    ("name", "model_id", "thinking"),
    [
        ("anthropic/claude-haiku-5-5", "claude-haiku-5-5", {"type": "disabled"}),
        ("anthropic/claude-sonnet-5-5", "claude-sonnet-5-5", {"type": "between_tools"}),
        ("anthropic/claude-haiku-4-5", "claude-haiku-4-5-20251001", None),
    ],
)
def test_no_model_thinks(vendor: Vendor, name: str, model_id: str, thinking: Any) -> None:
    vendor.answers(message("Hi."))
    model(vendor, name).text(prompt(), 5)
    (asked,) = vendor.asked
    assert (asked.body["model"], asked.body.get("thinking")) == (model_id, thinking)


def test_a_text_of_several_blocks_is_one(vendor: Vendor) -> None:
    blocks = [{"type": "text", "text": text} for text in ("One, ", "two.")]
    new = {"type": "some_new_block", "text": "not said"}
    vendor.answers(message(None, content=[blocks[0], new, blocks[1]]))
    assert model(vendor).text(prompt(), 5).value == "One, two."
