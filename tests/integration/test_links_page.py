"""docs/links.md: its examples are answered as it says, and its limits are the code's."""

import json
import re
from typing import Any

import pytest

from linkwright.errors import ValidationFailed
from linkwright.links import aliases, bulk, models, references, targets
from tests import pages
from tests.client import HOST
from tests.factories import Workspace, make_workspace
from tests.stack import Stack
from tools.template import ROOT

PAGE = (ROOT / "docs/links.md").read_text()
EXAMPLES = re.findall(
    r"```http\n(\w+) (\S+)\n(.*?)\n```\n\n```json\n(\d+)\n(.*?)\n```", PAGE, re.DOTALL
)


@pytest.fixture(scope="module")
def workspace(stack: Stack) -> Workspace:
    return make_workspace()


def _assert_within(told: Any, found: Any) -> None:
    if isinstance(told, dict):
        for name, value in told.items():
            _assert_within(value, found[name])
    elif isinstance(told, list):
        for one, other in zip(told, found, strict=True):
            _assert_within(one, other)
    else:
        assert told == found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example[0]} {example[1]}")
def test_an_example_is_answered_as_the_page_says(
    workspace: Workspace, example: tuple[str, str, str, str, str]
) -> None:
    method, path, body, status, told = example
    link = workspace.link(utm_source="mail")
    answer = workspace.client.request(
        method, path.format(link_id=link["id"]), json=json.loads(body), headers={"If-Match": "1"}
    )
    assert answer.status == int(status), answer.raw
    _assert_within(json.loads(told), answer.json)


def test_there_is_an_example_of_each_way_to_make_or_change_links() -> None:
    assert [method for method, *_ in EXAMPLES] == ["POST", "PATCH", "PUT", "POST"]


def test_each_field_is_on_the_page() -> None:
    rows = pages.tables("docs/links.md")["field / what it may be"]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert named == list(models.CreateLink.model_fields)
    for name in models.Link.model_fields:
        assert f"`{name}`" in PAGE


def test_what_the_page_says_is_refused_is() -> None:
    for row in pages.tables("docs/links.md")["refused / as"]:
        for url in re.findall(r"`(.*?)`", row[1]):
            with pytest.raises(ValidationFailed):
                targets.accepted(url, "url", frozenset({HOST}))


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    assert aliases.QUARANTINE.days == 30
    assert aliases.CHARS == 7
    assert (models.MAX_TAGS, models.MAX_COUNTRIES, models.MAX_BULK) == (20, 50, 100)
    assert (references.MAX_HOSTS, bulk.MAX_PASSWORDS, bulk.MAX_BYTES) == (20, 10, 300_000)
    for text in ("30 days", "7 random", "at most 20 hosts", "10 different", "300 KB", "1 to 100"):
        assert text in PAGE


def test_a_name_in_other_letters_is_shown_as_the_page_says() -> None:
    said = r"`(https://\S+)`, whose first letter is Cyrillic, is\nshown as `(.*?)`"
    found = re.search(said, PAGE)
    assert found
    assert targets.accepted(found[1], "url") == found[2]
