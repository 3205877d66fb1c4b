"""Vendors of models on loopback, in their documented formats: what they answer, and how badly."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

DRIP_S = 0.05
# Longer than any test waits.
HANGS_S = 60


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Served:
    """`wait_s` before anything comes; `hangs` until all is over, so that only who asks ends it;
    `drip` sends byte by byte; `cut` less than was announced.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0
    hangs: bool = False
    drip: bool = False
    cut: bool = False


def served(body: Any, status: int = 200, **headers: str) -> Served:
    content = json.dumps(body, ensure_ascii=False).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Served(status, content, {"content-type": "application/json", **names})


class Vendor:
    """Answers each request with the next of what it was told to."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.over = Event()
        self._answers: list[Served] = []

    def answers(self, *answers: Served) -> None:
        self._answers += answers

    def start_over(self) -> None:
        self.asked, self._answers = [], []

    def answer(self, asked: Asked) -> Served:
        self.asked.append(asked)
        return self._answers.pop(0)


@contextmanager
def start_vendor() -> Iterator[Vendor]:
    vendor = Vendor()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = vendor.answer(Asked(unquote(self.path), headers, json.loads(content)))
            time.sleep(answer.wait_s)
            if answer.hangs:
                vendor.over.wait(HANGS_S)
            # Who asked may have left meanwhile.
            with suppress(OSError):
                self._send(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def _send(self, answer: Served) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + answer.cut))
            self.end_headers()
            for at in range(len(answer.body)) if answer.drip else ():
                self.wfile.write(answer.body[at : at + 1])
                time.sleep(DRIP_S)
            if not answer.drip:
                self.wfile.write(answer.body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.handle_error = lambda *_: None  # type: ignore[method-assign]
        vendor.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield vendor
        finally:
            vendor.over.set()
            listening.shutdown()
            thread.join()


# ---- Anthropic: platform.claude.com/docs/en/api/messages --------------------------------------


def message(text: str | None, **changes: Any) -> Served:
    """As a model answers that may have thought, and says nothing if the text is None."""
    blocks = [] if text is None else [{"type": "text", "text": text, "citations": None}]
    return served(
        {
            "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-5-5",
            "content": [{"type": "thinking", "thinking": "", "signature": "EqQB"}, *blocks],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "stop_details": None,
            "usage": {
                "input_tokens": 2095,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 503,
                "service_tier": "standard",
            },
            **changes,
        },
        request_id="req_011CSHoEeqs5C35K2UUqR7Fy",
    )


def message_error(status: int, kind: str, text: str, **headers: str) -> Served:
    error = {"type": kind, "message": text}
    body = {"type": "error", "error": error, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}
    return served(body, status, **headers)


# ---- OpenAI: platform.openai.com/docs/api-reference/chat/object --------------------------------


def completion(
    text: str | None, *, refusal: str | None = None, finish: str = "stop", **changes: Any
) -> Served:
    said = {"role": "assistant", "content": text, "refusal": refusal, "annotations": []}
    return served(
        {
            "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
            "object": "chat.completion",
            "created": 1741569952,
            "model": "gpt-6-luna",
            "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": finish}],
            "usage": {
                "prompt_tokens": 2095,
                "completion_tokens": 503,
                "total_tokens": 2598,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
            "service_tier": "default",
            **changes,
        },
        x_request_id="req_3f2a",
    )


def completion_error(status: int, kind: str, text: str, **headers: str) -> Served:
    error = {"message": text, "type": kind, "param": None, "code": kind}
    return served({"error": error}, status, **headers)


# ---- Bedrock: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html --------


def conversation(*content: dict[str, Any], stop: str = "end_turn", **changes: Any) -> Served:
    return served(
        {
            "output": {"message": {"role": "assistant", "content": list(content)}},
            "stopReason": stop,
            "usage": {"inputTokens": 2095, "outputTokens": 503, "totalTokens": 2598},
            "metrics": {"latencyMs": 551},
            **changes,
        }
    )


def tool_use(given: Any) -> dict[str, Any]:
    used = {"toolUseId": "tooluse_hbTgdi0CSLq_hM4P8csZJA", "name": "answer", "input": given}
    return {"toolUse": used}


def conversation_error(status: int, kind: str, text: str) -> Served:
    return served({"message": text}, status, x_amzn_errortype=kind)
