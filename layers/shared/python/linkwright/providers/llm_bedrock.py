"""Bedrock's Converse: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html."""

import json
from functools import cache
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from pydantic import BaseModel, Field, ValidationError

from linkwright.egress_limits import Deadline, TooSlow, in_time
from linkwright.providers import llm_http
from linkwright.providers.llm_catalogue import Listed
from linkwright.providers.llm_types import Failure, ModelFailed, Question, Reply
from linkwright.settings import settings

CONNECT_TIMEOUT_S = 5
# Of each piece, and what a thread that nobody waits for may last: `in_time` ends the whole.
READ_TIMEOUT_S = 30

_TOOL = "answer"
_WHOLE = {"end_turn", "stop_sequence", "tool_use"}
_REFUSED = {"guardrail_intervened", "content_filtered", "refusal"}
# All that Nova takes of a tool's schema at its top.
_TOP = ("type", "properties", "required")


class _ToolUse(BaseModel):
    input: dict[str, Any]


class _Block(BaseModel):
    text: str = ""
    tool_use: _ToolUse | None = Field(default=None, alias="toolUse")


class _Message(BaseModel):
    content: list[_Block]


class _Output(BaseModel):
    message: _Message


class _Usage(BaseModel):
    input_tokens: int = Field(alias="inputTokens", ge=0)
    output_tokens: int = Field(alias="outputTokens", ge=0)


class _Conversation(BaseModel):
    output: _Output
    stop_reason: str = Field(alias="stopReason")
    usage: _Usage

    def reply(self, *, by_tool: bool) -> Reply:
        output = self._input() if by_tool else self._text()
        used = self.usage.input_tokens, self.usage.output_tokens
        return Reply(output, *used, failure=self._failure(output))

    def _text(self) -> str:
        return "".join(block.text for block in self.output.message.content)

    def _input(self) -> str:
        used = (block.tool_use for block in self.output.message.content if block.tool_use)
        return next((json.dumps(tool.input, ensure_ascii=False) for tool in used), "")

    def _failure(self, output: str) -> Failure | None:
        if self.stop_reason in _REFUSED:
            return Failure.REFUSED
        whole = self.stop_reason in _WHOLE and output.strip()
        return None if whole else Failure.INVALID_OUTPUT


class Bedrock:
    def __init__(self, listed: Listed, endpoint_url: str | None = None) -> None:
        self._listed, self._endpoint_url = listed, endpoint_url

    def ask(self, question: Question, timeout_s: float) -> Reply:
        request = self._request(question)
        try:
            within = Deadline(timeout_s)
            client = _client(self._endpoint_url)
            found = in_time(lambda: _converse(client, request), within)
        except TooSlow as failure:
            raise ModelFailed(Failure.TOO_SLOW, "the time is up") from failure
        if isinstance(found, Exception):
            # Without the cause, whose text is the service's.
            raise _failed(found) from None
        try:
            return _Conversation.model_validate(found).reply(by_tool="toolConfig" in request)
        except ValidationError:
            # Without the cause, which quotes what came.
            raise ModelFailed(Failure.INVALID_OUTPUT, "the answer cannot be read") from None

    def _request(self, question: Question) -> dict[str, Any]:
        request = {
            "modelId": self._listed.model_id,
            "system": [{"text": question.system}],
            "messages": [{"role": "user", "content": [{"text": question.user}]}],
            "inferenceConfig": {"maxTokens": question.max_tokens},
        }
        if question.schema is not None:
            schema = {key: question.schema[key] for key in _TOP}
            tool = {"name": _TOOL, "inputSchema": {"json": schema}}
            choice = {"tool": {"name": _TOOL}}
            request["toolConfig"] = {"tools": [{"toolSpec": tool}], "toolChoice": choice}
        return request


@cache
def _client(endpoint_url: str | None) -> Any:  # noqa: ANN401 -- boto3 makes its clients at run time
    import boto3
    from botocore.config import Config

    return boto3.client(
        "bedrock-runtime",
        region_name=settings().aws_region,
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
    )


def _converse(client: Any, request: dict[str, Any]) -> dict[str, Any] | Exception:  # noqa: ANN401
    try:
        found: dict[str, Any] = client.converse(**request)
    except Exception as failure:  # noqa: BLE001 -- what is raised in a thread, nobody hears
        return failure
    return found


def _failed(failure: Exception) -> ModelFailed:
    kind = type(failure).__name__
    match failure:
        case ClientError():
            return llm_http.failed(failure.response["ResponseMetadata"]["HTTPStatusCode"])
        case ReadTimeoutError():
            return ModelFailed(Failure.TOO_SLOW, kind)
        case NoCredentialsError() | PartialCredentialsError() | CredentialRetrievalError():
            return ModelFailed(Failure.NOT_CONFIGURED, kind)
        case BotoCoreError():
            return ModelFailed(Failure.UNAVAILABLE, kind, may_pass=True)
        case _:
            # botocore's parsers stumble over what has not the form they know.
            return ModelFailed(Failure.INVALID_OUTPUT, kind)
