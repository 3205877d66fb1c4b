"""`make run`: the local cloud in the foreground, until Ctrl-C."""

import argparse
import signal
import sys
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to end. Not an Exception, so that nothing on the way swallows it."""


def main() -> int:
    port = _arguments()
    for number in STOPPING:
        signal.signal(number, _stop)
    try:
        # Here, so that a Ctrl-C during the second these imports take is a clean stop too.
        from tools.local_cloud import console

        return console.run(port)
    except Stopped:
        print("Stopped; the data is kept in .local/", flush=True)
        return 0


def _arguments() -> int:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="port of the API (default 8000)")
    asked: int = parser.parse_args().port
    return asked


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    # A second Ctrl-C must not interrupt the saving of the state.
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    print("\nStopping", flush=True)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
