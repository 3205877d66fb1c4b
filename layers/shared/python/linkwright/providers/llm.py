"""The port to a language model: a text, or an instance of a model of ours."""

from pydantic import SecretStr

from linkwright.providers.llm_types import (
    MAX_TOKENS,
    Answer,
    Failure,
    M,
    Model,
    ModelFailed,
    Prompt,
    T,
    Usage,
)
from linkwright.settings import settings

__all__ = ["MAX_TOKENS", "Answer", "Failure", "Model", "ModelFailed", "Prompt", "Usage"]

DETERMINISTIC = "deterministic"


def model(partition: str, wanted: str | None, *, max_tokens: int = MAX_TOKENS) -> Model:
    """The model of that name, or the deployment's own. Test mode never leaves `deterministic`.

    Raises `ModelFailed`.
    """
    name = settings().model if wanted is None else wanted
    if partition.endswith(".test") or name == DETERMINISTIC:
        return Deterministic()
    # Imported here, and below: few requests ask a vendor, or name a model.
    from linkwright.providers import llm_remote

    return llm_remote.model(name, max_tokens)


def own(name: str, key: SecretStr, *, max_tokens: int = MAX_TOKENS) -> Model:
    """The model of that name, asked by a workspace's own key and by no other.

    Raises `ModelFailed`.
    """
    from linkwright.providers import llm_remote

    return llm_remote.own(name, key, max_tokens)


def own_model(provider: str, wanted: str | None) -> str | None:
    """The model that keys of a provider may ask by that name, or its first; None if it has none."""
    from linkwright.providers import llm_catalogue

    of_it = [name for name in llm_catalogue.MODELS if name.partition("/")[0] == provider]
    if wanted is None:
        return of_it[0]
    name = wanted if "/" in wanted else f"{provider}/{wanted}"
    return name if name in of_it else None


def prove(name: str, key: SecretStr, timeout_s: float) -> None:
    """Ask the least that shows that a key may use a model. Raises `ModelFailed`."""
    from linkwright.providers import llm_remote

    llm_remote.prove(name, key, timeout_s)


def is_known(name: str) -> bool:
    """Whether it may be chosen; for some, a key is needed besides."""
    from linkwright.providers import llm_catalogue

    return name == DETERMINISTIC or name in llm_catalogue.MODELS


class Deterministic:
    """No network, no tokens, no cost."""

    def text(self, prompt: Prompt[str], timeout_s: float) -> Answer[str]:
        return self._answer(prompt)

    def instance(self, prompt: Prompt[M], kind: type[M], timeout_s: float) -> Answer[M]:
        return self._answer(prompt)

    @staticmethod
    def _answer(prompt: Prompt[T]) -> Answer[T]:
        return Answer(prompt.deterministic(), Usage(0, 0, 0), DETERMINISTIC)
