"""Many leads by one request: those that can be made are, each of the others is told why not.

They are more than one transaction takes. The row of each address says of which push it is, so
whoever sends the push again under its key is told of what an earlier run made as of its own, and
has the rest made. The last transaction has the answer.
"""

import hashlib
import json
from collections import Counter
from typing import Any

from pydantic import ValidationError

from linkwright import plans, usage
from linkwright.auth import Account
from linkwright.errors import ApiError, Unavailable, ValidationFailed
from linkwright.findings import validation_failed
from linkwright.http import Request
from linkwright.in_parts import Head
from linkwright.mailer import items
from linkwright.mailer.items import LeadItem
from linkwright.mailer.leads import looking, making
from linkwright.mailer.leads.looking import Known
from linkwright.mailer.leads.models import (
    NewLead,
    PushError,
    PushLeads,
    PushResult,
    PushResults,
)
from linkwright.transaction import Outrun, Transaction

# Lead, address and event of each, in one transaction with the record of the request, the count of
# researched leads, that of the campaign, the push, and the campaign where that is over.
_AT_ONCE = 31
# Who is outrun so often in one chunk has met as many others in it.
_TRIES = 12
# Of one that is not valid; and in bytes of all: an item holds 400 KB, and one of them the answer.
_MOST_FINDINGS = 5
_MOST_TOLD = 200_000
_NOT_TOLD = "It is not valid, as others of the list: push fewer of them to be told why."


def push(
    account: Account, campaign_id: str, wanted: PushLeads, request: Request, tx: Transaction
) -> PushResults:
    """Errors: the key of the request was used for another one (409)."""
    one = _Push(account, campaign_id, wanted, request)
    with one.head.at_work():
        one.make(tx)
    return one.answer()


