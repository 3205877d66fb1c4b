"""A language model as it is met on the phone: mostly quick, at times slow, broken or eager."""

import random
from collections.abc import Callable

from linkwright.providers import llm
from linkwright.providers.llm import Answer, Failure, M, ModelFailed, Prompt
from linkwright.voice.conversation.decisions import Reply
from tests.simulation.network import Network


class Model:
    """Answers what the deterministic model answers, if it does."""

    def __init__(self, network: Network, chance: random.Random) -> None:
        self._network = network
        self._random = chance

    def instance(self, prompt: Prompt[M], kind: type[M], timeout_s: float) -> Answer[M]:
        weather = self._network.weather
        took = self._random.uniform(0.2, 2)
        if self._chance(weather.slow / 4):
            took = self._random.uniform(4, 15)
        self._network.pass_time(max(min(took, timeout_s), 0))
        if took > timeout_s:
            raise ModelFailed(Failure.TOO_SLOW, "no answer in time")
        if self._chance(weather.faults):
            raise ModelFailed(Failure.UNAVAILABLE, "no answer")
        answer = llm.Deterministic().instance(prompt, kind, timeout_s)
        if kind is Reply and self._chance(0.05):
            eager = kind(say="One moment, please.", action="escalate", rule=0)
            return Answer(eager, answer.usage, answer.generated_by)
        return answer

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


def patched(network: Network, chance: random.Random) -> Callable[..., Model]:
    """In place of `llm.model`."""
    return lambda *_, **__: Model(network, chance)
