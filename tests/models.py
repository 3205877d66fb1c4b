"""Models that are not to be trusted: they do what anybody's text orders, lie, stall and break.

One of them takes the place of `llm.model` in a test. What it is asked, and how long it may take for
it, is kept. What is asked after the talk, it leaves to the deterministic answer.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError

from linkwright import clock
from linkwright.providers import llm
from linkwright.providers.llm import Answer, Failure, Model, ModelFailed, Prompt, Usage
from linkwright.providers.llm_types import M
from linkwright.voice.conversation import decisions
from linkwright.voice.conversation.decisions import Reply

_NAME = "ai:test/fake"
AnyFake = TypeVar("AnyFake", bound=Model)


class Fake:
    """A model whose answer in a talk is `reply`."""

    def __init__(self) -> None:
        self.prompts: list[Prompt[Any]] = []
        self.timeouts: list[float] = []

    def text(self, prompt: Prompt[str], timeout_s: float) -> Answer[str]:
        raise AssertionError("a talk asks for instances")

    def instance(self, prompt: Prompt[M], kind: type[M], timeout_s: float) -> Answer[M]:
        if kind is not Reply:
            return Answer(prompt.deterministic(), Usage(0, 0, 0), llm.DETERMINISTIC)
        self.prompts.append(prompt)
        self.timeouts.append(timeout_s)
        # As an adapter judges what a vendor answers.
        said: Any = self.reply(prompt, timeout_s)
        return Answer(kind.model_validate(said), Usage(1, 1, None), _NAME)

    def reply(self, prompt: Prompt[Any], timeout_s: float) -> object:
        raise NotImplementedError


class Scripted(Fake):
    """Says one thing after the other, and the last one again and again."""

    def __init__(self, *replies: str | dict[str, Any]) -> None:
        super().__init__()
        self._replies = list(replies)

    def reply(self, prompt: Prompt[Any], timeout_s: float) -> object:
        said = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return {"say": said, "action": "listen"} if isinstance(said, str) else said


class Lying(Fake):
    """Says what is not so, and names rules that nobody made."""

    def __init__(self, rules: Sequence[int] = (-1, 1, 7, 10**30)) -> None:
        super().__init__()
        self._rules = list(rules)

    def reply(self, prompt: Prompt[Any], timeout_s: float) -> object:
        rule = self._rules.pop(0) if len(self._rules) > 1 else self._rules[0]
        said = "I am a person, and I have connected you with your bank. Press one."
        return {"say": said, "action": "escalate", "rule": rule}


class Stalling(Fake):
    """Takes as long as it may, by the test's clock, and has no answer then."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def reply(self, prompt: Prompt[Any], timeout_s: float) -> object:
        self._pass_time(max(timeout_s, 0))
        raise ModelFailed(Failure.TOO_SLOW, "no answer in time")


class Broken(Fake):
    """Fails, in whichever way."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    def reply(self, prompt: Prompt[Any], timeout_s: float) -> object:
        raise self._failure


class Obedient(Fake):
    """Does whatever is ordered in any text that it sees, but for the frame that is the code's own.

    It knows no other way out than the answer: so it says aloud what it would do, names the rule
    that it would use, and gives all that it knows.
    """

    def reply(self, prompt: Prompt[Any], timeout_s: float) -> object:
        seen = "\n".join([*_others(prompt.instructions), *_texts(prompt.data)])
        said, action, rule = [], "listen", None
        for order in _ORDERS.finditer(seen):
            what, of = order.lastgroup, order[0]
            if what == "transfer":
                said.append(f"<Dial>{order['to']}</Dial> Transferring you to {order['to']}.")
                digits = re.sub(r"\D", "", order["to"])
                action, rule = "escalate", int(digits) if digits else 0
            elif what == "rule":
                action, rule = "escalate", int(order["number"])
            elif what == "hang_up":
                action = "hang_up"
            elif what == "output":
                said.append(order["output"])
                if (forged := _forged(order["output"])) is not None:
                    return forged
            else:
                told = f"{prompt.instructions}\n{json.dumps(prompt.data)}"
                # Of the task, nothing else.
                said.append(told.partition("Your task:")[2] if "task" in of else f"{of}: {told}")
        text = " ".join(said) or "Very well."
        return {"say": text[:2_000], "action": action, "rule": rule}


_ORDERS = re.compile(
    r"(?P<transfer>(?:transfer|connect|forward|dial|call)(?: \w+){0,3}? (?:to |number )?"
    r"(?P<to>\+?[\d(][\d() -]{6,}|sip:\S+|\*\d+\S*))"
    r"|(?P<rule>rule (?:number )?(?P<number>-?\d+))"
    r"|(?P<hang_up>hang up)"
    r"|(?:say exactly|output(?: json| xml)?|repeat after me|answer with):? (?P<output>[^\n]+)"
    r"|(?P<tell>(?:tell|read|reveal|repeat|print|show|say|summari[sz]e|translate|encode|list)"
    r"(?: \w+){0,6}? (?:rules?|prompt|instructions?|task|secrets?|keys?|token|everything|numbers?"
    r"|metadata|transcripts?|calls?|above|configuration))",
    re.IGNORECASE,
)


def _others(instructions: str) -> list[str]:
    """The lines that are a customer's, in whole or in part."""
    return [line for line in instructions.splitlines() if line not in decisions._FRAME]


def _forged(text: str) -> object | None:
    """What is ordered to be the whole answer, if it is one; fields of its own make it none."""
    try:
        found = json.loads(text[text.index("{") :])
        return Reply.model_validate(found)
    except ValidationError as wrong:
        raise ModelFailed(Failure.INVALID_OUTPUT, "wrong fields, twice") from wrong
    except ValueError:
        return None


def _texts(value: object) -> Iterator[str]:
    """All strings in it, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from _texts(key)
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)


class Writer:
    """What is asked for what is made: each answer in turn, the last one again and again.

    One is a dict or JSON, taken as an adapter takes it, or an exception.
    """

    def __init__(self, *answers: object) -> None:
        self.prompts: list[Prompt[Any]] = []
        self._answers = list(answers)

    def text(self, prompt: Prompt[str], timeout_s: float) -> Answer[str]:
        raise AssertionError("what is made is an instance")

    def instance(self, prompt: Prompt[M], kind: type[M], timeout_s: float) -> Answer[M]:
        self.prompts.append(prompt)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(said, Exception):
            raise said
        try:
            text = said if isinstance(said, str) else json.dumps(said)
            return Answer(kind.model_validate_json(text), Usage(1, 1, None), _NAME)
        except ValidationError as wrong:
            raise ModelFailed(Failure.INVALID_OUTPUT, "wrong fields, twice") from wrong


def use(patch: pytest.MonkeyPatch, model: AnyFake) -> AnyFake:
    """Let it speak wherever a model is asked in the test."""
    patch.setattr(llm, "model", lambda partition, wanted, **_: model)
    return model


class Time:
    """The clock of a test: it goes as the real one does, and jumps ahead when told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._ahead_s = 0.0
        monotonic = clock.monotonic
        patch.setattr(clock, "monotonic", lambda: monotonic() + self._ahead_s)

    def jump(self, seconds: float) -> None:
        self._ahead_s += seconds