class _Push:
    """The leads of a list that are still to be made, by their places, and what came of the others.

    Who stands in the list twice is a duplicate of the first.
    """

    def __init__(
        self, account: Account, campaign_id: str, wanted: PushLeads, request: Request
    ) -> None:
        named = request.headers.get("idempotency-key") or request.id
        self._account, self._request = account, request
        self._campaign_id, self._in_workspace = campaign_id, wanted.skip_if_in_workspace
        self._id = _sha256(f"{campaign_id}#{named}")[:32]
        said = json.dumps([campaign_id, wanted.leads, wanted.skip_if_in_workspace], sort_keys=True)
        where = items.push_key(account.partition, _sha256(named))
        self.head = Head(where, account, said, request.id)
        self._valid: dict[int, NewLead] = {}
        self._able: dict[int, NewLead] = {}
        self._hashes: dict[int, str] = {}
        self._results: dict[int, PushResult] = {}
        self._first: dict[str, int] = {}
        self._twice: dict[int, int] = {}
        self._room = _MOST_TOLD
        for index, raw in enumerate(wanted.leads or []):
            self._add(index, raw)

    def _add(self, index: int, raw: object) -> None:
        try:
            wanted = NewLead.model_validate(raw)
        except ValidationError as failure:
            self._refuse(index, self._bounded(validation_failed(failure)))
            return
        self._hashes[index] = items.hashed(wanted.email)
        first = self._first.setdefault(self._hashes[index], index)
        if first == index:
            self._valid[index] = wanted
        else:
            self._twice[index] = first

    def make(self, tx: Transaction) -> None:
        """All of them, the last ones with the answer. Whoever is outrun looks again at all."""
        self._look()
        outrun = 0
        while len(self._able) > _AT_ONCE:
            if self._is_committed():
                outrun = 0
            elif (outrun := outrun + 1) == _TRIES:
                raise Unavailable
            else:
                self._look()
        self.head.write(tx, is_done=True)
        self._note(self._write(tx, list(self._able)))

    def _look(self) -> None:
        """Find out which can be made: of all that this push has not made, as what is there may be
        another one since they were refused. Raises as `Head.know` does.
        """
        for index in [at for at in self._valid if not self._is_made(at)]:
            self._results.pop(index, None)
            self._able[index] = self._valid[index]
        self._able = dict(sorted(self._able.items()))
        known = self._known()
        if self.head.know(known.others.get(self.head.where)):
            known = self._known()
        for index in list(self._able):
            of = self._hashes[index]
            if row := known.rows.get(of):
                status = "created" if row["push"] == self._id else "duplicate"
                self._settle(index, status=status, lead_id=row["lead"])
            elif of in known.suppressed:
                self._settle(index, status="suppressed")
        self._require_room(list(self._able))

    def _is_made(self, index: int) -> bool:
        return index in self._results and self._results[index].status == "created"

    def _known(self) -> Known:
        return looking.look(
            self._account.partition,
            self._campaign_id,
            [self._hashes[index] for index in self._able],
            in_workspace=self._in_workspace,
            others=[self.head.where],
        )

    def _require_room(self, places: list[int]) -> None:
        account, period = self._account, plans.period(self._account.anchor_day).label
        if not places:
            return
        room = usage.left(account.partition, account.plan, items.RESEARCHED, period)
        if beyond := places[room:]:
            error = usage.used_up(account, items.RESEARCHED)
            for index in beyond:
                self._refuse(index, error)

    def _is_committed(self) -> bool:
        """Make some in a transaction of their own, unless somebody was there first."""
        places = self._chunk()
        part = Transaction(self._account.partition, self._request.id, self._account.actor)
        self.head.write(part, is_last=len(self._able) - len(places) <= _AT_ONCE)
        made = self._write(part, places)
        try:
            part.commit()
        except Outrun:
            return False
        self.head.has_written()
        self._note(made)
        return True

    def _chunk(self) -> list[int]:
        """Each push begins with another one: of many that push one list, few meet."""
        places = list(self._able)
        chunks = [places[at : at + _AT_ONCE] for at in range(0, len(places), _AT_ONCE)]
        return chunks[int(self._id, 16) % len(chunks)]

    def _write(self, tx: Transaction, places: list[int]) -> dict[int, LeadItem]:
        """Have a transaction make these."""
        account, of = self._account, (self._account.partition, self._campaign_id)
        made = {index: making.made(*of, self._able[index], self._id) for index in places}
        if made:
            period = usage.reserve(account, items.RESEARCHED, len(made), tx, otherwise=Outrun)
            making.put(tx, list(made.values()), period)
        return made

    def _note(self, made: dict[int, LeadItem]) -> None:
        for index, lead in made.items():
            self._settle(index, status="created", lead_id=lead["sk"])

    def _settle(self, index: int, **result: object) -> None:
        del self._able[index]
        self._results[index] = PushResult.model_validate({"index": index, **result})

    def _refuse(self, index: int, error: ApiError) -> None:
        self._able.pop(index, None)
        why = PushError.model_validate(
            {"code": error.code, "message": error.message, "field": error.field, **error.details}
        )
        self._results[index] = PushResult(index=index, status="invalid", error=why)

    def _bounded(self, error: ValidationFailed) -> ValidationFailed:
        """As much of what is wrong as there is room for in the answer to all."""
        findings: Any = error.details.get("errors", [])
        if len(findings) > _MOST_FINDINGS:
            error = ValidationFailed(error.message, errors=findings[:_MOST_FINDINGS])
        said = [error.message, error.field, error.details]
        self._room -= len(json.dumps(said, ensure_ascii=False).encode())
        return error if self._room >= 0 else ValidationFailed(_NOT_TOLD)

    def answer(self) -> PushResults:
        for index, first in self._twice.items():
            told = self._results[first].model_copy(update={"index": index})
            is_one = told.status == "created"
            self._results[index] = told.model_copy(update={"status": "duplicate"} if is_one else {})
        counted = Counter(one.status for one in self._results.values())
        return PushResults(
            results=[self._results[index] for index in sorted(self._results)],
            created=counted["created"],
            duplicates=counted["duplicate"],
            suppressed=counted["suppressed"],
            invalid=counted["invalid"],
        )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
