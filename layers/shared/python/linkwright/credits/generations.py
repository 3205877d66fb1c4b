"""What a handler of what costs credits returns: how its answer is made, and what was made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from linkwright.table import Key
from linkwright.transaction import Transaction

Body = TypeVar("Body", bound=BaseModel)


class Allowed(NamedTuple):
    """How long making an answer may take, and whether a model may be asked that we pay for."""

    seconds: float
    ours: bool = True


@dataclass(frozen=True)
class Made(Generic[Body]):
    """An answer. As a fall-back, where no model could make it, it costs nothing; nor does it where
    the workspace pays its vendor itself, by a key of its own.

    `writes` adds what belongs to it to the transaction of the charge, or of giving back.
    """

    body: Body
    is_fallback: bool = False
    writes: Callable[[Transaction], None] | None = None
    is_own: bool = False

    @property
    def is_free(self) -> bool:
        return self.is_fallback or self.is_own


@dataclass(frozen=True)
class Later:
    """An answer that takes longer than a request may: a job goes on with it, to which the hold is
    handed. `begin` adds the job to the transaction, and is told which hold that is.

    `body` is what is answered meanwhile, and `location` where it is asked for.
    """

    body: BaseModel
    location: str
    job: Key
    begin: Callable[[Transaction, str], None]


@dataclass(frozen=True)
class Generation(Generic[Body]):
    """How an answer is made, within what is allowed: outside of any transaction.

    What it raises gives the credits back. `subject` is what a GET's answer is kept under, besides
    its operation; `force` has another one made than that. Of what `is_free` none are held.
    """

    make: Callable[[Allowed], Made[Body] | Later]
    subject: str = ""
    force: bool = False
    is_free: bool = False
