"""One local cloud per process, of the unchanged template; requests go over HTTP."""

import fcntl
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkwright.table import Table
from tests import description, planted
from tests.system import clouds
from tools.local_cloud import deployment
from tools.local_cloud.cloud import Cloud, start_cloud

# A function's first request starts a worker process for it.
TIMEOUT_S = 60.0
# What the emulator's mail services say in its log: who mails for others knows to whom.
MAIL_LINE = re.compile(r"[A-Z]+ \[ses(-v2)?\] ")

_HERE = Path(__file__).parent
# What takes longest, by file, in the order in which two processes are best given it: the first has
# the first and the third, which take the machine one after the other, and the second needs no cloud
# while that of the first is built.
_FIRST = (
    *("test_campaign", "test_emulator", "test_webhooks", "test_make_run"),
    *("test_description", "test_answers", "test_conversation", "test_first_call"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        is_first = item.path.parent == _HERE and item.path.stem in _FIRST
        return _FIRST.index(item.path.stem) if is_first else len(_FIRST)

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _one_of_the_longest_at_a_time(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Whoever takes the whole machine for minutes waits for the other one to be over."""
    if request.node.get_closest_marker("longest") is None:
        yield
        return
    with (tmp_path_factory.getbasetemp().parent / "longest").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Api:
    """The API as an integrator sees it: a base URL and a token."""

    http: httpx.Client
    demo: dict[str, str]

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "TOKEN",
        **options: Any,
    ) -> httpx.Response:
        """`token` is a name in demo.env."""
        headers = dict(options.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {self.demo[token]}"
        answer = self.http.request(method, path, headers=headers, **options)
        planted.look_at_answer(f"{method} {answer.url.path}", answer.status_code, answer.text)
        description.hold(method, answer.url.path, answer.status_code, answer.headers, answer.text)
        return answer

    def show(self, path: str) -> Any:
        """What a GET answers; who has asked more often than a key may waits, as it is told."""
        while (answer := self.send("GET", path)).status_code == 429:
            time.sleep(float(answer.headers["Retry-After"]))
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local cloud that was started and stopped, of which each who wants one takes a copy."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    directory, is_made = folder / "deployed", folder / "deployed.is-made"
    with (folder / "deploying").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_made.exists():
            clouds.made(directory)
            is_made.touch()
    return directory


@pytest.fixture(scope="session")
def cloud(deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    directory = clouds.copied(deployed, tmp_path_factory.mktemp("cloud") / "local")
    with start_cloud(0, directory) as cloud:
        yield cloud
        # Of all that the tests did.
        _require_no_leaks(cloud, deployed / "ministack.log")


def _require_no_leaks(cloud: Cloud, *others: Path) -> None:
    """What was planted stands in no line of a log, and in no item but those that may hold it."""
    ask = partial(deployment.session().client, endpoint_url=cloud.endpoint_url)
    known = ask("secretsmanager").get_secret_value(SecretId=cloud.outputs["Secret"])
    planted.plant(known["SecretString"])
    dynamodb, logs = ask("dynamodb"), ask("logs")
    for table in (f"{one.capitalize()}Table" for one in Table):
        pages = dynamodb.get_paginator("scan").paginate(TableName=cloud.outputs[table])
        for row in (row for page in pages for row in page["Items"]):
            planted.look_at_item(table, row["pk"]["S"], repr(row))
    lines = 0
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            for event in page["events"]:
                planted.look(f"the log {name}", event["message"])
                lines += 1
    assert lines, "nothing was logged"
    for log in (cloud.emulator.log, *others):
        said = log.read_text(errors="replace").splitlines()
        kept = (line for line in said if not MAIL_LINE.search(line))
        planted.look("the emulator's log", "\n".join(kept))
    assert planted.FOUND == []


@pytest.fixture(scope="session")
def api(cloud: Cloud) -> Iterator[Api]:
    with httpx.Client(base_url=cloud.base_url, timeout=TIMEOUT_S) as http:
        yield Api(http, cloud.demo)
