"""One local cloud per run, deployed from the unchanged template; requests go over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests import description
from tools.local_cloud import Cloud, start_cloud

# A function's first request starts a worker process for it.
TIMEOUT_S = 60.0


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
        description.hold(method, answer.url.path, answer.status_code, answer.headers, answer.text)
        return answer


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with start_cloud(0, tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def api(cloud: Cloud) -> Iterator[Api]:
    with httpx.Client(base_url=cloud.base_url, timeout=TIMEOUT_S) as http:
        yield Api(http, cloud.demo)
