"""What a page says, read by another process, which may die of it."""

import json
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from linkwright.mailer.research import page_parser

# On a busy machine, two seconds of CPU take longer.
_MOST_S = 6.0
_MOST_ANSWER = 1024 * 1024
# No credential of the function's. Lambda's interpreter has its own library there.
_ENVIRONMENT = {"LD_LIBRARY_PATH": "/var/lang/lib"}


class Unreadable(Exception):
    """Nothing can be made of a page."""


class Extracted(NamedTuple):
    title: str
    text: str
    # As they stand in the page: address and label.
    links: list[tuple[str, str]]


class _Answer(BaseModel):
    """What the other process says is no more to be trusted than what it read."""

    title: str
    text: str
    links: list[tuple[str, str]]


def extract(page: bytes, charset: str, seconds: float) -> Extracted:
    """Raises `Unreadable`."""
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answer:
        asked.write(json.dumps({"charset": charset}).encode() + b"\n" + page)
        asked.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 -- ours, with no argument of anybody's
                [sys.executable, "-I", page_parser.__file__, _packages()],
                stdin=asked,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                timeout=max(min(seconds, _MOST_S), 0.1),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unreadable from None
        if done.returncode != 0:
            raise Unreadable
        answer.seek(0)
        return _read(answer.read(_MOST_ANSWER + 1))


def _read(answer: bytes) -> Extracted:
    try:
        found = _Answer.model_validate_json(answer)
    except ValidationError:
        raise Unreadable from None
    return Extracted(
        found.title[: page_parser.MOST_TITLE],
        found.text[: page_parser.MOST_TEXT],
        found.links[: page_parser.MOST_LINKS],
    )


@cache
def _packages() -> str:
    """Where the parser is; this process never loads it."""
    found = find_spec("resiliparse")
    if found is None or found.origin is None:
        raise LookupError("resiliparse")
    return str(Path(found.origin).parent.parent)
