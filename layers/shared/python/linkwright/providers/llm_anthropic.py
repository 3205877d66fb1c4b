"""Anthropic's Messages: platform.claude.com/docs/en/api/messages."""

from typing import Any

from pydantic import BaseModel, Field, SecretStr

from linkwright.providers import llm_http
from linkwright.providers.llm_catalogue import Listed
from linkwright.providers.llm_types import Failure, Question, Reply

API_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"

_WHOLE = {"end_turn", "stop_sequence"}


class _Block(BaseModel):
    type: str
    text: str = ""


class _Usage(BaseModel):
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class _Message(BaseModel):
    content: list[_Block]
    stop_reason: str | None
    usage: _Usage

    def reply(self) -> Reply:
        text = "".join(block.text for block in self.content if block.type == "text")
        used = self.usage.input_tokens, self.usage.output_tokens
        return Reply(text, *used, failure=self._failure(text))

    def _failure(self, text: str) -> Failure | None:
        if self.stop_reason == "refusal":
            return Failure.REFUSED
        whole = self.stop_reason in _WHOLE and text.strip()
        return None if whole else Failure.INVALID_OUTPUT


class Anthropic:
    def __init__(self, listed: Listed, key: SecretStr, base_url: str = API_URL) -> None:
        self._listed, self._key, self._base_url = listed, key, base_url

    def ask(self, question: Question, timeout_s: float) -> Reply:
        headers = {"x-api-key": self._key.get_secret_value(), "anthropic-version": VERSION}
        url = f"{self._base_url}/v1/messages"
        answer = llm_http.post(url, headers, self._body(question), timeout_s)
        return llm_http.read(_Message, answer).reply()

    def _body(self, question: Question) -> dict[str, Any]:
        body = {
            "model": self._listed.model_id,
            "max_tokens": question.max_tokens,
            "system": question.system,
            "messages": [{"role": "user", "content": question.user}],
            **self._listed.options,
        }
        if question.schema is not None:
            # Not a tool that is forced on the model: newer ones answer that with 400.
            schema = {"type": "json_schema", "schema": question.schema}
            body["output_config"] = {"format": schema}
        return body
