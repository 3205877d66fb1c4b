"""The model that a workspace's own key asks: the one place that opens what is sealed."""

from pydantic import SecretStr

from linkwright import sealing
from linkwright.ai.own_key.keys import ENTITY
from linkwright.providers import llm
from linkwright.providers.llm import Failure, Model, ModelFailed
from linkwright.sealing import Unsealable
from linkwright.workspace.operations import OwnKey


def model(partition: str, own: OwnKey, max_tokens: int) -> Model:
    """Raises `ModelFailed`, and `Unavailable` where the key to it is away."""
    if not llm.is_known(own.name):
        raise ModelFailed(Failure.NOT_CONFIGURED, "a model that is offered no more")
    try:
        key = SecretStr(sealing.unseal(own.sealed, partition, ENTITY))
    except Unsealable:
        raise ModelFailed(Failure.NOT_CONFIGURED, "a key that does not open") from None
    return llm.own(own.name, key, max_tokens=max_tokens)
