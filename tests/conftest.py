"""One emulator per run, with the template's tables on it; tests are kept apart by workspace."""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis

# A busy machine is no failure.
hypothesis.register_profile("tests", deadline=None)
hypothesis.load_profile("tests")

os.environ.update(
    AWS_REGION="us-east-1",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 -- the emulators take any
    POWERTOOLS_TRACE_DISABLED="true",
)

from linkwright import clock  # noqa: E402 -- reads the environment set above
from tests import carrier  # noqa: E402
from tests import stack as stacks  # noqa: E402
from tests.factories import Workspace, make_workspace  # noqa: E402
from tests.faults import tally  # noqa: E402
from tests.integration import sample_events  # noqa: E402
from tests.stack import Stack  # noqa: E402

_DEPLOYED = pytest.StashKey[Stack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=["ministack", "moto"],
        default="ministack",
        help="the emulator that judges; moto is not safe under threads",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(tally)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("store") == "moto":
        apart = [item for item in items if item.get_closest_marker("ministack")]
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if item not in apart]


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    if request.config.getoption("store") == "moto":
        emulator = stacks.moto_server()
    else:
        emulator = stacks.ministack(tmp_path_factory.mktemp("ministack"))
    with emulator as endpoint:
        deployed = stacks.deploy(endpoint, stacks.PREFIX)
        stacks.use(deployed)
        request.config.stash[_DEPLOYED] = deployed
        yield deployed
    del request.config.stash[_DEPLOYED]


@pytest.fixture(scope="module", autouse=True)
def _small_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each module begins anew: a sweep and a look at all items meet what earlier tests left."""
    yield
    deployed = request.config.stash.get(_DEPLOYED, None)
    if deployed is not None:
        stacks.empty(deployed)
        sample_events.demo.cache_clear()


@pytest.fixture(autouse=True)
def exchange(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[carrier.Exchange | None]:
    """The carrier, in memory, for all that runs on a stack; none for what tests the way out."""
    if "stack" not in request.fixturenames:
        yield None
        return
    with carrier.exchange(monkeypatch) as made:
        yield made


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    return make_workspace()


@pytest.fixture
def other_workspace(stack: Stack) -> Workspace:
    return make_workspace()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is real, but short: neither the simulator nor a retry needs the whole of it here."""
    real_sleep = time.sleep
    monkeypatch.setattr(clock, "sleep", lambda seconds: real_sleep(min(seconds, 0.005)))
