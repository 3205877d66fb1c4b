"""The faults at the AWS calls of a phone that asks which apps a domain belongs to."""

from linkwright.links.items import domain_key, domain_name_key
from tests import processes, shortlinks
from tests.client import Answer
from tests.faults import plan
from tests.faults.injection import Injector, Killed
from tests.faults.matrix import told
from tests.faults.states import leaks
from tests.faults.tally import TALLY
from tests.faults.world import World

NAME, DOMAIN = "apps.example.com", "dom_01HF0000000000000000000000"
ROUTE, TEXT = "GET /.well-known/{file}", '[{"relation":["a"]}]'


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    whose = {"partition": world.partition, "domain": DOMAIN, "held": 1}
    shortlinks.put({**domain_name_key(NAME).attributes(), **whose})
    view = {"assetlinks": TEXT}
    row = {**domain_key(world.partition, DOMAIN).attributes(), "status": "active", "view": view}
    shortlinks.put(row)


def _asked(world: World, injector: Injector) -> Answer | None:
    with world.seam.use(injector):
        try:
            return shortlinks.ask("/.well-known/assetlinks.json", domain=NAME)
        except Killed:
            return None


def test_a_fault_is_told_as_one_and_never_as_a_file_that_is_not_there(world: World) -> None:
    problems = []
    _prepared(world)
    clean = Injector()
    assert _asked(world, clean) is not None
    TALLY.calls[ROUTE] = len(clean.calls)
    for injector in plan.injectors(clean.calls):
        _prepared(world)
        answer = _asked(world, injector)
        found = [] if injector.struck else ["the call was not made"]
        if answer is not None:
            found += leaks(answer, world.stack)
            if answer.status != 503 and (answer.status, answer.raw) != (200, TEXT):
                found.append(f"answered {answer.status}")
        again = _asked(world, Injector())
        if again is None or (again.status, again.raw) != (200, TEXT):
            found.append(f"not made good: {again}")
        problems += told(found, injector)
        TALLY.runs[ROUTE, "struck"] += 1
    assert problems == []
