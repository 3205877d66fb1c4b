"""Asking the model, and what stands in for it: no answer of it is shown that was not checked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

from linkwright import clock
from linkwright.credits.operations import Allowed, seconds_left
from linkwright.errors import OwnKeyFailed
from linkwright.observability import count
from linkwright.providers import llm
from linkwright.providers.llm import Failure, Model, ModelFailed, Prompt
from linkwright.providers.llm_types import M
from linkwright.settings import settings
from linkwright.workspace import operations
from linkwright.workspace.operations import OwnKey, Tenant

# With less left nobody is asked a second time.
_LEAST_S = 3.0


class Unfit(Exception):
    """An answer of the model is not to be shown. The text tells the model why, and nobody else."""


@dataclass(frozen=True)
class Chosen:
    """What a workspace has its answers from: its own key, if it may use one, or else the model that
    it has chosen, None for the deployment's own.
    """

    model: str | None
    own: OwnKey | None = None

    @property
    def is_free(self) -> bool:
        """Whether whatever is answered costs nothing: no other key than its own is asked."""
        return self.own is not None and not self.own.fallback

    @property
    def name(self) -> str:
        return f"byok:{self.own.name}" if self.own else self.model or settings().model


@dataclass(frozen=True)
class Written(Generic[M]):
    """`is_fallback`: the configured model has failed, or lied, and this was computed instead;
    `is_late`: since it took too long. `is_own`: the workspace's own key made it.
    """

    value: M
    generated_by: str
    is_fallback: bool
    is_own: bool = False
    is_late: bool = False


def chosen(partition: str) -> Chosen:
    return of(operations.tenant(partition))


def of(tenant: Tenant) -> Chosen:
    return Chosen(tenant.settings.model, tenant.own_key if tenant.plan.own_keys else None)


def subject(tenant: Tenant, *about: object) -> str:
    """What a GET's answer is kept under: of another model or zone, it is another one."""
    return "#".join([*map(str, about), of(tenant).name, tenant.settings.time_zone])


def ask(
    partition: str,
    chosen: Chosen,
    prompt: Prompt[M],
    kind: type[M],
    allowed: Allowed,
    accept: Callable[[M], M],
    max_tokens: int = llm.MAX_TOKENS,
) -> Written[M]:
    """An answer that `accept` takes, which raises `Unfit` otherwise: then it is asked once more.

    Never raises for what the deployment's model does: `prompt.deterministic` answers then, and
    where no model of ours is `allowed`. Raises `OwnKeyFailed` where the workspace's own key got no
    answer, and no other may be asked.
    """
    # What was read before has taken its part of them.
    now, left = clock.monotonic(), min(allowed.seconds, seconds_left())
    asking = _Asking(prompt, kind, now + left, accept)
    try:
        if chosen.own is not None:
            # Who may be asked instead needs time too.
            is_alone = not (chosen.own.fallback and allowed.ours)
            first = replace(asking, ends=now + (left if is_alone else left / 2))
            try:
                written = first.written(_own(partition, chosen.own, max_tokens))
            except ModelFailed as failure:
                if not chosen.own.fallback:
                    # Without its cause: what came of the vendor may quote the key.
                    raise OwnKeyFailed(failure.reason) from None
                count("own_key_fallbacks")
            else:
                return replace(written, is_own=True)
        model = llm.model(partition, chosen.model, max_tokens=max_tokens)
        if not (allowed.ours or isinstance(model, llm.Deterministic)):
            raise ModelFailed(Failure.REFUSED, "no model of ours may be asked")
        return asking.written(model)
    except (ModelFailed, Unfit) as failure:
        count("ai_answers_refused")
        is_late = isinstance(failure, ModelFailed) and failure.reason == Failure.TOO_SLOW
        return Written(prompt.deterministic(), llm.DETERMINISTIC, is_fallback=True, is_late=is_late)


@dataclass(frozen=True)
class _Asking(Generic[M]):
    prompt: Prompt[M]
    kind: type[M]
    ends: float
    accept: Callable[[M], M]

    def written(self, model: Model) -> Written[M]:
        """Raises `ModelFailed` and `Unfit`."""
        seconds = self.ends - clock.monotonic()
        if seconds <= 0 and not isinstance(model, llm.Deterministic):
            raise ModelFailed(Failure.TOO_SLOW, "no time is left")
        answer = model.instance(self.prompt, self.kind, seconds)
        try:
            return Written(self.accept(answer.value), answer.generated_by, is_fallback=False)
        except Unfit as why:
            left = self.ends - clock.monotonic()
            if left < _LEAST_S or answer.generated_by == llm.DETERMINISTIC:
                raise
            told = f"{self.prompt.instructions}\n\nAn earlier answer was refused: {why}"
        answer = model.instance(replace(self.prompt, instructions=told), self.kind, left)
        return Written(self.accept(answer.value), answer.generated_by, is_fallback=False)


def _own(partition: str, own: OwnKey, max_tokens: int) -> Model:
    # Few workspaces have one, and what opens it is dear.
    from linkwright.ai.own_key import opening

    return opening.model(partition, own, max_tokens)
