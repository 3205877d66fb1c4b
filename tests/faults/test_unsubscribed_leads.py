"""The faults where whoever is mailed by a campaign ends that: all of it happens, or nothing."""

from contextlib import suppress

import pytest

from linkwright.mailer import items
from linkwright.mailer.feedback import unsubscribing
from linkwright.workspace.operations import signing_key
from tests import leads
from tests.client import Client
from tests.faults import plan
from tests.faults.injection import Injector, Killed
from tests.faults.tally import TALLY
from tests.faults.world import World

CASE = "a campaign's mail"
NOTHING, DONE = (False, False, 0), (True, True, 1)


def _prepared(world: World) -> str:
    """Where a new lead ends it."""
    world.reset()
    lead = leads.put_lead(world, leads.put_campaign(world))
    stored = next(row for row in world.items()["CoreTable"] if row["sk"] == lead)
    key = signing_key(world.partition)
    assert key is not None
    return unsubscribing.url(key, world.partition, stored).partition("/v1/")[2]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_a_mail_leads_to_does_all_or_nothing(world: World, method: str) -> None:
    path = f"/v1/{_prepared(world)}"
    counted = Injector()
    with world.seam.use(counted):
        assert Client().request(method, path).status == 200
    TALLY.calls[f"{method} {CASE}"] = len(counted.calls)
    for injector in plan.injectors(counted.calls):
        path = f"/v1/{_prepared(world)}"
        with world.seam.use(injector), suppress(Killed):
            assert Client().request(method, path).status in {200, 503}
        assert _done(world) in {NOTHING, DONE}
        with world.seam.use(Injector()):
            assert Client().request(method, path).status == 200
        assert _done(world) == (DONE if method == "POST" else NOTHING)
        TALLY.runs[f"{method} {CASE}", "struck"] += 1


def _done(world: World) -> tuple[bool, bool, int]:
    """Whether the address is listed and the lead has ended, and how often that is told."""
    rows = world.items()["CoreTable"]
    is_listed = any(row["pk"] == items.suppression_key(world.partition, "").pk for row in rows)
    [lead] = [row for row in rows if row["pk"] == items.lead_key(world.partition, "").pk]
    told = [row for row in rows if row.get("type") == "lead.unsubscribed"]
    return is_listed, lead["view"]["status"] == "unsubscribed", len(told)
