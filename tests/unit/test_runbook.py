"""What the pages for operators say of jobs and of the secret is what the code has."""

import json
import re
from datetime import timedelta

import pytest

from linkwright.jobs import KINDS
from linkwright.vault import Vault
from tools.template import ROOT

ROWS = {
    row[0]: row
    for row in re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$",
        (ROOT / "docs/operations.md").read_text(),
        re.MULTILINE,
    )
}
GIVES_UP = {
    "a day": timedelta(days=1),
    "five hours": timedelta(hours=5),
    "15 minutes": timedelta(minutes=15),
    "7 days": timedelta(days=7),
    "never": timedelta.max,
    "when it expires": timedelta.max,
}
UNITS = {"s": 1, "min": 60, "minute": 60, "hour": 3600}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_job_has_its_row(name: str) -> None:
    page = "docs/operations.md, 'Jobs that gave up, and dead letters',"
    assert name in ROWS, f"{page} has no row for the kind of job `{name}`"
    kind, (_, _, waits, gives_up) = KINDS[name], ROWS[name]
    told = re.split(r"[;,]", gives_up)[0].strip()
    assert told in GIVES_UP, f"{page} says of `{name}` '{told}', which is none of {[*GIVES_UP]}"
    assert GIVES_UP[told] == kind.longest, f"{page} says of `{name}` another time to give up after"
    if waits != "by the sweeper":
        assert _seconds(waits) == (kind.retries[0], kind.retries[-1])


@pytest.mark.parametrize("page", ["adding-a-job.md", "adding-an-event.md"])
def test_what_a_guide_shows_and_tells_to_look_at_is_there(page: str) -> None:
    guide = (ROOT / "docs" / page).read_text()
    tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", guide)
    assert len(tests) == len(re.findall("::test_", guide)) > 0
    for file, test in tests:
        assert f"def {test}(" in (ROOT / file).read_text()
    shown = re.findall(r"```python (\S+)\n(.*?)```", guide, re.DOTALL)
    assert len(shown) == guide.count("```python") > 0
    for file, code in shown:
        assert code in (ROOT / file).read_text()


def _seconds(text: str) -> tuple[int, int]:
    """Of `2 s to 5 min`, or `5 s to an hour`."""
    shortest, longest = (part.split() for part in text.split(" to "))
    return _each(shortest), _each(longest)


def _each(words: list[str]) -> int:
    number, unit = words
    return (1 if number in {"a", "an"} else int(number)) * UNITS[unit]


def test_the_secret_is_told_whole() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs/deploying.md").read_text(), re.DOTALL)
    assert set(Vault.model_fields) <= set(json.loads(shown))
