"""What the functions write to their log."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from linkwright.observability import logger
from tests import planted


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """The very lines that the functions write, by their logger and by themselves."""
    lines = io.StringIO()
    logger()  # made when first used
    handlers = [h for h in logging.getLogger("linkwright").handlers if hasattr(h, "setStream")]
    assert handlers
    # Not by `setStream`, which flushes the old one: that of an earlier test is closed.
    streams = [handler.stream for handler in handlers]
    for handler in handlers:
        handler.stream = lines
    try:
        with redirect_stdout(lines):
            yield lines
    finally:
        planted.look("the log", lines.getvalue())
        for handler, stream in zip(handlers, streams, strict=True):
            handler.stream = stream
