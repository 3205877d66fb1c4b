"""The faults at the AWS calls of every route that customers ask."""

import pytest

from tests.faults import matrix, plan
from tests.faults.matrix import KEY, CleanRequest
from tests.faults.samples import CANCEL_WHILE_IT_RINGS, NoSample, effectful_routes, routes, sample
from tests.faults.telephone import attempt_of
from tests.faults.world import World

# They share the requests without a fault.
pytestmark = pytest.mark.xdist_group("routes")

# Elsewhere the circumstances of a case make a difference only to what follows.
CASES = [*routes(), CANCEL_WHILE_IT_RINGS]
# Authentication is the first call of each, and nothing of a handler's: a route of each method shows
# what strikes it.
_OF_EACH_METHOD = {route.partition(" ")[0]: route for route in reversed(routes())}


def _is_own(clean: CleanRequest, route: str, at: int) -> bool:
    """Whether no other route makes this call."""
    return at > 1 or len(clean.calls) == 1 or route in _OF_EACH_METHOD.values()


def _is_kept(route: str) -> bool:
    """Whether it reads what is generated, where nobody has asked for it before."""
    return route.startswith("GET ") and sample(route).is_charged


@pytest.fixture(scope="module")
def clean_requests() -> dict[str, CleanRequest]:
    return {}


@pytest.fixture
def clean(world: World, route: str, clean_requests: dict[str, CleanRequest]) -> CleanRequest:
    if route not in clean_requests:
        clean_requests[route] = matrix.clean_request(world, route)
    return clean_requests[route]


@pytest.mark.parametrize("route", CASES)
def test_fault_leaves_all_or_nothing_and_a_retry_makes_it_good(
    world: World, route: str, clean: CleanRequest
) -> None:
    problems = []
    for injector in plan.injectors(clean.calls):
        if _is_own(clean, route, injector.at):
            problems += matrix.struck(world, route, clean, injector)
    assert problems == []


# Who finds an insight being made waits for it, and here would wait for itself: `test_credits.py`
# asks twenty times at once.
@pytest.mark.parametrize("route", [one for one in CASES if not _is_kept(one)])
def test_same_request_in_the_middle_has_one_effect(
    world: World, route: str, clean: CleanRequest
) -> None:
    problems = []
    for at in range(1, len(clean.calls) + 1):
        if _is_own(clean, route, at):
            problems += matrix.overlapping(world, route, clean, at)
    assert problems == []


@pytest.mark.parametrize("route", [*effectful_routes(), CANCEL_WHILE_IT_RINGS])
def test_call_that_the_client_sends_twice_has_one_effect(
    world: World, route: str, clean: CleanRequest
) -> None:
    """Below the seam, as in `test_proxy.py`."""
    problems = []
    for at in plan.effects(clean.calls):
        if _is_own(clean, route, at):
            problems += matrix.resent(world, route, clean, at)
    assert problems == []


@pytest.mark.parametrize(
    "route", [one for one in routes() if one.startswith("GET ") and not _is_kept(one)]
)
def test_reading_leaves_nothing(clean: CleanRequest, route: str) -> None:
    assert clean.calls
    # But where it is paid for what is made of it.
    assert (clean.after != clean.before) is sample(route).is_charged


def test_clean_call_leaves_one_of_each(world: World) -> None:
    """What all the runs of a call are compared with is right in itself."""
    world.reset()
    placed = world.request(sample("POST /v1/voice/calls"), KEY)
    assert placed is not None
    assert placed.status == 201
    world.settle()
    core = world.items()["CoreTable"]
    at = f"W#{world.partition}#"
    [call] = [item for item in core if item["pk"] == f"{at}CALL"]
    assert call["sk"] == placed.json["id"]
    view = call["view"]
    assert (view["status"], view["ended_reason"]) == ("completed", "agent_ended")
    assert (view["answered_by"], view["recording_consent"]["type"]) == ("human", "verbal")
    [said] = [item for item in core if item["pk"] == f"{at}SAID"]
    roles = [turn["role"] for turn in said["transcript"]]
    assert roles == ["agent", "callee", "agent", "callee", "agent"]
    [dialled] = world.telephone.board.calls
    assert attempt_of(dialled) == (call["sk"], 1)
    assert (dialled.status, dialled.ended_by, dialled.recorded) == ("completed", "agent", True)
    assert [turn.text for turn in dialled.turns] == [turn["text"] for turn in said["transcript"]]
    bound = [item["sk"] for item in core if item["pk"].startswith("CARRIER#")]
    assert bound == [call["sid"]] == [dialled.sid]
    # Kept here, and not there any more.
    assert list(world.cloud.objects()) == [call["recording_key"]]
    assert not world.telephone.board.recordings
    # Not of what there is at once, which is in no billing cycle.
    cycles = [one for one in core if one["pk"] == f"{at}USE" and not one["sk"].startswith("NOW#")]
    used = [(item["committed"], item["used"]) for item in cycles]
    assert used == [(1, 1)]
    told = [e for e in core if e["pk"] == f"{at}EVT" and e["object"].get("id") == call["sk"]]
    events = sorted((e["sequence"], e["type"]) for e in told)
    types = [kind for _, kind in events]
    changes = ["call.queued", "call.ringing", "call.answered", "call.ended"]
    assert types == [*changes, "call.analyzed", "call.recording_ready"]
    assert matrix.finished(world) == []


def test_clean_cancel_of_a_ringing_call_stops_its_ringing(world: World) -> None:
    clean = matrix.clean_request(world, CANCEL_WHILE_IT_RINGS)
    assert clean.answer.status == 200
    [dialled] = world.telephone.board.calls
    assert (dialled.status, dialled.ended_by, dialled.turns) == ("canceled", "api", [])
    [call] = [item for item in world.items()["CoreTable"] if item["pk"].endswith("#CALL")]
    assert (call["view"]["status"], call["view"]["ended_reason"]) == ("canceled", "canceled")


def test_route_without_a_sample_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.samples._WANTED", {})
    monkeypatch.setattr("tests.faults.samples._from_event", lambda route: None)
    with pytest.raises(NoSample, match="POST /v1/voice/calls has no sample request"):
        sample("POST /v1/voice/calls")
