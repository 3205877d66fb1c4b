"""A carrier in the foreground, until Ctrl-C: `python -m tools.carrier --help`.

It listens on loopback and calls back nowhere else: --origin names the loopback address that stands
for a public one. What a service needs to use it is printed.
"""

import argparse
import signal

from tools.carrier.carrier import Account
from tools.carrier.server import start_carrier

STOPPING = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    asked = _arguments()
    # Before any thread is there, since each inherits it: only the wait below gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    known = {"sid": asked.account_sid, "auth_token": asked.auth_token}
    account = Account(**{name: value for name, value in known.items() if value})
    with start_carrier(
        asked.port, time_scale=asked.time_scale, origins=dict(asked.origin), account=account
    ) as carrier:
        print(f"base_url     {carrier.base_url}")
        print(f"account_sid  {carrier.account_sid}")
        print(f"auth_token   {carrier.auth_token}", flush=True)
        signal.sigwait(STOPPING)


def _arguments() -> argparse.Namespace:
    summary, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tools.carrier", description=summary, epilog=more
    )
    parser.add_argument("--port", type=int, default=0, help="by default a free one")
    parser.add_argument(
        "--origin",
        type=_origin,
        action="append",
        default=[],
        metavar="PUBLIC=LOOPBACK",
        help="as in https://api.example=http://127.0.0.1:8000; may be repeated",
    )
    parser.add_argument("--account-sid", help="by default a new one")
    parser.add_argument("--auth-token", help="by default a new one")
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="the real length of a second of a call (default 1)",
    )
    return parser.parse_args()


def _origin(text: str) -> tuple[str, str]:
    public, _, loopback = text.partition("=")
    if not public or not loopback:
        raise argparse.ArgumentTypeError("a public origin, '=' and the one that stands for it")
    return public.rstrip("/"), loopback.rstrip("/")


if __name__ == "__main__":
    main()
