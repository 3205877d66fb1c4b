"""Asking the model, and what stands in for it: no answer of it is shown that was not checked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

from linkwright import clock
from linkwright.credits.operations import seconds_left
from linkwright.observability import count
from linkwright.providers import llm
from linkwright.providers.llm import Failure, ModelFailed, Prompt
from linkwright.providers.llm_types import M
from linkwright.settings import settings
from linkwright.workspace import operations
from linkwright.workspace.operations import Settings

# With less left nobody is asked a second time.
_LEAST_S = 3.0


class Unfit(Exception):
    """An answer of the model is not to be shown. The text tells the model why, and nobody else."""


@dataclass(frozen=True)
class Written(Generic[M]):
    """`is_fallback`: the configured model has failed, or lied, and this was computed instead."""

    value: M
    generated_by: str
    is_fallback: bool


def chosen(partition: str) -> str | None:
    """The model that the workspace has chosen; None for the deployment's own."""
    return operations.tenant(partition).settings.model


def subject(chosen: Settings, *about: object) -> str:
    """What a GET's answer is kept under: of another model or zone, it is another one."""
    model = chosen.model or settings().model
    return "#".join([*map(str, about), model, chosen.time_zone])


def ask(
    partition: str,
    model: str | None,
    prompt: Prompt[M],
    kind: type[M],
    seconds: float,
    accept: Callable[[M], M],
    max_tokens: int = llm.MAX_TOKENS,
) -> Written[M]:
    """An answer that `accept` takes, which raises `Unfit` otherwise: then it is asked once more.

    Never raises for what the model does: `prompt.deterministic` answers then, and where there are
    no `seconds`.
    """
    # What was read before has taken its part of them.
    seconds = min(seconds, seconds_left())
    ends = clock.monotonic() + seconds
    try:
        asked = llm.model(partition, model, max_tokens=max_tokens)
        if seconds <= 0 and not isinstance(asked, llm.Deterministic):
            raise ModelFailed(Failure.TOO_SLOW, "no time is left")  # noqa: TRY301
        answer = asked.instance(prompt, kind, seconds)
        try:
            return Written(accept(answer.value), answer.generated_by, is_fallback=False)
        except Unfit as why:
            left = ends - clock.monotonic()
            if left < _LEAST_S or answer.generated_by == llm.DETERMINISTIC:
                raise
            told = f"{prompt.instructions}\n\nAn earlier answer was refused: {why}"
        answer = asked.instance(replace(prompt, instructions=told), kind, left)
        return Written(accept(answer.value), answer.generated_by, is_fallback=False)
    except (ModelFailed, Unfit):
        count("ai_answers_refused")
        return Written(prompt.deterministic(), llm.DETERMINISTIC, is_fallback=True)
