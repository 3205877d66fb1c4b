"""What OpenAI is sent, to the letter."""

from typing import Any

import pytest
from pydantic import SecretStr

from linkwright.fields import RequestModel
from linkwright.providers.llm import Prompt
from linkwright.providers.llm_catalogue import MODELS
from linkwright.providers.llm_openai import OpenAI
from linkwright.providers.llm_remote import DATA_NOTICE, Remote
from tests.unit.model_servers import Vendor, completion

pytestmark = pytest.mark.usefixtures("loopback")

KEY = "sk-proj-4f1d0c2b9a"


class Mood(RequestModel):
    mood: str
    since: str | None = None


def model(vendor: Vendor, name: str = "openai/gpt-6-luna", **options: Any) -> Remote:
    listed = MODELS[name]
    return Remote(listed, OpenAI(listed, SecretStr(KEY), vendor.url), **options)


def prompt(value: Any = None) -> Prompt[Any]:
    return Prompt("Be short.", {"said": "Hello", "turns": 2}, lambda: value)


MESSAGES = [
    {"role": "developer", "content": f"Be short.\n\n{DATA_NOTICE}"},
    {"role": "user", "content": '{"said": "Hello", "turns": 2}'},
]


def test_a_question_for_a_text(vendor: Vendor) -> None:
    vendor.answers(completion("Hi."))
    assert model(vendor).text(prompt(), 5).value == "Hi."
    (asked,) = vendor.asked
    assert asked.path == "/v1/chat/completions"
    length = asked.headers.pop("content-length")
    assert int(length) > 0
    assert asked.headers == {
        "host": vendor.url.removeprefix("http://"),
        "connection": "close",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "authorization": f"Bearer {KEY}",
    }
    assert asked.body == {
        "model": "gpt-6-luna",
        "max_completion_tokens": 1024,
        "messages": MESSAGES,
        "store": False,
        "reasoning_effort": "none",
    }


def test_a_question_for_an_instance(vendor: Vendor) -> None:
    vendor.answers(completion('{"mood": "good", "since": null}'))
    answer = model(vendor, "openai/gpt-6-sol", max_tokens=99).instance(prompt(), Mood, 5)
    assert answer.value == Mood(mood="good")
    (asked,) = vendor.asked
    schema = {
        "type": "object",
        "properties": {
            "mood": {"type": "string"},
            "since": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        # What strict mode asks for, also of what has a default.
        "required": ["mood", "since"],
        "additionalProperties": False,
    }
    assert asked.body == {
        "model": "gpt-6-sol",
        "max_completion_tokens": 99,
        "messages": MESSAGES,
        "store": False,
        "reasoning_effort": "none",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        },
    }
