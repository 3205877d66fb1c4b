"""Asking for what costs credits, as a handler of such an endpoint does."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from linkwright import ids
from linkwright.auth import Account, authenticate
from linkwright.credits import balances, items
from linkwright.credits.charging import Charge
from linkwright.credits.generations import Allowed, Generation, Made
from linkwright.credits.items import Balance
from linkwright.errors import ApiError
from linkwright.fields import Model
from linkwright.http import Request, Response
from tests.factories import Workspace
from tests.faults import ledger
from tests.stack import Stack

SIX_HOURS = timedelta(hours=6)


class Said(Model):
    """An answer that no other is."""

    number: int


@dataclass
class Asker:
    """Makes an answer each time it is asked to, and counts that; `fails` instead, or is free."""

    account: Account
    made: int = 0
    allowed: Allowed = Allowed(0.0)
    fails: Exception | None = None
    is_fallback: bool = False
    meanwhile: Callable[[], object] = lambda: None
    answers: list[Response] = field(default_factory=list)

    @classmethod
    def of(cls, workspace: Workspace, **limits: Any) -> "Asker":
        token = workspace.client.token
        account, _ = authenticate({"authorization": f"Bearer {token}"})
        return cls(account._replace(**limits))

    def post(self, key: str | None = None, operation: str = "intent", body: str = "") -> Response:
        request = _request("POST", key)
        return self._answer(Charge(operation), request, {"goal": body}, Generation(self._make))

    def get(self, subject: str = "lnk_a", *, force: bool = False) -> Response:
        generation = Generation(self._make, subject, force)
        return self._answer(Charge("insight_link", SIX_HOURS), _request("GET"), {}, generation)

    def _answer(
        self, charge: Charge, request: Request, body: dict[str, Any], generation: Generation[Said]
    ) -> Response:
        return charge.answer(self.account, request, body, 200, lambda: generation)

    def _make(self, allowed: Allowed) -> Made[Said]:
        self.allowed = allowed
        self.made += 1
        number = self.made
        self.meanwhile()
        if self.fails:
            raise self.fails
        return Made(Said(number=number), self.is_fallback)


def _request(method: str, key: str | None = None) -> Request:
    headers = {"idempotency-key": key} if key else {}
    return Request(ids.new("req"), method, f"{method} /x", "", "/x", headers, {}, "", "", False)


def balance(workspace: Workspace) -> Balance:
    found = balances.find(workspace.partition)
    assert found is not None
    return found


def entries(stack: Stack, workspace: Workspace) -> list[dict[str, Any]]:
    """The ledger's lines, the oldest first."""
    rows = [row for row in stack.rows("LedgerTable", workspace.id) if row["sk"].startswith("L#")]
    return sorted(rows, key=lambda row: row["sk"])


def kinds(stack: Stack, workspace: Workspace) -> Counter[str]:
    return Counter(row["type"] for row in entries(stack, workspace))


def holds_of(stack: Stack, workspace: Workspace) -> list[dict[str, Any]]:
    rows = stack.rows("CoreTable", workspace.id)
    return [row for row in rows if row["pk"] == items.hold_key(workspace.partition, "").pk]


def violated(stack: Stack, workspace: Workspace) -> list[str]:
    stored = {name: stack.rows(name, workspace.id) for name in ledger.TABLES}
    return ledger.violated(stored, workspace.partition)


def refused(ask: Callable[[], Response]) -> ApiError:
    try:
        ask()
    except ApiError as error:
        return error
    raise AssertionError("it was answered")
