"""Many links by one request: those that can be made are, each of the others is told why not.

They are more than one transaction takes. Each link is written with a row that says of which push it
is, so whoever sends the push again under its key finds what an earlier run made, and makes the
rest. The last transaction has the answer.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from linkwright import clock, usage
from linkwright.auth import Account
from linkwright.errors import ApiError, Conflict, PayloadTooLarge, ValidationFailed
from linkwright.http import Request
from linkwright.idempotency import RETENTION_S
from linkwright.in_parts import Head
from linkwright.links import aliases, candidates, changes, items, links, passwords, references
from linkwright.links.models import (
    BulkError,
    BulkResult,
    BulkResults,
    CreateLink,
    CreateLinks,
)
from linkwright.links.references import Needs
from linkwright.table import Item, Key, Table, get_many, query
from linkwright.transaction import MAX_OPERATIONS, Outrun, Transaction
from linkwright.workspace import operations as workspace

# The record of the request, the count of links, and that of the push.
_OTHERS = 3
# An item holds 400 KB, and one of them the whole answer.
MAX_BYTES = 300_000
# Each takes a tenth of a second and more.
MAX_PASSWORDS = 10
_READ_AT_ONCE = 99
_META = "META"

Results = dict[int, BulkResult]


class _Made(NamedTuple):
    at: int
    link: Item
    needs: Needs
    # What nobody else may have, and what is told of each where somebody has it.
    own: dict[Key, Conflict]

    @property
    def operations(self) -> int:
        """With the row of the push, the alias and the event."""
        view, needs = self.link["view"], len(self.needs)
        return 4 + needs + ("external_id" in view) + len(view["tags"]) + candidates.rows(view)


def create(account: Account, wanted: CreateLinks, request: Request, tx: Transaction) -> BulkResults:
    """Errors: the key of the request was used for another one (409)."""
    push = _Push(account, request, wanted)
    with push.head.at_work():
        results = {index: _created(index, view) for index, view in push.found.items()}
        left = {at: one for at, one in enumerate(wanted.links) if at not in results}
        able = list(_judged(account, left, request, results))
        *chunks, last = _chunks(able) or [[]]
        for chunk in chunks:
            part = Transaction(account.partition, request.id, account.actor)
            push.head.write(part, is_last=chunk is chunks[-1])
            _write(part, account, push, chunk)
            part.commit()
            push.head.has_written()
        push.head.write(tx, is_done=True)
        _write(tx, account, push, last)
    results |= {one.at: _created(one.at, one.link["view"]) for one in able}
    return BulkResults(results=[results[index] for index in sorted(results)])


class _Push:
    """What was made by the request before, if that was cut off."""

    def __init__(self, account: Account, request: Request, wanted: CreateLinks) -> None:
        named = request.headers.get("idempotency-key") or request.id
        self._rows = f"W#{account.partition}#LNK#PUSH#{_sha256(named)}"
        # The last one first, which is the head: what is read behind it is no older.
        rows, _ = query(
            Table.CORE, self._rows, limit=MAX_OPERATIONS + 1, newest_first=True, strong=True
        )
        now = clock.epoch()
        known = {row["sk"]: row for row in rows if row["exp"] > now}
        head = Key(self._rows, _META)
        self.head = Head(head, account, wanted.model_dump_json(), request.id)
        self.head.know(known.pop(_META, None))
        self.found: dict[int, Item] = {int(sk): row["view"] for sk, row in known.items()}

    def note(self, tx: Transaction, made: _Made) -> None:
        now = clock.epoch()
        row = {"pk": self._rows, "sk": f"{made.at:03}", "view": made.link["view"]}
        tx.put(
            Table.CORE,
            {**row, "exp": now + RETENTION_S, "ttl": now + RETENTION_S},
            condition="attribute_not_exists(#pk) OR #exp <= :now",
            values={"now": now},
            otherwise=Outrun,
        )


def _judged(
    account: Account, wanted: dict[int, CreateLink], request: Request, results: Results
) -> Iterator[_Made]:
    """Those that can be made; why not of the others goes into the results."""
    able = _made(account.partition, wanted, request, results)
    known = _known(account, able)
    room, taken, size = usage.room(account, changes.DIMENSION), set[Key](), 0
    for one in able:
        try:
            _require_new(one, known, taken, account.partition)
            _require(one.needs, known)
            size += len(links.shown(one.link).model_dump_json().encode())
            if size > MAX_BYTES:
                raise PayloadTooLarge("The links before this one fill the answer: send it again.")
            if room == 0:
                used = getattr(account.plan, changes.DIMENSION)
                raise usage.no_more(account, changes.DIMENSION, used)
        except ApiError as error:
            results[one.at] = _failed(one.at, error)
            continue
        room -= 1
        taken |= set(one.own)
        yield one


def _made(
    partition: str, wanted: dict[int, CreateLink], request: Request, results: Results
) -> list[_Made]:
    """What there is nothing against but what is stored."""
    hashes, made = _Hashes(), list[_Made]()
    for index, one in wanted.items():
        try:
            link = changes.made(partition, one, request, hashes.of)
            needs = references.needed(partition, None, link)
        except ApiError as error:
            results[index] = _failed(index, error)
            continue
        own = _own_keys(partition, link, chosen=one.alias is not None)
        made.append(_Made(index, link, needs, own))
    return made


class _Hashes:
    """Hashes each password once, and not too many of them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, password: str) -> str:
        if password not in self._known:
            if len(self._known) == MAX_PASSWORDS:
                text = f"One request takes at most {MAX_PASSWORDS} different passwords."
                raise ValidationFailed(text, field="password")
            self._known[password] = passwords.hashed(password)
        return self._known[password]


