"""The webhook endpoints of a world, and what their receivers do with what they are sent."""

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from linkwright import events, ids, jobs, sealing
from linkwright.mailer import items
from linkwright.table import Item, Key, Table, update
from linkwright.webhooks import fan_out
from tests.factories import HOOK, Workspace
from tests.receiver import Received, Receivers

TAKES, FAILS_AT_FIRST, GONE = "wh_takes", "wh_failsAtFirst", "wh_isGone"
HOST = urlsplit(HOOK).hostname or ""
# What all of them want is an event that happened before, of which nobody was told.
WANTED = "usage.threshold"
EVENT_ID = "evt_01JDXAMP1EXAMP1EXAMP1EXAMP"
NOTIFICATION_ID = "ntf_01JDXAMP1EXAMP1EXAMP1EXAMP"
# Mail campaigns: one that could be started, and one that mails.
DRAFT_ID, MAILING_ID = "cmp_isADraft", "cmp_mails"


def url(webhook_id: str) -> str:
    return f"https://{HOST}/{webhook_id}"


def furnish(workspace: Workspace) -> None:
    """Endpoints, an event and a notification, by ids that samples can name."""
    new = ids.new
    named = {"evt": EVENT_ID, "ntf": NOTIFICATION_ID}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "new", lambda prefix: named.get(prefix) or new(prefix))
        for webhook_id in (TAKES, FAILS_AT_FIRST, GONE):
            named["wh"] = webhook_id
            workspace.webhook(url=url(webhook_id), events=[WANTED])
        workspace.happen(WANTED)
        workspace.notification()
        for campaign_id in (DRAFT_ID, MAILING_ID):
            named["cmp"] = campaign_id
            workspace.mailer_campaign()
    _mail(workspace.partition, MAILING_ID)
    done = "REMOVE " + ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
    update(Table.CORE, events.key(workspace.partition, EVENT_ID), done)


def _mail(partition: str, campaign_id: str) -> None:
    """Let a campaign mail of which no event tells."""
    state = {"state": "active", "index": items.campaigns_in(partition, "active")}
    change = "SET #state = :state, #view.#state = :state, #gsi3pk = :index"
    update(Table.CORE, items.campaign_key(partition, campaign_id), change, values=state)


def resealed(item: Item) -> Item:
    """An endpoint of another cloud, whose keys open nothing here."""
    if "secrets" not in item:
        return item
    partition = jobs.partition_of(item["pk"])
    secret = "whsec_" + "c2VjcmV0" * 4
    return item | {"secrets": [{"sealed": sealing.seal(secret, partition, item["sk"])}]}


def receivers() -> Receivers:
    tried: list[str] = []

    def fails_at_first(message: Received) -> int:
        tried.append(message.id)
        return 204 if message.id in tried[:-1] else 503

    does = {url(FAILS_AT_FIRST): fails_at_first, url(GONE): lambda _: 410}
    return Receivers(does=does)


def told(made: Receivers) -> Iterator[str]:
    """Of what each of them was told, whether or not it was told so again."""
    found = defaultdict(set)
    for message in made.received:
        found[f"{message.url} {message.json['type']}"].add(message.id)
    for what, several in found.items():
        yield f"receiver: {what} of {len(several)} events"


def finished(made: Receivers, partition: str, rows: list[Item]) -> list[str]:
    """Each event has come to whom it is for, under its id, or has failed for good; nobody waits."""
    of = f"W#{partition}#WH"
    endpoints = {row["sk"]: row for row in rows if row["pk"] == of and "view" in row}
    deliveries = [row for row in rows if row["pk"].startswith(f"{of}#")]
    problems = [f"waits for ever: {row}" for row in rows if row["pk"].startswith(f"{of}Q#")]
    arrived = {(message.url, message.id) for message in made.received}
    for row in deliveries:
        view, endpoint = row["view"], endpoints.get(row["view"]["webhook_id"])
        where = (endpoint["view"]["url"], view["event_id"]) if endpoint else None
        if view["status"] == "pending" and endpoint:
            problems.append(f"pending for ever: {view}")
        if view["status"] == "succeeded" and where and where not in arrived:
            problems.append(f"never arrived: {view}")
    asked = {(row["view"]["webhook_id"], row["view"]["event_id"]) for row in deliveries}
    for event in _to_be_told(partition, rows):
        wanting = (key for key, one in endpoints.items() if fan_out.is_wanted(one, event))
        lost = [key for key in wanting if (key, event["id"]) not in asked]
        problems += [f"{key} was not told of {event['type']}" for key in lost]
    return problems


def _to_be_told(partition: str, rows: list[Item]) -> Iterator[Item]:
    for row in rows:
        here = Key(row["pk"], row["sk"]) == events.key(partition, row["sk"])
        if here and row["sk"] != EVENT_ID and "only" not in row:
            yield row
