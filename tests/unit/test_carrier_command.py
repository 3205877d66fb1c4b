"""The carrier as a command: what it prints is all that a service needs."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.unit.carrier_app import App, start_app

SID = "AC" + "3" * 32
TOKEN = "token-of-the-command"
PUBLIC = "https://api.example"
END_S = 20.0


@contextmanager
def _command(*arguments: str) -> Iterator[dict[str, str]]:
    """What it printed; it is stopped as by Ctrl-C."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tools.carrier", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    with child.stdout as lines:
        try:
            yield dict(next(lines).split() for _ in range(3))
        finally:
            child.send_signal(signal.SIGINT)
            code = child.wait(END_S)
    assert code == 0


def _place(printed: dict[str, str]) -> httpx.Response:
    return httpx.post(
        f"{printed['base_url']}/2010-04-01/Accounts/{printed['account_sid']}/Calls.json",
        auth=(printed["account_sid"], printed["auth_token"]),
        data={
            "To": "+972541234567",
            "From": "+97237654321",
            "Url": f"{PUBLIC}/start",
            "StatusCallback": f"{PUBLIC}/status",
        },
    )


def _wait_for_the_end(app: App) -> None:
    give_up_at = time.monotonic() + END_S
    while "completed" not in app.statuses():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_a_call_by_what_was_printed() -> None:
    with start_app() as app:
        app.scheme = "https"
        app.page("/start", "<Say>Hello</Say>")
        with _command(
            "--origin", f"{PUBLIC}={app.url}", "--account-sid", SID, "--auth-token", TOKEN,
            "--time-scale", "0.01",
        ) as printed:  # fmt: skip
            assert (printed["account_sid"], printed["auth_token"]) == (SID, TOKEN)
            assert printed["base_url"].startswith("http://127.0.0.1:")
            assert _place(printed).status_code == 201
            _wait_for_the_end(app)
    validator = RequestValidator(TOKEN)
    for one in app.received:
        assert validator.validate(one.url, one.form, one.headers["X-Twilio-Signature"])


def test_400_for_a_url_whose_origin_was_not_named_and_an_account_of_its_own() -> None:
    with _command() as printed, _command() as other:
        assert printed["account_sid"] != other["account_sid"]
        answer = _place(printed)
        assert (answer.status_code, answer.json()["code"]) == (400, 21205)
        assert _place(printed | {"auth_token": other["auth_token"]}).status_code == 401


@pytest.mark.parametrize("origin", ["https://api.example", "=http://127.0.0.1:1", PUBLIC + "="])
def test_an_origin_that_names_only_one_side_is_refused(origin: str) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tools.carrier", "--origin", origin],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "--origin" in refused.stderr
