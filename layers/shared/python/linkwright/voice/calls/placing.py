"""Placing a call: what must hold for it, and what is written."""

from datetime import datetime
from typing import cast

from linkwright import clock, ids, jobs, usage
from linkwright.auth import Account
from linkwright.errors import ApiError, Conflict
from linkwright.startup import in_advance
from linkwright.table import Table
from linkwright.transaction import Transaction
from linkwright.voice import agent_items
from linkwright.voice.calls import items, places, said
from linkwright.voice.calls.items import RESERVED_MINUTES, CallItem
from linkwright.voice.calls.models import Call, GivenConsent, PlaceCall, Schedule, Window
from linkwright.voice.calls.states import Status
from linkwright.voice.compliance import numbers, rules
from linkwright.voice.compliance.rules import Refusal
from linkwright.workspace import operations as workspace
from linkwright.workspace.models import Settings

in_advance(numbers.load_tables)


def place(account: Account, wanted: PlaceCall, tx: Transaction) -> Call:
    """Queue a call, or schedule it for when it may be dialled.

    Errors: the settings forbid it (400, 409), quiet hours where they are to reject it (409). At
    the commit: no such agent (404), not to be called, or not so often (409), no minutes (402).
    """
    if not ids.matches("agt", wanted.agent_id):
        raise agent_items.not_found("agent_id")
    settings = workspace.tenant(account.partition).settings
    reason = rules.refusal(settings, wanted.to, has_consent=wanted.consent is not None)
    if reason is not None:
        raise rules.error(reason)
    now = clock.now()
    moment = _opening(wanted, settings, now)
    is_later = moment > now
    call = Call(
        id=ids.new("call"),
        agent_id=wanted.agent_id,
        to=wanted.to,
        status=Status.SCHEDULED if is_later else Status.QUEUED,
        created_at=clock.timestamp(now),
        metadata=wanted.metadata,
        schedule=_window(wanted.schedule),
        retry=wanted.retry,
        consent=_given(wanted),
        next_attempt_at=clock.timestamp(moment) if is_later else None,
    )
    item = _new_item(account.partition, call, tx.request_id)
    item["on_quiet_hours"] = wanted.on_quiet_hours
    if settings.retention_days != said.KEPT_DAYS:
        item["keep_days"] = settings.retention_days
    _require(account, item, settings, moment, tx)
    due = items.due(call.id, moment) if is_later else jobs.requested(jobs.CALL, call.id)
    tx.put(Table.CORE, {**item, **due})
    if not is_later:
        tx.emit("call.queued", item["view"], sequence=item["v"])
    return call


def _require(
    account: Account, item: CallItem, settings: Settings, moment: datetime, tx: Transaction
) -> None:
    """What must hold for the call to be placed, in the order in which its absence is told."""
    to, agent_id = item["view"]["to"], item["view"]["agent_id"]
    tx.require(
        Table.CORE,
        agent_items.key(account.partition, agent_id),
        otherwise=lambda: agent_items.not_found("agent_id"),
    )
    rules.require_not_listed(tx, to, lambda: rules.error(Refusal.DO_NOT_CALL))
    most = settings.calls_per_callee_per_day
    places.require_rare(tx, to, most, moment, lambda: rules.error(Refusal.CALLEE_LIMIT))
    rules.require_dials_left(tx, account.plan)
    rules.count_day(tx, settings)
    if account.mode == "live":
        item["reserved"] = RESERVED_MINUTES
        item["period"] = usage.reserve(account, usage.CALL_MINUTES, RESERVED_MINUTES, tx)


def _opening(wanted: PlaceCall, settings: Settings, now: datetime) -> datetime:
    """When the call is due: at once, when its window opens, or after the callee's quiet hours."""
    schedule = wanted.schedule or Schedule()
    earliest, latest = schedule.earliest_at, schedule.latest_at
    due = max(now, clock.whole_second(earliest)) if earliest else now
    opening = rules.opening(wanted.to, [settings.quiet_hours], due)
    if opening is None:
        raise _quiet("No hour is outside the quiet hours wherever the number may be.")
    if opening > due and wanted.on_quiet_hours == "reject":
        raise _quiet("The number has quiet hours.")
    if latest and opening > latest:
        raise _quiet("The number has quiet hours until the schedule's 'latest_at'.")
    return opening


def _quiet(message: str) -> ApiError:
    return Conflict(message, reason="quiet_hours")


def _new_item(partition: str, call: Call, request_id: str) -> CallItem:
    pk, sk = items.key(partition, call.id)
    # Without what is not there: the call stays below 1 KB, by which each change is paid.
    view = call.model_dump(mode="json", exclude={"transcript"}, exclude_none=True)
    own = {"pk": pk, "sk": sk, "view": view, "v": 1, "request_id": request_id}
    return cast(CallItem, {**own, **items.listed(partition, view)})


def _given(wanted: PlaceCall) -> GivenConsent | None:
    given = wanted.consent
    if given is None:
        return None
    return GivenConsent(type=given.type, source=given.source, at=clock.timestamp(given.at))


def _window(schedule: Schedule | None) -> Window | None:
    if schedule is None:
        return None
    earliest, latest = schedule.earliest_at, schedule.latest_at
    return Window(
        earliest_at=clock.timestamp(clock.whole_second(earliest)) if earliest else None,
        latest_at=clock.timestamp(latest) if latest else None,
    )
