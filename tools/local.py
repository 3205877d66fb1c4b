"""`make run`: the local cloud in the foreground, until Ctrl-C."""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to end. Not an Exception, so that nothing on the way swallows it."""


def main() -> int:
    asked = _arguments()
    for number in STOPPING:
        signal.signal(number, _stop)
    try:
        # Here, so that a Ctrl-C during the second these imports take is a clean stop too.
        from tools.local_cloud import console

        return console.run(**vars(asked))
    except Stopped:
        print("Stopped; the data is kept", flush=True)
        return 0


def _arguments() -> argparse.Namespace:
    """What is not asked for is left to the local cloud's own defaults."""
    parser = argparse.ArgumentParser(
        prog="make run", description=__doc__, argument_default=argparse.SUPPRESS
    )
    parser.add_argument("--port", type=int, default=8000, help="port of the API (default 8000)")
    parser.add_argument("--directory", type=Path, help="where the data is kept (default .local)")
    parser.add_argument("--idle-seconds", type=int, help="after which a function's worker ends")
    return parser.parse_args()


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    # A second Ctrl-C must not interrupt the saving of the state.
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    print("\nStopping: the data is being saved", flush=True)
    raise Stopped


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # All is closed and saved: what the interpreter would tidy up takes seconds, and gives nothing.
    os._exit(code)
