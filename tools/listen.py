"""Forward new events to a program on this machine: `python -m tools.listen http://localhost:3000/in`.

They come as webhooks do, signed and with the same headers and deadline, by a secret that is printed
at the start; what is refused is not sent again. The API is asked at BASE_URL with the key TOKEN, of
the environment or of .local/demo.env, which `make run` writes.
"""

import argparse
import base64
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from linkwright import clock, egress, standard_webhooks
from linkwright.egress import EgressError
from linkwright.table import Table
from linkwright.webhooks import event_types, sending
from linkwright.webhooks.logs import bodies
from linkwright.webhooks.logs.event_models import Event
from linkwright.webhooks.sending import Message
from tools.local_cloud import demo_data
from tools.local_cloud.cloud import DIRECTORY

EVERY_S = 2.0
# An event has its id before it is written: it may show after one that is later by so much.
OVERLAP = timedelta(seconds=60)
_PAGE = 100
_TIMEOUT_S = 30.0

Json = dict[str, Any]


class Stopped(Exception):
    """The API refuses what is asked, as it will again."""


class Api:
    """What is asked of the API; waits for it where it has no answer now. Raises `Stopped`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def url(self, path: str) -> str:
        return f"{str(self._http.base_url).rstrip('/')}{path}"

    def now(self) -> datetime:
        """By the API's clock, which events have their times from."""
        told = self.get("/v1/events", {"limit": 1}).headers.get("date")
        return parsedate_to_datetime(told) if told else clock.now()

    def events(self, since: datetime) -> Iterator[tuple[str, str]]:
        """The id and the time of each that was made from a moment on, newest first."""
        query: Json = {"created_after": clock.timestamp(since), "limit": _PAGE}
        while True:
            page = self.get("/v1/events", query).json()
            yield from ((event["id"], event["created_at"]) for event in page["data"])
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> httpx.Response:
        while True:
            try:
                answer = self._http.get(path, params=query)
            except httpx.TransportError as failure:
                print(f"no answer: {type(failure).__name__}", file=sys.stderr, flush=True)
                clock.sleep(EVERY_S)
                continue
            if answer.status_code == 200:
                return answer
            if answer.status_code != 429 and answer.status_code < 500:
                raise Stopped(f"{answer.status_code} {_code(answer)}")
            clock.sleep(float(answer.headers.get("retry-after", EVERY_S)))


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, LookupError, TypeError):
        return "is no answer of this API"


class Feed:
    """The events since it began: each once, the oldest first."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._since = api.now() - OVERLAP
        self._seen = dict(api.events(self._since))

    def new(self) -> list[str]:
        """The ids of those that were not given yet."""
        # The whole list is read before anything is given: what comes meanwhile is on the next one.
        found = dict(self._api.events(self._since))
        new = sorted(one for one in found if one not in self._seen)
        self._seen |= found
        if self._seen:
            newest = clock.parse(max(self._seen.values()))
            self._since = max(self._since, newest - OVERLAP)
            first = clock.timestamp(self._since)
            self._seen = {one: at for one, at in self._seen.items() if at >= first}
        return new


def forward(api: Api, event_id: str, url: str, secret: SecretStr, types: list[str]) -> str | None:
    """Send an event. Returns what to print of it; None if its type is not wanted."""
    path = f"/v1/events/{event_id}"
    event = Event.model_validate_json(api.get(path).content)
    if not event_types.is_wanted(event.type, types):
        return None
    body = bodies.fitting(event, api.url(path))
    attempt = sending.post(url, Message(event_id, body, [secret], {})).attempt
    became = attempt["status"] or attempt["error"]
    return f"{attempt['at']} {event.type} {event_id} {became} {attempt['duration_ms']} ms"


def listen(api: Api, url: str, secret: SecretStr, types: list[str]) -> None:
    """Until somebody interrupts it. Raises `Stopped`."""
    feed = Feed(api)
    print("waiting for events", flush=True)
    while True:
        for event_id in feed.new():
            if line := forward(api, event_id, url, secret, types):
                print(line, flush=True)
        clock.sleep(EVERY_S)


def _allow_loopback() -> None:
    """For what sends: its settings are a function's, of which it needs no other."""
    os.environ |= {"EGRESS_ALLOW_LOOPBACK": "true", "STAGE": "local", "DOCS_URL": ""}
    for name in (*(f"{table.upper()}_TABLE" for table in Table), "AWS_REGION"):
        os.environ.setdefault(name, "none")


def _url(text: str) -> str:
    try:
        egress.judge(text)
    except EgressError as failure:
        raise argparse.ArgumentTypeError(f"this URL is refused: {failure}") from None
    return text


def _secret(text: str) -> SecretStr:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise argparse.ArgumentTypeError("a secret is whsec_ and base64")
    return SecretStr(text)


def _types(text: str) -> list[str]:
    try:
        return sorted({event_types.known_or_every(one) for one in text.split(",")})
    except PydanticCustomError as refused:
        raise argparse.ArgumentTypeError(f"--events {refused.message()}") from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url", type=_url, help="where events are sent")
    parser.add_argument("--secret", type=_secret, help="sign by this one: whsec_…")
    parser.add_argument("--events", type=_types, default=["*"], help="these types: call.ended,…")
    return parser.parse_args()


def main() -> None:
    _allow_loopback()
    asked = _arguments()
    known = demo_data.read(DIRECTORY) | os.environ
    if not {"BASE_URL", "TOKEN"} <= set(known):
        sys.exit("say BASE_URL and TOKEN in the environment, or start the local cloud by make run")
    secret = asked.secret or SecretStr(standard_webhooks.new_secret())
    print(f"from {known['BASE_URL']} to {asked.url}", flush=True)
    if asked.secret is None:
        print(f"secret {secret.get_secret_value()}", flush=True)
    key = {"Authorization": f"Bearer {known['TOKEN']}"}
    # Whoever is started in the background has it ignored, and is to be stopped by it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with httpx.Client(base_url=known["BASE_URL"], headers=key, timeout=_TIMEOUT_S) as http:
        try:
            listen(Api(http), asked.url, secret, asked.events)
        except KeyboardInterrupt:
            print()
        except Stopped as refused:
            sys.exit(f"the API refuses: {refused}")


if __name__ == "__main__":
    main()
