"""Endpoints that cost credits: hold, make, then charge or give back.

A handler checks what it is asked about, and returns how its answer is made: that runs only once the
credits are held. It knows nothing of them but the operation that its decorator names. Decision 43.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from pydantic import BaseModel

from linkwright import clock, deadline, idempotency
from linkwright.auth import Account
from linkwright.credits import balances, free_answers, handing_over, holds, items, records
from linkwright.credits.generations import Allowed, Generation, Later, Made
from linkwright.credits.items import Hold
from linkwright.credits.records import DONE, IN_PROGRESS, Answer, Record, RecordGone
from linkwright.credits.weights import WEIGHTS
from linkwright.errors import ApiError, Unavailable
from linkwright.http import Request, Response
from linkwright.idempotency import Reply
from linkwright.observability import count
from linkwright.table import CALL_BUDGET_S, Item, Key
from linkwright.transaction import Outrun, RecordExists

FALLBACK_KEPT = timedelta(minutes=10)
# For so long who finds an answer being made waits for it, and looks again ever later.
_WAIT_S, _FIRST_LOOK_S, _LAST_LOOK_S = 20.0, 0.1, 1.0
# The charge may need a second try; and of a process without Lambda's limit.
_RESERVE_S, _LONGEST_S = 1.5, 20.0
_TRIES = 5


def seconds_left(longest: float = _LONGEST_S) -> float:
    """For making an answer: what comes after needs its own time."""
    return min(deadline.seconds_left() - CALL_BUDGET_S - _RESERVE_S, longest)


@dataclass(frozen=True)
class Charge:
    """The part of `@endpoint` that is for what costs credits. `kept`: of a GET, for how long.
    `later` is what is answered where that may take longer than a request.
    """

    operation: str
    kept: timedelta | None = None
    later: type[BaseModel] | None = None

    def __post_init__(self) -> None:
        if self.operation not in WEIGHTS:
            raise ValueError(f"no such operation: {self.operation}")

    @staticmethod
    def shows(returns: Any) -> Any:  # noqa: ANN401 -- an annotation
        """The model of the answer, of a handler's `Generation`."""
        return get_args(returns)[0]

    def answer(
        self,
        account: Account,
        request: Request,
        body: Item,
        status: int,
        prepare: Callable[[], Generation[Any]],
    ) -> Response:
        asked = _Asked(self, account, request, status, clock.epoch_ms())
        return asked.once(body, prepare) if request.method == "POST" else asked.kept(prepare())


