"""Every fault at every AWS call of every route."""

import pytest

from tests.faults import matrix
from tests.faults.injection import Fault
from tests.faults.matrix import KEY, CleanRequest
from tests.faults.samples import NoSample, routes, sample
from tests.faults.world import World


@pytest.fixture(scope="module")
def clean_requests() -> dict[str, CleanRequest]:
    return {}


@pytest.fixture
def clean(world: World, route: str, clean_requests: dict[str, CleanRequest]) -> CleanRequest:
    if route not in clean_requests:
        clean_requests[route] = matrix.clean_request(world, route)
    return clean_requests[route]


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("route", routes())
def test_retry_comes_to_the_same(
    world: World, route: str, clean: CleanRequest, fault: Fault
) -> None:
    problems = []
    for injector in matrix.injectors(fault, clean.calls):
        problems += matrix.retried(world, route, clean, injector)
    assert problems == []


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("route", routes())
def test_all_or_nothing_without_a_retry(
    world: World, route: str, clean: CleanRequest, fault: Fault
) -> None:
    problems = []
    for injector in matrix.injectors(fault, clean.calls):
        problems += matrix.abandoned(world, route, clean, injector)
    assert problems == []


@pytest.mark.parametrize("route", routes())
def test_same_request_in_the_middle_has_one_effect(
    world: World, route: str, clean: CleanRequest
) -> None:
    problems = []
    for at in range(1, clean.calls + 1):
        problems += matrix.overlapping(world, route, clean, at)
    assert problems == []


@pytest.mark.parametrize("route", [route for route in routes() if route.startswith("GET ")])
def test_reading_leaves_nothing(clean: CleanRequest, route: str) -> None:
    assert clean.calls >= 1
    assert clean.after == clean.before


def test_clean_call_leaves_one_of_each(world: World) -> None:
    """What all the runs of a call are compared with is right in itself."""
    world.reset()
    placed = world.request(sample("POST /v1/voice/calls"), KEY)
    assert placed is not None
    assert placed.status == 201
    world.settle()
    core = world.items()["CoreTable"]
    at = f"W#{world.partition}#"
    calls = [item for item in core if item["pk"] == f"{at}CALL"]
    assert [call["view"]["status"] for call in calls] == ["completed"]
    assert [call["sk"] for call in calls] == [placed.json["id"]]
    assert [item["dials"] for item in core if item["pk"] == f"{at}SIM"] == [1]
    used = [(item["committed"], item["used"]) for item in core if item["pk"] == f"{at}USE"]
    assert used == [(1, 1)]
    events = sorted((e["sequence"], e["type"]) for e in core if e["pk"] == f"{at}EVT")
    types = [kind for _, kind in events]
    changes = ["call.queued", "call.ringing", "call.answered", "call.ended"]
    assert types == [*changes, "call.analyzed", "call.recording_ready"]
    assert matrix.finished(world) == []


def test_route_without_a_sample_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.samples._WANTED", {})
    monkeypatch.setattr("tests.faults.samples._from_event", lambda route: None)
    with pytest.raises(NoSample, match="POST /v1/voice/calls has no sample request"):
        sample("POST /v1/voice/calls")
