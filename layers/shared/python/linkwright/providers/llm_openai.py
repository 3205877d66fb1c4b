"""OpenAI's chat completions: platform.openai.com/docs/api-reference/chat/create."""

from typing import Any

from pydantic import BaseModel, Field, SecretStr

from linkwright.providers import llm_http
from linkwright.providers.llm_catalogue import Listed
from linkwright.providers.llm_types import Failure, Question, Reply

API_URL = "https://api.openai.com"


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str

    def failure(self) -> Failure | None:
        if self.message.refusal is not None or self.finish_reason == "content_filter":
            return Failure.REFUSED
        whole = self.finish_reason == "stop" and (self.message.content or "").strip()
        return None if whole else Failure.INVALID_OUTPUT


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage

    def reply(self) -> Reply:
        choice, usage = self.choices[0], self.usage
        used = usage.prompt_tokens, usage.completion_tokens
        return Reply(choice.message.content or "", *used, failure=choice.failure())


class OpenAI:
    def __init__(self, listed: Listed, key: SecretStr, base_url: str = API_URL) -> None:
        self._listed, self._key, self._base_url = listed, key, base_url

    def ask(self, question: Question, timeout_s: float) -> Reply:
        headers = {"authorization": f"Bearer {self._key.get_secret_value()}"}
        url = f"{self._base_url}/v1/chat/completions"
        answer = llm_http.post(url, headers, self._body(question), timeout_s)
        return llm_http.read(_Completion, answer).reply()

    def _body(self, question: Question) -> dict[str, Any]:
        body = {
            "model": self._listed.model_id,
            # Also what a model thinks counts; the older `max_tokens` is refused by newer ones.
            "max_completion_tokens": question.max_tokens,
            "messages": [
                {"role": "developer", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            # What is said on the telephone is not there to be trained or evaluated on.
            "store": False,
            **self._listed.options,
        }
        if question.schema is not None:
            named = {"name": "answer", "strict": True, "schema": question.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return body
