"""Whom a workspace may call, and when: asked when a call is placed and when it is dialled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from linkwright import clock
from linkwright.errors import ApiError, Conflict, PlanLimitExceeded, ValidationFailed
from linkwright.fields import QuietHours
from linkwright.plans import Plan
from linkwright.table import Key, Table
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.compliance import do_not_call
from linkwright.workspace.models import Settings

_COUNT_RETENTION_S = 3 * 24 * 3600


class Refusal(StrEnum):
    """The rule by which a number must not be called; a call that ends by it has it as reason."""

    CALLS_OFF = "calls_off"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    DO_NOT_CALL = "do_not_call"
    CONSENT_REQUIRED = "consent_required"
    CALLEE_LIMIT = "callee_limit"


def refusal(settings: Settings, to: str, *, has_consent: bool) -> Refusal | None:
    """Why the workspace's settings forbid the call, if they do."""
    if settings.calls == "off":
        return Refusal.CALLS_OFF
    if settings.allowed_countries is not None:
        # Imported here: the tables of numbers are large.
        from linkwright.voice.compliance import numbers

        if numbers.country(to) not in settings.allowed_countries:
            return Refusal.COUNTRY_NOT_ALLOWED
    if settings.consent == "enforce" and not has_consent:
        return Refusal.CONSENT_REQUIRED
    return None


def error(reason: Refusal) -> ApiError:
    """What the caller is told of a rule that forbids the call."""
    match reason:
        case Refusal.COUNTRY_NOT_ALLOWED:
            return ValidationFailed(
                "Field 'to' must be a number of a country that the workspace may call.",
                field="to",
                reason=reason.value,
            )
        case Refusal.CALLS_OFF:
            text = "Calls are switched off in this workspace."
        case Refusal.CONSENT_REQUIRED:
            text = "The workspace calls only with the callee's 'consent'."
        case Refusal.DO_NOT_CALL:
            text = "The number is on the workspace's do-not-call list."
        case _:
            text = "The number was dialled as often within 24 hours as the workspace allows."
    return Conflict(text, reason=reason.value)


def opening(to: str, quiet: Sequence[QuietHours | None], moment: datetime) -> datetime | None:
    """The first moment from this one on at which nobody's quiet hours hold; None: there is none."""
    hours = [each for each in quiet if each is not None]
    if not hours:
        return moment
    from linkwright.voice.compliance import quiet_hours

    return quiet_hours.opening(to, hours, moment)


def require_not_listed(tx: Transaction, to: str, otherwise: Otherwise) -> None:
    """Let the change happen only while the number is not on the do-not-call list."""
    tx.require(
        Table.CORE,
        do_not_call.key(tx.partition, to),
        "attribute_not_exists(#pk)",
        otherwise=otherwise,
    )


def _day(moment: datetime) -> str:
    """The day, in UTC, that calls and dials are counted by."""
    return moment.strftime("%Y-%m-%d")


def count_dial(tx: Transaction, plan: Plan, otherwise: Otherwise) -> None:
    """Count a dial against the plan: a phone that rings costs its owner, whoever pays nothing."""
    today = _day(clock.now())
    _count(tx, _dials(tx.partition, today), today, plan.dials_per_day, otherwise)


def uncount_dial(tx: Transaction, dialled_at: datetime) -> None:
    """The carrier never heard of a dial that was counted then."""
    counter = _dials(tx.partition, _day(dialled_at))
    tx.update(Table.CORE, counter, "ADD #calls :less", values={"less": -1})


def require_dials_left(tx: Transaction, plan: Plan) -> None:
    """Let the change happen only if a call may be dialled today. Raises `PlanLimitExceeded`."""
    now = clock.now()

    def exceeded() -> PlanLimitExceeded:
        tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return PlanLimitExceeded(
            "As many calls were dialled today as the plan allows.",
            dimension="dials_per_day",
            limit=plan.dials_per_day,
            used=plan.dials_per_day,
            upgrade_to=plan.upgrade_to,
            resets_at=clock.timestamp(tomorrow),
        )

    tx.require(
        Table.CORE,
        _dials(tx.partition, _day(now)),
        "attribute_not_exists(#calls) OR #calls < :most",
        values={"most": plan.dials_per_day},
        otherwise=exceeded,
    )


def count_day(tx: Transaction, settings: Settings) -> None:
    """Count a call of the workspace today. Raises `Conflict` at the commit."""
    most = settings.calls_per_day
    if most is not None:
        today = _day(clock.now())
        _count(tx, Key(f"W#{tx.partition}#DAY", today), today, most, _enough_today)


def _enough_today() -> Conflict:
    return Conflict("The workspace placed as many calls today as it allows.", reason="daily_limit")


def _dials(partition: str, on: str) -> Key:
    return Key(f"W#{partition}#DIALS", on)


def _count(tx: Transaction, counter: Key, on: str, most: int, otherwise: Otherwise) -> None:
    tx.update(
        Table.CORE,
        counter,
        "ADD #calls :one SET #ttl = :ttl",
        condition="attribute_not_exists(#calls) OR #calls < :most",
        values={
            "one": 1,
            "most": most,
            "ttl": int(datetime.fromisoformat(f"{on}T00:00:00Z").timestamp()) + _COUNT_RETENTION_S,
        },
        otherwise=otherwise,
    )
