"""Putting a world in place of AWS, the carrier, the clock and the ids."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from linkwright import aws, clock, egress, ids, jobs, retries, table, transaction
from linkwright.jobs import Work
from linkwright.links import items as link_items
from linkwright.observability import logger
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls.turn_log import Turn
from linkwright.voice.conversation import decisions
from linkwright.webhooks import deliverer
from tests import mailhost
from tests import stack as stacks
from tests.faults.clouds import Cloud
from tests.faults.seams import FaultyClient, FaultyDriver, FaultyEgress, Seam
from tests.faults.telephone import A_PERSON
from tests.faults.world import World
from tests.receiver import InTurn

# A sweep asks each shard: two show all that eight would.
SHARDS = 2

_deterministic = decisions._deterministic


def _hands_over(agent: Agent, turns: Sequence[Turn]) -> decisions.Reply:
    """A model that heeds the demo agent's first rule."""
    if A_PERSON in turns[-1].heard:
        return decisions.Reply(say="רק רגע, בבקשה.", action="escalate", rule=0)
    return _deterministic(agent, turns)


def _noting(world: World, put_off: Callable[[Work], bool]) -> Callable[[Work], bool]:
    def noted(work: Work) -> bool:
        world.put_off.append(work)
        return put_off(work)

    return noted


@contextmanager
def inhabited(cloud: Cloud, like: World | None = None) -> Iterator[World]:
    """A world whose functions run on the cloud, with faults in reach of every call they make."""
    stacks.use(cloud.stack)
    seam = Seam()
    world = World(cloud, seam)
    driver = FaultyDriver(lambda: cloud.clients.driver, seam)
    clients = {
        name: FaultyClient(name, partial(getattr, cloud.clients, name), seam)
        for name in ("sqs", "s3", "secrets_manager", "kms", "ses")
    }
    with pytest.MonkeyPatch.context() as patched, mailhost.host(patched) as host:
        # Else each proof would wait to see whether it does.
        host.files = True
        for module in (table, transaction):
            patched.setattr(module, "driver", lambda: driver)
        for name, client in clients.items():
            patched.setattr(aws, name, lambda client=client: client)
        patched.setattr(egress, "fetch", FaultyEgress(world.fetch, seam).fetch)
        patched.setattr(decisions, "_deterministic", _hands_over)
        # What is logged is listened to where it is logged; to write it out takes a while.
        patched.setattr(logger()._logger, "handlers", [])
        patched.setattr(clock, "now", world.now)
        patched.setattr(clock, "monotonic", world.monotonic)
        patched.setattr(ids, "new", world.new_id)
        patched.setattr(jobs, "DUE_SHARDS", SHARDS)
        patched.setattr(link_items, "VISIT_SHARDS", SHARDS)
        patched.setattr(deliverer, "_pool", InTurn)
        patched.setattr(retries, "put_off", _noting(world, retries.put_off))
        world.furnish(like)
        yield world
