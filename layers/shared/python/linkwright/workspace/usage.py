"""Usage: what a workspace has used, and has reserved, of its plan."""

from linkwright import clock, plans, usage
from linkwright.auth import Account
from linkwright.plans import Period, Plan
from linkwright.table import Item
from linkwright.workspace.models import Allowance, Cycle, Usage


def current(account: Account) -> Usage:
    """That of the billing cycle of now, and what there is at once."""
    period = plans.period(account.anchor_day)
    counted = usage.counters_of_now(account.partition, period.label)

    def of(dimension: str) -> Allowance:
        return allowance(account.plan, dimension, counted.get(dimension, {}))

    return Usage(
        period=cycle(period),
        call_minutes=of("call_minutes"),
        mailer_sends=of("mailer_sends"),
        leads_researched=of("leads_researched"),
        ai_credits=of("ai_credits"),
        mailboxes=_at_once(account.plan, "mailboxes", counted.get("mailboxes", {})),
        links=_at_once(account.plan, "links", counted.get("links", {})),
        domains=_at_once(account.plan, "domains", counted.get("domains", {})),
    )


def allowance(plan: Plan, dimension: str, counter: Item) -> Allowance:
    """What a counter says of a plan's limit."""
    limit, used = getattr(plan, dimension), counter.get("used", 0)
    committed = counter.get("committed", 0)
    return Allowance(
        used=used,
        reserved=committed - used,
        limit=limit,
        remaining=max(limit - committed, 0),
    )


def _at_once(plan: Plan, dimension: str, counter: Item) -> Allowance:
    """Of what there is at once nothing is reserved."""
    return allowance(plan, dimension, {"used": counter.get("committed", 0)} | counter)


def cycle(period: Period) -> Cycle:
    return Cycle(start=clock.timestamp(period.start), end=clock.timestamp(period.end))
