"""Claiming a step, before any host hears of it: whoever finds a claim left behind knows that there
may be a mail, and sends no other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from linkwright import clock, plans, usage
from linkwright.mailer import items, lines, rates
from linkwright.mailer.items import hashed
from linkwright.mailer.lines import Flight
from linkwright.mailer.sending import queue, steps, throttle
from linkwright.mailer.sending.steps import Step
from linkwright.mailer.sending.throttle import Pace
from linkwright.table import Item, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace.operations import Tenant

SENDS = "mailer_sends"
# As long as answers to a mail may come.
_KNOWN_S = 400 * 24 * 3600
_DAY_KEPT_S = 60 * 24 * 3600


def mailbox_ready(partition: str, line: Item, mailbox: Mapping[str, Any]) -> datetime:
    """When a mailbox may send next, by its gap and its cap, and by what its host has said."""
    ready = clock.from_epoch_ms(max(int(line.get(name, 0)) for name in ("ready_ms", "rests_ms")))
    pace = Pace(partition, hashed(mailbox["email"]), mailbox["time_zone"])
    tomorrow = throttle.cap(mailbox, pace.first_day, pace.today + throttle.A_DAY)
    return max(ready, pace.free_from(_cap(pace, mailbox), tomorrow=tomorrow))


def _cap(pace: Pace, mailbox: Mapping[str, Any]) -> int:
    return throttle.cap(mailbox, pace.first_day, pace.today)


def campaign_ready(partition: str, campaign: items.CampaignView) -> datetime:
    """When a campaign may send next, by its gap and its caps."""
    of = campaign["throttle"]
    pace = Pace(partition, campaign["id"], of["time_zone"])
    return pace.free_from(int(of["daily_limit"]), int(of["per_hour"]))


def claim(
    partition: str, line: Item, step: Step, mailbox: Item, tenant: Tenant, message_id: str
) -> Flight:
    """Raises `Outrun` where anything of it was changed meanwhile, `level.Lost`,
    `throttle.Capped` and `usage.Exhausted`.
    """
    tx, now = Transaction(partition, ""), clock.now()
    period = plans.period(tenant.anchor_day).label
    flight: Flight = {
        "lead": step.lead["sk"],
        "seq": step.seq,
        "campaign": step.campaign["sk"],
        "message_id": message_id,
        "since": clock.timestamp(now),
        "period": period,
        "tries": int(step.row.get("tries", 0)),
    }
    if "put_off" in step.row:
        flight["put_off"] = step.row["put_off"]
    _line(tx, line, mailbox, flight, step.row["sk"], now)
    _step(tx, step, mailbox, flight, now)
    _require(tx, step, mailbox)
    _campaign(tx, step, flight, now)
    usage.reserve_more(tx, tenant.plan, SENDS, period, 1)
    tx.commit()
    return flight


def _line(
    tx: Transaction, line: Item, mailbox: Item, flight: Flight, place: str, now: datetime
) -> None:
    view = mailbox["view"]
    gap = throttle.gap(view, flight["lead"], flight["seq"])
    facts: Item = {"flight": flight, "ready_ms": clock.epoch_ms(now + gap)}
    facts["served"] = lines.group_at(place)
    pace = Pace(tx.partition, hashed(view["email"]), view["time_zone"])
    facts["first_day"] = (pace.first_day or pace.today).isoformat()
    queue.write(tx, line, facts, lacks="flight")
    pace.count(tx, _cap(pace, view))
    today = throttle.day(view["time_zone"], now)
    tx.update(
        Table.CORE,
        lines.day_key(tx.partition, line["sk"], int(line.get("era", 0)), today),
        "SET #ttl = :ttl ADD #sent :one",
        values={"ttl": clock.epoch() + _DAY_KEPT_S, "one": 1},
    )
    rates.add_of_domain(tx, view, rates.eras(tx.partition, view, line), "sent")


def _step(tx: Transaction, step: Step, mailbox: Item, flight: Flight, now: datetime) -> None:
    """The row goes, the email is being sent, and that is written down at the lead."""
    queued, lead, seq = step.lead["queued"], step.lead["sk"], step.seq
    where = lines.row_key(tx.partition, queued["mailbox"], queued["place"])
    tx.delete(Table.CORE, where, otherwise=Outrun)
    steps.update(tx, step.lead, {"flight": seq}, ("queued",))
    email, version = step.email["view"], step.email["v"] + 1
    at = clock.timestamp(now)
    view = {**email, "state": "sending", "version": version, "updated_at": at}
    tx.update(
        Table.CORE,
        items.email_key(tx.partition, lead, seq),
        "SET #view = :view, #v = :v",
        condition="#v = :seen",
        values={"view": view, "v": version, "seen": step.email["v"]},
        otherwise=Outrun,
    )
    send = {
        **items.send_key(tx.partition, lead, seq).attributes(),
        **{"lead": lead, "campaign": step.campaign["sk"], "seq": seq, "state": "claimed"},
        **{"mailbox": mailbox["sk"], "message_id": flight["message_id"], "at": at},
        "period": flight["period"],
        "subject": step.earlier[0]["subject"] if step.earlier else email["subject"],
    }
    tx.put(Table.CORE, send, otherwise=Outrun)
    named = lines.message_row(tx.partition, flight["message_id"], lead, seq)
    tx.put(Table.CORE, {**named, "ttl": clock.epoch() + _KNOWN_S}, otherwise=Outrun)


def _require(tx: Transaction, step: Step, mailbox: Item) -> None:
    """As it was read: the mailbox, and that nobody has asked to be left alone since."""
    seen = {"seen": mailbox["v"]}
    where = items.mailbox_key(tx.partition, mailbox["sk"])
    tx.require(Table.CORE, where, "#v = :seen", values=seen, otherwise=Outrun)
    where = items.suppression_key(tx.partition, step.lead["address_hash"])
    condition, values = "attribute_not_exists(#pk)", None
    if step.suppression is not None:
        condition, values = "#view = :seen", {"seen": step.suppression["view"]}
    tx.require(Table.CORE, where, condition, values=values, otherwise=Outrun)


def _campaign(tx: Transaction, step: Step, flight: Flight, now: datetime) -> None:
    view, where = step.campaign["view"], items.campaign_key(tx.partition, step.campaign["sk"])
    seen = {"seen": step.campaign["v"]}
    tx.require(Table.CORE, where, "#v = :seen", values=seen, otherwise=Outrun)
    of = view["throttle"]
    next_ms = clock.epoch_ms(now + throttle.gap(of, flight["lead"], flight["seq"]))
    pace = Pace(tx.partition, view["id"], of["time_zone"])
    pace.count(tx, int(of["daily_limit"]), int(of["per_hour"]), next_ms)