def _own_keys(partition: str, link: Item, *, chosen: bool) -> dict[Key, Conflict]:
    view, keys = link["view"], dict[Key, Conflict]()
    if chosen:
        keys[items.alias_key(link["host"], view["alias"])] = aliases.taken()
    if "external_id" in view:
        where = items.external_id_key(partition, view["external_id"])
        keys[where] = changes.external_id_taken()
    return keys


def _require_new(one: _Made, known: dict[Key, Item], taken: set[Key], partition: str) -> None:
    domain = one.link["view"].get("domain")
    for key, conflict in one.own.items():
        if key in taken or not aliases.is_free(known.get(key), domain, partition):
            raise conflict


def _require(needs: Needs, known: dict[Key, Item]) -> None:
    for key, need in needs.items():
        if not need.is_met(known.get(key)):
            raise need.otherwise()


def _known(account: Account, made: list[_Made]) -> dict[Key, Item]:
    """What there is of all that the links would have as their own, or refer to."""
    keys = list({key for one in made for key in (*one.own, *one.needs)})
    found: dict[Key, Item] = {}
    for at in range(0, len(keys), _READ_AT_ONCE):
        # With one that is there for certain: an answer without any proves nothing.
        asked = [workspace.place(account.partition), *keys[at : at + _READ_AT_ONCE]]
        # Strongly: who is refused by what was so a moment ago is told that for as long as a key is
        # kept.
        found |= get_many(Table.CORE, asked, strong=True)
    return found


def _chunks(made: list[_Made]) -> list[list[_Made]]:
    chunks: list[list[_Made]] = []
    room = 0
    for one in made:
        if one.operations > room:
            chunks.append([])
            room = MAX_OPERATIONS - _OTHERS
        chunks[-1].append(one)
        room -= one.operations
    return chunks


def _write(tx: Transaction, account: Account, push: _Push, chunk: list[_Made]) -> None:
    needs = references.together([one.needs for one in chunk])
    references.require(tx, {key: one._replace(otherwise=Outrun) for key, one in needs.items()})
    for one in chunk:
        changes.put(tx, one.link, chosen=False, otherwise=Outrun)
        push.note(tx, one)
    if chunk:
        usage.occupy(account, changes.DIMENSION, len(chunk), tx, otherwise=Outrun)


def _created(index: int, view: Item) -> BulkResult:
    return BulkResult(index=index, status=201, link=links.shown({"view": view}))


def _failed(index: int, error: ApiError) -> BulkResult:
    why = BulkError.model_validate(
        {**error.details, "error": error.code, "message": error.message, "field": error.field}
    )
    return BulkResult(index=index, status=error.status, error=why)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
