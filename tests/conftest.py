"""One stack per run, with the template's tables on it; tests are kept apart by workspace."""

import gc
import logging
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import islice
from zlib import crc32

import pytest
from botocore.loaders import JSONFileLoader
from httpx._transports import default as httpx_transport
from hypothesis import settings as hypothesis

# What is imported and collected stays: until that is done nobody need look for garbage.
gc.disable()

# A busy machine is no failure. And what is asked is for each run the same, or one would be refused
# for what chance has found: `--hypothesis-profile=default` asks otherwise each time.
hypothesis.register_profile("tests", deadline=None, derandomize=True)
hypothesis.load_profile("tests")

os.environ.update(
    AWS_REGION="us-east-1",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 -- the emulators take any
    POWERTOOLS_TRACE_DISABLED="true",
)

from linkwright import clock, observability, pace  # noqa: E402 -- reads the environment set above
from linkwright.mailer.mailboxes import guessing  # noqa: E402
from linkwright.table import Key  # noqa: E402
from linkwright.workspace import keys  # noqa: E402
from tests import carrier, groups, legs, mailhost, planted, processes, rights, shapes  # noqa: E402
from tests import stack as stacks  # noqa: E402
from tests.factories import Workspace, make_workspace  # noqa: E402
from tests.faults import tally  # noqa: E402
from tests.integration import sample_events  # noqa: E402
from tests.memory import memory  # noqa: E402
from tests.stack import EmulatedStack, Stack  # noqa: E402
from tools.local_cloud.emulator import start_ministack  # noqa: E402

# A test of as many cases is asked in part, where a part is asked for.
_SEVERAL = 4
_DEPLOYED = pytest.StashKey[Stack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=["memory", "ministack"],
        default="memory",
        help="where the functions keep things: in memory, or on an emulator, which judges",
    )
    parser.addoption(
        "--part",
        type=int,
        default=1,
        metavar="N",
        help="of a test of several cases, ask one case in N; another test asks others",
    )
    parser.addoption("--leg", help="this is the whole of a leg: what it does is judged")
    parser.addoption(
        "--accept", action="store_true", help="what the leg does is what it shall do from now on"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(groups)
    config.pluginmanager.register(tally)
    config.pluginmanager.register(legs.Counts())
    config.pluginmanager.register(planted.Plugin())
    config.pluginmanager.register(rights.Plugin())
    planted.plant(carrier.SECRET)
    planted.plant(mailhost.SECRET)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "emulator" in getattr(item, "fixturenames", ()):
            item.add_marker("emulator")
    left = _unasked(items, config.getoption("part"))
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(left)
        items[:] = [item for item in items if item not in gone]
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


def _unasked(items: list[pytest.Item], part: int) -> list[pytest.Item]:
    """Where to begin is by the name of the test, so that a case is asked of some of those that are
    asked of all routes.
    """
    cases = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    return [
        item
        for name, of in cases.items()
        if len(of) >= _SEVERAL
        for at, item in enumerate(of)
        if at % part != crc32(name.encode()) % min(part, len(of))
    ]


def pytest_collection_finish() -> None:
    """Tests and modules stay: who looks for garbage need not look at them again, a tenth of all."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedStack]:
    """MiniStack, for what is about an emulator, whatever the store."""
    with start_ministack(tmp_path_factory.mktemp("ministack")) as started:
        yield EmulatedStack(started.endpoint_url)
        # So that it finds nobody connected at its end.
        processes.forget()


@pytest.fixture(scope="session")
def _store(request: pytest.FixtureRequest) -> Iterator[Stack]:
    if request.config.getoption("store") == "ministack":
        yield request.getfixturevalue("emulator")
    else:
        with memory() as made:
            yield made


@pytest.fixture(scope="session", autouse=True)
def _the_log() -> None:
    """Written to what is there before any test has an output of its own, which is closed when the
    next one logs; and to what is there now, where a process runs the tests more than once.
    """
    for handler in observability.logger().handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.stream = sys.stdout


@pytest.fixture(scope="session", autouse=True)
def _read_once() -> Iterator[None]:
    """What each client reads anew, for 25 ms and for 100: authorities, and what a service does."""
    made, read = cache(httpx_transport.create_ssl_context), cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx_transport, "create_ssl_context", made)
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture(scope="session", autouse=True)
def _room_for_keys() -> Iterator[None]:
    """Tests share workspaces and make hundreds of keys; those of keys put the limit back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "LIMIT", 100_000)
        yield


@pytest.fixture(scope="session", autouse=True)
def _room_for_log_ins() -> Iterator[None]:
    """Tests connect one address over and over; those of guessing put the limits back."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("AT_A_HOST", "OF_A_WORKSPACE"):
            patch.setattr(guessing, limit, 1_000_000)
        yield


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, _store: Stack) -> Iterator[Stack]:
    request.config.stash[_DEPLOYED] = _store
    with shapes.watched():
        stacks.use(_store)
        yield _store
    del request.config.stash[_DEPLOYED]


@pytest.fixture(scope="module", autouse=True)
def _small_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each module begins anew: a sweep and a look at all items meet what earlier tests left."""
    yield
    deployed = request.config.stash.get(_DEPLOYED, None)
    if deployed is not None:
        deployed.empty()
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
        # Whatever clock the test before had: tokens that were taken in the future are gone.
        pace.known.cache_clear()
        sids = [board.account.account_sid for board in made.boards]
        used = [Key(f"PACE#{sid}", "bucket") for sid in sids]
        request.getfixturevalue("stack").delete("CoreTable", *used)
        yield made


@pytest.fixture(autouse=True)
def _judged_by_moto(request: pytest.FixtureRequest) -> Iterator[None]:
    """No expression is used that only the store has judged."""
    before = len(shapes.SEEN)
    yield
    new = set(islice(shapes.SEEN, before, None))
    if new and not request.config.getoption("accept") and (new := new - set(shapes.listed())):
        pytest.fail("moto does not judge this yet; `make baseline` lists it: " + "; ".join(new))


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
