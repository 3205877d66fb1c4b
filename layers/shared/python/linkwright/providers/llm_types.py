"""What is asked of a language model, and answered: by callers of the port, and by its adapters.

What callers, customers' contacts and web pages wrote is in the user's turn, as JSON, and nowhere
else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

# Some 700 words of English, 300 of Hebrew.
MAX_TOKENS = 1024

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Failure(StrEnum):
    """Why there is no answer."""

    UNAVAILABLE = "unavailable"
    TOO_SLOW = "too_slow"
    # By the vendor, its model or a guardrail.
    REFUSED = "refused"
    # Cut, empty, or not what was asked for, also when asked again.
    INVALID_OUTPUT = "invalid_output"
    # No such model, no key, or one that may not use it.
    NOT_CONFIGURED = "not_configured"
    # The account of the key is out of credit, or has spent what it may.
    NO_FUNDS = "no_funds"


class ModelFailed(Exception):
    """The text may be logged: it holds no key, nothing of the prompt and nothing that came back.

    `may_pass`: the same question may be answered `retry_after_s` seconds later. `is_of_key`: it may
    be by another key.
    """

    def __init__(
        self,
        reason: Failure,
        detail: str,
        *,
        may_pass: bool = False,
        retry_after_s: float | None = None,
        is_of_key: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.may_pass, self.retry_after_s = reason, may_pass, retry_after_s
        self.is_of_key = is_of_key


@dataclass(frozen=True)
class Prompt(Generic[T]):
    """`instructions` are ours and the customer's; `data` is what is not to be trusted.

    `deterministic` computes, from the same data, what the model of that name answers.
    """

    # Not shown where a prompt is printed by mistake.
    instructions: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    deterministic: Callable[[], T] = field(repr=False)


@dataclass(frozen=True)
class Usage:
    """Of all that was asked for one answer. Millionths of a dollar, None if a price is unknown."""

    input_tokens: int
    output_tokens: int
    cost_microusd: int | None


@dataclass(frozen=True)
class Answer(Generic[T]):
    """`generated_by` is `ai:<provider>/<model>`, or `deterministic`."""

    value: T
    usage: Usage
    generated_by: str


class Model(Protocol):
    """Both raise `ModelFailed`, and take no longer than `timeout_s` and the function's own time."""

    def text(self, prompt: Prompt[str], timeout_s: float) -> Answer[str]: ...

    def instance(self, prompt: Prompt[M], kind: type[M], timeout_s: float) -> Answer[M]: ...


@dataclass(frozen=True)
class Question:
    """What an adapter asks. With a `schema`, the output shall be JSON of it."""

    system: str = field(repr=False)
    user: str = field(repr=False)
    max_tokens: int
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Reply:
    """What a vendor answered; what is of no use has used tokens too."""

    output: str = field(repr=False)
    input_tokens: int
    output_tokens: int
    failure: Failure | None = None


class Adapter(Protocol):
    def ask(self, question: Question, timeout_s: float) -> Reply:
        """Ask once. Raises `ModelFailed` if there is no reply."""
