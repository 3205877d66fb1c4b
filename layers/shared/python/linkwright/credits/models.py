"""What GET /api/ai/credits shows."""

from typing import Literal

from linkwright.fields import Model, RequestModel, Time
from linkwright.pagination import DEFAULT_LIMIT, Cursor, Limit


class Monthly(Model):
    """What the plan grants for the billing cycle; what is left of it expires with that."""

    granted: int
    used: int
    remaining: int
    resets_at: Time


class Extra(Model):
    """What was granted besides; it is taken once nothing is left of the month's."""

    remaining: int


class HeldCredits(Model):
    """What an answer that is being made has taken: charged or given back in a moment.

    At `expires_at` it goes back if its attempt is dead; that of a run under way stays until the run
    has ended, also after it.
    """

    id: str
    operation: str
    credits: int
    expires_at: Time


class LedgerEntry(Model):
    """One change: what it added to each pool, and to what is held."""

    id: str
    type: Literal["grant", "hold", "settle", "release", "expire", "adjust"]
    monthly: int
    extra: int
    held: int
    operation: str | None
    request_id: str | None
    credential_id: str | None
    created_at: Time


class CreditsQuery(RequestModel):
    """Which page of the ledger is shown with the balance."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class Ledger(Model):
    data: list[LedgerEntry]
    next_cursor: str | None


class Credits(Model):
    """The balance, what each operation costs, and a page of the ledger, the newest first."""

    remaining: int
    monthly: Monthly
    extra: Extra
    held: int
    holds: list[HeldCredits]
    weights: dict[str, int]
    ledger: Ledger
