"""A fact: a value with all that it takes to check it."""

from typing import NamedTuple

Value = int | float | str


class Fact(NamedTuple):
    """`unit` says what the value is of, and how it is worded: see `wording.values`.

    `window` and `compared_with` are ISO 8601 intervals of days, or say what else it is compared
    with; `n` is how many were counted for it.
    """

    value: Value
    unit: str
    window: str | None = None
    compared_with: str | None = None
    n: int | None = None


Facts = dict[str, Fact]
