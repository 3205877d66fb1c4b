"""The API reference: the page, its files, and the description it shows."""

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from posixpath import basename
from typing import Any
from urllib.parse import urljoin

import pytest
from openapi_spec_validator import validate

from linkwright.settings import settings
from tests.client import Answer, Client, Context, http_event, load
from tools import openapi, openapi_components
from tools.routes import OF_DOMAINS, OF_MAILS
from tools.template import ROOT, functions

pytestmark = pytest.mark.usefixtures("stack")

GZIP = {"Accept-Encoding": "gzip"}


@cache
def _committed() -> Any:
    """What would be made anew: it takes a second, and one test asks for it."""
    return json.loads(openapi.TARGET.read_text())


def test_200_the_description_is_the_committed_one() -> None:
    answer = Client().get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json == _committed()


def test_the_committed_description_is_not_stale() -> None:
    stale = "docs/openapi.json is stale: run 'make generate'"
    assert openapi.TARGET.read_text() == openapi.rendered(), stale


def test_the_description_has_every_route_and_no_other() -> None:
    described = {
        (method.upper(), path)
        for path, methods in _committed()["paths"].items()
        for method in methods
    }
    served = [f for f in functions() if f.folder not in {"console", "callbacks"}]
    routes = {route for function in served for route in function.routes}
    assert described == {
        (method, path) for method, path in routes if path not in OF_DOMAINS | OF_MAILS
    }


def _described(schema: Any) -> Iterator[Any]:
    yield schema
    for member in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(member, dict | list):
            yield from _described(member)


def test_a_generator_finds_nothing_under_one_name_twice() -> None:
    document = _committed()
    schemas = document["components"]["schemas"]
    assert [schema["title"] for schema in schemas.values()] == list(schemas)
    titles = [
        part["title"]
        for part in _described(document["paths"]) or ()
        if isinstance(part, dict) and isinstance(part.get("title"), str)
    ]
    assert titles == [], "names are said once"
    operations = [op for methods in document["paths"].values() for op in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name) for name in names)
    assert all(operation["tags"] and operation["summary"] for operation in operations)


def test_every_error_code_is_explained() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()
    codes = {code for listed in openapi_components.codes().values() for code in listed}
    assert {code for code in codes if f"### `{code}`" not in text} == set()


@pytest.mark.slow
def test_the_description_is_openapi() -> None:
    validate(_committed())


def test_200_the_page_loads_its_files_from_here_alone() -> None:
    page = Client().get("/docs")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.raw.replace("<!doctype", "")
    assert page.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("name", "media_type", "holds"),
    [
        ("swagger-ui-bundle.min.js", "text/javascript", "SwaggerUIBundle"),
        ("swagger-ui.min.css", "text/css", ".swagger-ui"),
        ("start.js", "text/javascript", '"openapi.json"'),
        ("notice.txt", "text/plain", "Apache License"),
    ],
)
def test_200_each_file_of_the_page(name: str, media_type: str, holds: str) -> None:
    answer = Client().get(f"/docs/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert holds in answer.raw


def test_200_compressed_for_a_browser() -> None:
    answer = Client().get("/docs/swagger-ui-bundle.min.js", headers=GZIP)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) < 750_000
    assert b"SwaggerUIBundle" in gzip.decompress(answer.content)


@pytest.mark.parametrize("path", ["/docs/nothing.js", "/docs/..%2fserve_reference.py"])
def test_404_in_the_envelope_for_what_is_no_file(path: str) -> None:
    answer = Client().get(path)
    assert answer.status == 404
    assert answer.error["code"] == "resource_not_found"
    assert answer.error["request_id"] == _request_id(answer)


def test_405_for_another_method() -> None:
    answer = Client().request("POST", "/docs")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("headers", [{}, GZIP])
@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/docs/start.js", "/docs/no.js"])
def test_head_is_get_without_its_body(path: str, headers: dict[str, str]) -> None:
    whole = Client().get(path, headers=headers)
    answer = Client().request("HEAD", path, headers=headers)
    assert (answer.status, answer.raw) == (whole.status, "")
    assert answer.headers["content-type"] == whole.headers["content-type"]


def _mapped(path: str, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Asked through a domain that puts something before our paths, which API Gateway passes on."""
    event, function = http_event("GET", path, {}, None, False)
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.com/calls/eu/")
    settings.cache_clear()
    found = load(function).handler(event | {"rawPath": f"/calls/eu{path}"}, Context())
    return Answer(found["statusCode"], found["headers"], found["body"])


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/start.js", "/docs/swagger-ui.min.css", "/openapi.json"]
)
def test_200_alike_behind_a_domain_that_maps_a_path(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Client().get(path)
    mapped = _mapped(path, monkeypatch)
    settings.cache_clear()
    assert (mapped.status, mapped.raw) == (200, plain.raw)
    links = re.findall(r'(?:href|src|url)[=:] ?"([^"]+)"', plain.raw) if path == "/docs" else []
    assert [urljoin(f"https://api.example.com/calls/eu{path}", link) for link in links] == [
        f"https://api.example.com/calls/eu/docs/{name}" for name in map(basename, links)
    ]


def _request_id(answer: Answer) -> str:
    lowered = {name.lower(): value for name, value in answer.headers.items()}
    return lowered["request-id"]
