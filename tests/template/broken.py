"""What each rule is there for: a change of the checkout that the rule of this name must find."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.template.checkout import Checkout, Json, target

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
    (properties,) = events_of(checkout, logical_id)
    return properties


def events_of(checkout: Checkout, logical_id: str) -> list[Json]:
    return [event["Properties"] for event in block(checkout, logical_id)["Events"].values()]


def role_of(checkout: Checkout, logical_id: str) -> Json:
    """The properties of a function's role, to be changed."""
    return block(checkout, target(block(checkout, logical_id)["Role"]))


def statements_of(checkout: Checkout, logical_id: str) -> list[Json]:
    """What a function's role allows, to be changed."""
    policy, *_ = role_of(checkout, logical_id)["Policies"]
    found: list[Json] = policy["PolicyDocument"]["Statement"]
    return found


def drop(checkout: Checkout, *logical_ids: str) -> None:
    for logical_id in logical_ids:
        del checkout.raw["Resources"][logical_id]


def rewrite(checkout: Checkout, path: str, old: str, new: str) -> None:
    """Change a file. Fails if what is to be changed is not in it: nothing would be broken."""
    text = checkout.read(path)
    assert old in text, f"{old!r} is not in {path}"
    write(checkout, path, text.replace(old, new))


def write(checkout: Checkout, path: str, text: str) -> None:
    checkout.files[Path(path)] = text


def remove(checkout: Checkout, path: str) -> None:
    del checkout.files[Path(path)]
