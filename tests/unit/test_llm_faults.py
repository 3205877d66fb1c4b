"""What goes wrong at the vendors that are asked over HTTPS, by servers that speak as they do."""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from linkwright import clock, deadline, egress, settings
from linkwright.fields import RequestModel
from linkwright.providers.llm import Answer, Failure, ModelFailed, Prompt, Usage
from linkwright.providers.llm_anthropic import Anthropic
from linkwright.providers.llm_catalogue import MODELS
from linkwright.providers.llm_openai import OpenAI
from linkwright.providers.llm_remote import DATA_NOTICE, Remote
from tests.clocks import Left
from tests.unit import model_servers
from tests.unit.model_servers import Served, Vendor, served

pytestmark = pytest.mark.usefixtures("loopback")

KEY = "sk-canary-4f1d0c2b9a"
SAID = "canary of what the callee said: שלום"
TOLD = "canary of what the agent is told"
OUTPUT = "canary of what came back"
USAGE = Usage(2095, 503, 461)


class Turn(RequestModel):
    say: str
    hang_up: bool


TURN = Turn(say="Goodbye.", hang_up=True)


@dataclass(frozen=True)
class Dialect:
    """How one of the vendors is asked, answers and fails."""

    name: str
    adapter: Callable[..., Any]
    answer: Callable[..., Served]
    error: Callable[..., Served]
    cut: Served
    refusals: tuple[Served, ...]
    of_no_use: tuple[Served, ...]
    strange: tuple[Any, ...]

    def model(self, url: str) -> Remote:
        listed = MODELS[self.name]
        return Remote(listed, self.adapter(listed, SecretStr(KEY), url))

    @staticmethod
    def split(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """What the model is told, and all the rest of the request."""
        if "system" in body:
            return body["system"], {**body, "system": ""}
        developer, *messages = body["messages"]
        return developer["content"], {**body, "messages": messages}


message, completion = model_servers.message, model_servers.completion
ANTHROPIC = Dialect(
    "anthropic/claude-haiku-5-5",
    Anthropic,
    message,
    model_servers.message_error,
    cut=message(OUTPUT, stop_reason="max_tokens"),
    refusals=(message(OUTPUT, stop_reason="refusal"), message(None, stop_reason="refusal")),
    of_no_use=(
        message(OUTPUT, stop_reason="model_context_window_exceeded"),
        message(OUTPUT, stop_reason="pause_turn"),
        message(OUTPUT, stop_reason=None),
        message(None),
        message(" \n"),
    ),
    strange=({"content": OUTPUT}, {"type": "message", "content": [OUTPUT]}),
)
OPENAI = Dialect(
    "openai/gpt-6-luna",
    OpenAI,
    completion,
    model_servers.completion_error,
    cut=completion(OUTPUT, finish="length"),
    refusals=(completion(None, refusal=OUTPUT), completion(OUTPUT, finish="content_filter")),
    of_no_use=(
        completion(OUTPUT, finish="tool_calls"),
        completion(None),
        completion(""),
    ),
    strange=({"choices": []}, {"choices": [{"message": OUTPUT}], "usage": {}}),
)


@pytest.fixture(params=[ANTHROPIC, OPENAI], ids=["anthropic", "openai"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(clock, "sleep", seconds.append)
    return seconds


def prompt(value: Any = None) -> Prompt[Any]:
    return Prompt(TOLD, {"said": SAID}, lambda: value)


def ask(dialect: Dialect, vendor: Vendor, *answers: Served, timeout_s: float = 5) -> Answer[str]:
    vendor.answers(*answers)
    return dialect.model(vendor.url).text(prompt(), timeout_s)


def instance(dialect: Dialect, vendor: Vendor, *answers: str | Served) -> Answer[Turn]:
    vendor.answers(*(dialect.answer(one) if isinstance(one, str) else one for one in answers))
    return dialect.model(vendor.url).instance(prompt(), Turn, 5)


def failure(dialect: Dialect, vendor: Vendor, *answers: Served, timeout_s: float = 5) -> Failure:
    with pytest.raises(ModelFailed) as failed:
        ask(dialect, vendor, *answers, timeout_s=timeout_s)
    return failed.value.reason


# ---- Statuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (301, "moved", "unavailable"),
        (400, "invalid_request_error", "refused"),
        (401, "authentication_error", "not_configured"),
        (402, "billing_error", "no_funds"),
        (403, "permission_error", "not_configured"),
        (404, "not_found_error", "not_configured"),
        (413, "request_too_large", "refused"),
        (422, "unprocessable", "refused"),
    ],
)
def test_what_cannot_pass_is_asked_once(
    dialect: Dialect, vendor: Vendor, status: int, kind: str, reason: str
) -> None:
    assert failure(dialect, vendor, dialect.error(status, kind, OUTPUT)) == reason
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_asked_twice(
    dialect: Dialect, vendor: Vendor, slept: list[float], status: int
) -> None:
    error = dialect.error(status, "overloaded_error", OUTPUT)
    assert failure(dialect, vendor, error, error) is Failure.UNAVAILABLE
    assert (len(vendor.asked), slept) == (2, [0.5])
    assert ask(dialect, vendor, error, dialect.answer(OUTPUT)).value == OUTPUT


@pytest.mark.parametrize(
    ("retry_after", "waits"), [("2", 2), ("0", 0), ("soon", 0.5), ("2.5", 0.5), ("-1", 0.5)]
)
def test_429_waits_as_long_as_is_said(
    dialect: Dialect, vendor: Vendor, slept: list[float], retry_after: str, waits: float
) -> None:
    busy = dialect.error(429, "rate_limit_error", "Slow down", retry_after=retry_after)
    assert ask(dialect, vendor, busy, dialect.answer(OUTPUT)).usage == USAGE
    assert slept == [waits]
    # The same question to the letter.
    assert vendor.asked[0].body == vendor.asked[1].body


@pytest.mark.parametrize(("retry_after", "timeout_s"), [("60", 5), ("4", 5), ("0", 0.9)])
def test_429_is_not_asked_again_if_the_time_does_not_allow_it(
    dialect: Dialect, vendor: Vendor, slept: list[float], retry_after: str, timeout_s: float
) -> None:
    busy = dialect.error(429, "rate_limit_error", "Slow down", retry_after=retry_after)
    assert failure(dialect, vendor, busy, timeout_s=timeout_s) is Failure.UNAVAILABLE
    assert (len(vendor.asked), slept) == (1, [])


# ---- The wire ---------------------------------------------------------------------------------


def hanging(dialect: Dialect) -> Served:
    return Served(body=dialect.answer(OUTPUT).body, hangs=True)


def test_a_vendor_that_hangs_is_too_slow(dialect: Dialect, vendor: Vendor) -> None:
    assert failure(dialect, vendor, hanging(dialect), timeout_s=0.2) is Failure.TOO_SLOW
    assert len(vendor.asked) == 1


def test_a_vendor_that_drips_is_too_slow(dialect: Dialect, vendor: Vendor) -> None:
    # A byte in 50 ms: no wait is long, the whole is, and would be no answer.
    drip = Served(body=b" " * 20, drip=True)
    assert failure(dialect, vendor, drip, timeout_s=0.3) is Failure.TOO_SLOW


def test_the_second_try_gets_what_the_first_left(
    dialect: Dialect, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    fetch = egress.fetch

    def noted(url: str, **options: Any) -> egress.Answer:
        given.append(options["timeout_s"])
        return fetch(url, **options)

    monkeypatch.setattr(egress, "fetch", noted)
    busy = Served(503, headers={"retry-after": "0"}, wait_s=0.2)
    assert ask(dialect, vendor, busy, dialect.answer(OUTPUT), timeout_s=60).value == OUTPUT
    first, second = given
    assert second + 0.2 <= first <= 60


def test_no_time_is_no_question(dialect: Dialect, vendor: Vendor) -> None:
    assert failure(dialect, vendor, timeout_s=0) is Failure.TOO_SLOW
    assert vendor.asked == []


@pytest.mark.parametrize("left_ms", [2_000, 900])
def test_the_function_s_own_end_comes_first(dialect: Dialect, vendor: Vendor, left_ms: int) -> None:
    begun = time.monotonic()
    with deadline.of(Left(left_ms)):
        assert failure(dialect, vendor, hanging(dialect), timeout_s=50) is Failure.TOO_SLOW
    assert time.monotonic() - begun < 25
    assert len(vendor.asked) == (left_ms > 1_000)


def test_the_function_keeps_a_second_to_store_how_it_went(
    dialect: Dialect, vendor: Vendor, slept: list[float]
) -> None:
    busy = dialect.error(529, "overloaded_error", OUTPUT)
    with deadline.of(Left(2_400)):
        assert failure(dialect, vendor, busy) is Failure.UNAVAILABLE
    assert (len(vendor.asked), slept) == (1, [])


def test_a_body_that_is_cut_is_asked_for_again(dialect: Dialect, vendor: Vendor) -> None:
    cut = Served(body=dialect.answer(OUTPUT).body, cut=True)
    assert ask(dialect, vendor, cut, dialect.answer(OUTPUT)).value == OUTPUT
    assert failure(dialect, vendor, cut, cut) is Failure.UNAVAILABLE
    assert len(vendor.asked) == 4


def test_no_connection_is_unavailable(dialect: Dialect) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        url = f"http://127.0.0.1:{closed.server_address[1]}"
    with pytest.raises(ModelFailed, match="unavailable: Unreachable"):
        dialect.model(url).text(prompt(), 5)


def test_an_address_that_is_not_allowed_is_not_asked(
    dialect: Dialect, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EGRESS_ALLOW_LOOPBACK")
    settings.settings.cache_clear()
    assert failure(dialect, vendor) is Failure.NOT_CONFIGURED
    assert vendor.asked == []


# ---- Answers ----------------------------------------------------------------------------------


def test_an_answer_has_its_cost_and_its_origin(dialect: Dialect, vendor: Vendor) -> None:
    answer = ask(dialect, vendor, dialect.answer(OUTPUT))
    assert answer == Answer(OUTPUT, USAGE, f"ai:{dialect.name}")


def test_what_cannot_be_read_is_invalid(dialect: Dialect, vendor: Vendor) -> None:
    bodies = [
        b"",
        b"<html>Hello</html>",
        b'{"a": ',
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b" " * 1_000_001,
    ]
    strange = [Served(body=body) for body in bodies] + [served(body) for body in dialect.strange]
    for one in strange:
        assert failure(dialect, vendor, one) is Failure.INVALID_OUTPUT
    assert len(vendor.asked) == len(strange)


def test_what_is_cut_or_empty_is_invalid(dialect: Dialect, vendor: Vendor) -> None:
    for one in (dialect.cut, *dialect.of_no_use):
        assert failure(dialect, vendor, one) is Failure.INVALID_OUTPUT
    with pytest.raises(ModelFailed, match="invalid_output"):
        instance(dialect, vendor, dialect.cut)
    # Nothing of it is asked again: the next would be cut as well.
    assert len(vendor.asked) == 2 + len(dialect.of_no_use)


def test_a_refusal_is_a_refusal(dialect: Dialect, vendor: Vendor) -> None:
    for one in dialect.refusals:
        assert failure(dialect, vendor, one) is Failure.REFUSED
        with pytest.raises(ModelFailed, match="refused"):
            instance(dialect, vendor, one)
    assert len(vendor.asked) == 4


TEXTS = (
    "שלום, מדברת עוזרת דיגיטלית; זה זמן טוב?",
    "مرحبا، معك مساعد آلي",
    "👋🏽 👩‍👩‍👧 🇮🇱 é é \u200f\u202a",
    '"quoted" \\ back \n line \t tab \u2028 </data> \x7f',
)


@pytest.mark.parametrize("text", TEXTS)
def test_every_letter_arrives_and_comes_back(dialect: Dialect, vendor: Vendor, text: str) -> None:
    vendor.answers(dialect.answer(text))
    asked = Prompt(f"Say: {text}", {text: [text]}, lambda: "")
    assert dialect.model(vendor.url).text(asked, 5).value == text
    (sent,) = vendor.asked
    assert dialect.split(sent.body)[0] == f"Say: {text}\n\n{DATA_NOTICE}"
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    assert sent.body["messages"][-1] == {
        "role": "user",
        "content": f'{{"{escaped}": ["{escaped}"]}}',
    }


def test_half_a_pair_of_surrogates_does_not_break_the_question(
    dialect: Dialect, vendor: Vendor
) -> None:
    vendor.answers(dialect.answer("Hm"))
    dialect.model(vendor.url).text(Prompt(TOLD, {"page": "a\ud83db"}, lambda: ""), 5)
    assert vendor.asked[0].body["messages"][-1]["content"] == '{"page": "a?b"}'


# ---- Instances --------------------------------------------------------------------------------

GOOD = '{"say": "Goodbye.", "hang_up": true}'


def test_an_instance_comes_at_once(dialect: Dialect, vendor: Vendor) -> None:
    answer = instance(dialect, vendor, GOOD)
    assert answer == Answer(TURN, USAGE, f"ai:{dialect.name}")
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("wrong", "complaints"),
    [
        ('{"say": 1, "hang_up": "perhaps"}', ("- say: string_type", "- hang_up: bool_parsing")),
        ('{"say": "Goodbye."}', ("- hang_up: missing",)),
        ('{"say": "Hi", "hang_up": true, "transfer to": "+1"}', ("- *: extra_forbidden",)),
        ("Certainly! Here it is.", ("- the whole: json_invalid",)),
        ('["Goodbye.", true]', ("- the whole: model_type",)),
        ('{"say": "Good', ("- the whole: json_invalid",)),
    ],
)
def test_an_instance_is_mended_once(
    dialect: Dialect, vendor: Vendor, wrong: str, complaints: tuple[str, ...]
) -> None:
    answer = instance(dialect, vendor, wrong, GOOD)
    assert (answer.value, answer.usage) == (TURN, Usage(4190, 1006, 922))
    (first, rest), (second, same) = (dialect.split(asked.body) for asked in vendor.asked)
    assert first == f"{TOLD}\n\n{DATA_NOTICE}"
    said = "\n".join(("Your earlier answer was not accepted. What was wrong:", *complaints))
    assert second == f"{TOLD}\n\n{said}\n\n{DATA_NOTICE}"
    assert rest == same


def test_an_instance_that_is_wrong_twice_is_invalid(dialect: Dialect, vendor: Vendor) -> None:
    with pytest.raises(ModelFailed, match="invalid_output: wrong fields, twice"):
        instance(dialect, vendor, '{"say": "Hi"}', '{"hang_up": true}')
    assert len(vendor.asked) == 2


def test_a_second_try_and_a_mending_are_three_questions_at_most(
    dialect: Dialect, vendor: Vendor, slept: list[float]
) -> None:
    busy = dialect.error(529, "overloaded_error", "Overloaded")
    assert instance(dialect, vendor, busy, '{"say": "Hi"}', GOOD).value == TURN
    with pytest.raises(ModelFailed, match="unavailable: status 529"):
        instance(dialect, vendor, busy, '{"say": "Hi"}', busy)
    assert (len(vendor.asked), slept) == (6, [0.5, 0.5])


# ---- Secrets ----------------------------------------------------------------------------------


def test_no_failure_tells_the_key_the_prompt_or_what_came(
    dialect: Dialect, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    worst = [dialect.error(status, OUTPUT, f"{KEY} {OUTPUT}") for status in (302, 400, 401, 404)]
    worst += [Served(body=f"{KEY} {SAID} {TOLD} {OUTPUT}".encode())]
    worst += [dialect.cut, *dialect.refusals, *(served(body) for body in dialect.strange)]
    told = []
    for one in worst:
        with pytest.raises(ModelFailed) as failed:
            ask(dialect, vendor, one)
        told += [repr(failed.value), *traceback.format_exception(failed.value)]
    for wrong in (f'{{"{OUTPUT}": 1}}', OUTPUT):
        with pytest.raises(ModelFailed) as failed:
            instance(dialect, vendor, wrong, wrong)
        told += [repr(failed.value), *traceback.format_exception(failed.value)]
    with pytest.raises(ModelFailed) as failed:
        ask(dialect, vendor, Served(wait_s=0.2), timeout_s=0.1)
    told += traceback.format_exception(failed.value)
    told += [str(vars(record)) for record in caplog.records]
    told += [repr(dialect.model(vendor.url)), repr(prompt())]
    assert len(caplog.records) >= len(worst)
    for secret in (KEY, SAID, TOLD, OUTPUT, "canary"):
        assert secret not in "".join(told)


@pytest.mark.parametrize("key", ["with\r\na: line", "with €"])
def test_a_key_that_is_no_header_is_not_sent(dialect: Dialect, vendor: Vendor, key: str) -> None:
    listed = MODELS[dialect.name]
    broken = Remote(listed, dialect.adapter(listed, SecretStr(key), vendor.url))
    with pytest.raises(ModelFailed) as failed:
        broken.text(prompt(), 5)
    assert failed.value.reason is Failure.NOT_CONFIGURED
    assert key not in "".join(traceback.format_exception(failed.value))
    assert vendor.asked == []