@dataclass(frozen=True)
class _Asked:
    charge: Charge
    account: Account
    request: Request
    status: int
    began: int

    # ---- a POST: one answer for each key ---------------------------------------------------------

    def once(self, body: Item, prepare: Callable[[], Generation[Any]]) -> Response:
        request = self.request
        attempt = idempotency.begin(
            *(self.account.partition, request.id, request.headers.get("idempotency-key")),
            *(request.method, request.path, body),
            secret=self.account.cursor_key,
        )
        record = Record(attempt.key, attempt.fingerprint, request.id)
        try:
            generation = prepare()
        except ApiError:
            if (item := record.read()) and item["st"] == DONE:
                return self._replay(item)
            raise
        for _ in range(_TRIES):
            try:
                hold = self._reserve(record, generation)
            except RecordExists:
                item = record.read()
                if item is not None and item["st"] == DONE:
                    return self._replay(item)
                self._take_over(item)
                continue
            return self._make(hold, generation, record.kept)
        raise Unavailable

    def _replay(self, item: Item) -> Response:
        is_first = item["request_id"] == self.request.id
        return self._response(item, {} if is_first else {"Idempotent-Replayed": "true"})

    def _take_over(self, item: Item | None) -> None:
        """From who is dead. Raises `Conflict` while it may be alive."""
        if item is None or item["st"] != IN_PROGRESS:
            return
        left = int(item["lease"]) - clock.epoch()
        if left > 0:
            raise idempotency.in_progress(left)
        self._give_back(item)

    # ---- a GET: one answer for all, for a while --------------------------------------------------

    def kept(self, generation: Generation[Any]) -> Response:
        key = Key(
            f"I#{self.account.partition}#GEN#{self.charge.operation}#{generation.subject}", "-"
        )
        wait_until = clock.monotonic() + min(_WAIT_S, deadline.seconds_left() - CALL_BUDGET_S)
        pause = _FIRST_LOOK_S
        while True:
            item = Record(key, "GET", self.request.id).read()
            if item is not None and self._answers(item, generation):
                return self._hit(item)
            if item is None or item["st"] != IN_PROGRESS or self._is_over(item):
                with suppress(RecordExists):
                    record = self._anew(key, item)
                    return self._make(self._reserve(record, generation), generation, record.kept)
            if clock.monotonic() + pause > wait_until:
                raise Unavailable
            clock.sleep(pause)
            pause = min(2 * pause, _LAST_LOOK_S)

    def _answers(self, item: Item, generation: Generation[Any]) -> bool:
        """Whether what is kept will do: of who insists, only if it was made since they asked."""
        return records.is_fresh(item) and (
            not generation.force or int(item["made_at"]) > self.began
        )

    def _is_over(self, item: Item) -> bool:
        """An attempt whose lease is over is given back first, so that each has its own hold."""
        if int(item["lease"]) > clock.epoch():
            return False
        self._give_back(item)
        return True

    def _anew(self, key: Key, item: Item | None) -> Record:
        is_done = item is not None and item["st"] == DONE
        return Record(
            *(key, "GET", self.request.id),
            seen=item["own"] if item is not None and is_done else None,
            kept=records.answer_of(item) if item is not None else {},
        )

    def _hit(self, item: Item) -> Response:
        age = max(clock.epoch_ms() - int(item["made_at"]), 0) // 1000
        account = self.account
        now = balances.shown(account.partition, account.anchor_day, account.plan.ai_credits)
        free = {**item, "charged": 0, "remaining": now.remaining}
        return self._response(free, {"X-Cache": "hit", "Age": str(age)})

    # ---- both ------------------------------------------------------------------------------------

    def _reserve(self, record: Record, generation: Generation[Any]) -> Hold:
        operation = self.charge.operation
        cost = 0 if generation.is_free else WEIGHTS[operation]
        return holds.reserve(self.account, operation, cost, record, self.request.id)

    def _give_back(self, item: Item) -> None:
        if found := holds.find(self.account.partition, item["own"]):
            with suppress(holds.Ended):
                holds.give_back(found[0])

    def _make(self, hold: Hold, generation: Generation[Any], kept: Item) -> Response:
        # What no key of ours is asked for costs us nothing.
        may_ask = generation.is_free or hold.free < free_answers.MOST
        try:
            made = generation.make(Allowed(seconds_left(), may_ask))
        except Exception:
            # If this fails too, whoever comes after the lease does it.
            with suppress(holds.Ended, Unavailable):
                holds.give_back(hold)
            raise
        if isinstance(made, Later):
            return self._hand_over(hold, made)
        reply = Reply(self.status, made.body.model_dump_json(by_alias=True), None)
        longest = FALLBACK_KEPT if made.is_fallback else timedelta.max
        fresh_for = self.charge.kept and min(self.charge.kept, longest)
        yields = made.is_fallback and records.is_paid(kept)
        in_vain = made.is_fallback and may_ask and not generation.is_free
        answer = Answer(reply, fresh_for, made.writes, yields, in_vain=in_vain)
        self._settle(hold, answer, made)
        charged = 0 if made.is_free else hold.credits
        count("ai_fallbacks" if made.is_fallback else "ai_generations")
        left = hold.remaining + hold.credits - charged
        shown = {"status": reply.status, "body": reply.body, "charged": charged, "remaining": left}
        return self._response(shown, {"X-Cache": "miss"} if self.charge.kept else {})

    def _hand_over(self, hold: Hold, later: Later) -> Response:
        """Nothing is charged yet. Raises `Unavailable` of who was too late."""
        reply = Reply(202, later.body.model_dump_json(), later.location)
        handing_over.hand_over(hold, later, reply)
        credits = {"charged": 0, "held": hold.credits, "remaining": hold.remaining}
        return self._response({**reply._asdict(), **credits}, {})

    def _settle(self, hold: Hold, answer: Answer, made: Made[Any]) -> None:
        """Charge, or for nothing give back. Raises `Unavailable` of who was too late, `Outrun`."""
        wanted = items.RELEASED if made.is_free else items.COMMITTED
        try:
            if made.is_free:
                holds.give_back(hold, answer)
            else:
                holds.charge(hold, answer)
        except Outrun:
            with suppress(holds.Ended, Unavailable):
                holds.give_back(hold)
            raise
        except (holds.Ended, RecordGone, Unavailable):
            # It may be this very attempt that ended it, and its reply be lost.
            found = holds.find(hold.partition, hold.id)
            if found is None or found[1] != wanted or not answer.is_kept(hold):
                raise Unavailable from None

    def _response(self, item: Item, headers: dict[str, str]) -> Response:
        charged, remaining = str(item["charged"]), str(item["remaining"])
        headers |= {"X-AI-Credits-Charged": charged, "X-AI-Credits-Remaining": remaining}
        if "held" in item:
            headers["X-AI-Credits-Held"] = str(item["held"])
        if self.request.method == "GET":
            headers["Cache-Control"] = "private, no-store"
        if location := item.get("location"):
            headers["Location"] = self.request.base + location
        return Response(int(item["status"]), item["body"], headers)
