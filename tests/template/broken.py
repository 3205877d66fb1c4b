"""What each rule is there for: a change of the checkout that the rule of this name must find."""

from collections.abc import Callable
from typing import NamedTuple

from tests.template.checkout import Checkout, Json

Change = Callable[[Checkout], None]


class Broken(NamedTuple):
    rule: str
    change: Change

    @property
    def name(self) -> str:
        return f"{self.rule}-{self.change.__name__}"


BROKEN: list[Broken] = []


def breaks(rule: Callable[..., object]) -> Callable[[Change], Change]:
    def keep(change: Change) -> Change:
        BROKEN.append(Broken(rule.__name__, change))
        return change

    return keep


def block(checkout: Checkout, logical_id: str) -> Json:
    """The properties of a resource, to be changed."""
    properties: Json = checkout.raw["Resources"][logical_id]["Properties"]
    return properties


def event_of(checkout: Checkout, logical_id: str) -> Json:
    """The properties of a function's only event, to be changed."""
    (event,) = block(checkout, logical_id)["Events"].values()
    properties: Json = event["Properties"]
    return properties


def statement(checkout: Checkout, logical_id: str, at: int = 0) -> Json:
    """A statement of a function's policy, to be changed."""
    found: Json = block(checkout, logical_id)["Policies"][0]["Statement"][at]
    return found


def drop(checkout: Checkout, *logical_ids: str) -> None:
    for logical_id in logical_ids:
        del checkout.raw["Resources"][logical_id]


def rewrite(checkout: Checkout, path: str, old: str, new: str) -> None:
    """Change a file. Fails if what is to be changed is not in it: nothing would be broken."""
    file = checkout.root / path
    text = file.read_text()
    assert old in text, f"{old!r} is not in {path}"
    file.write_text(text.replace(old, new))


def write(checkout: Checkout, path: str, text: str) -> None:
    file = checkout.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
