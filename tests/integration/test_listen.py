"""`make listen`: new events reach a program on this machine, each once and in their order."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook as Verifier

from linkwright import clock, egress, events, ids, standard_webhooks
from linkwright.settings import settings
from linkwright.table import Table
from linkwright.transaction import Transaction
from linkwright.webhooks import catalogue
from linkwright.webhooks.logs import bodies, event_log
from tests.carrier import PUBLIC_URL
from tests.clocks import Hand
from tests.factories import Workspace
from tests.stack import Stack
from tests.unit.egress_network import Server
from tools import listen, webhooks_page
from tools.listen import Api, Feed, Stopped
from tools.template import ROOT

SECRET = SecretStr(standard_webhooks.new_secret())
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


PING = webhooks_page.example("ping").model_dump(mode="json")


class Behind:
    """The functions, behind an HTTP client; what stands in `says` is answered before they are."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.says: list[httpx.Response | Exception] = []
        self.asked: list[str] = []
        self.api = Api(
            httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(self._answer))
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.url.query:
            path += "?" + urlencode(dict(request.url.params))
        self.asked.append(path)
        if self.says:
            said = self.says.pop(0)
            if isinstance(said, Exception):
                raise said
            return said
        answer = self.workspace.client.get(path)
        return httpx.Response(answer.status, text=answer.raw)


@pytest.fixture
def behind(stack: Stack, workspace: Workspace, hand: Hand) -> Behind:
    return Behind(workspace)


@pytest.fixture
def receiver(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", "true")
    monkeypatch.setattr(egress, "fetch", _fetch)
    settings.cache_clear()
    server = Server(TAKEN)
    yield server
    server.close()
    settings.cache_clear()


_fetch = egress.fetch


def _happen(workspace: Workspace, event_type: str = "call.queued") -> str:
    tx = Transaction(workspace.partition, "req_test")
    event_id = tx.emit(event_type, catalogue.sample(event_type), sequence=1)
    tx.commit()
    return event_id


def test_each_new_event_is_given_once_and_the_oldest_first(behind: Behind, hand: Hand) -> None:
    old = _happen(behind.workspace)
    feed = Feed(behind.api)
    assert feed.new() == []
    for _ in range(3):
        made = []
        for _ in range(5):
            hand.move(0.3)
            made.append(_happen(behind.workspace))
        assert feed.new() == made
        assert feed.new() == []
        hand.move(300)
    assert old not in feed._seen


def test_over_pages_there_are_no_gaps_and_no_repeats(
    behind: Behind, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "_PAGE", 2)
    feed = Feed(behind.api)
    before = [_happen(behind.workspace) for _ in range(7)]
    # What is made between two pages of a list is on the next list.
    meanwhile: list[str] = []
    answer = behind._answer

    def slowly(request: httpx.Request) -> httpx.Response:
        if "cursor" in str(request.url) and not meanwhile:
            hand.move(0.1)
            meanwhile.append(_happen(behind.workspace))
        return answer(request)

    behind.api = Api(
        httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(slowly))
    )
    feed._api = behind.api
    assert feed.new() == sorted(before)
    assert feed.new() == meanwhile
    assert feed.new() == []


def test_one_that_shows_late_is_given(behind: Behind, hand: Hand) -> None:
    """An event has its id before it is written."""
    feed = Feed(behind.api)
    early = events.event(
        behind.workspace.partition, "ping", catalogue.sample("ping"), 1, "req_test"
    )
    hand.move(20)
    later = _happen(behind.workspace)
    assert feed.new() == [later]
    hand.move(20)
    tx = Transaction(behind.workspace.partition, "req_test")
    tx.put(Table.CORE, early)
    tx.commit()
    assert feed.new() == [early["id"]]
    assert feed.new() == []


def test_what_is_forwarded_is_what_a_webhook_gets(behind: Behind, receiver: Server) -> None:
    event_id = _happen(behind.workspace, "call.ended")
    url = f"http://127.0.0.1:{receiver.port}/in"
    line = listen.forward(behind.api, event_id, url, SECRET, ["*"])
    assert line is not None
    assert line.split()[1:4] == ["call.ended", event_id, "204"]
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    assert (first, headers["webhook-id"]) == ("POST /in HTTP/1.1", event_id)
    told = Verifier(SECRET.get_secret_value()).verify(body, headers)
    assert told == behind.workspace.client.get(f"/v1/events/{event_id}").json


def test_what_is_too_large_is_forwarded_cut_as_a_webhook_gets_it(
    behind: Behind, receiver: Server
) -> None:
    tx = Transaction(behind.workspace.partition, "req_test")
    large = catalogue.sample("call.ended") | {"ended_detail": "x" * bodies.MAX_BYTES}
    event_id = tx.emit("call.ended", large, sequence=1, details={"attempt": 1, "is_last": True})
    tx.commit()
    url = f"http://127.0.0.1:{receiver.port}/in"
    assert listen.forward(behind.api, event_id, url, SECRET, ["*"])
    body = receiver.requests[0].partition(b"\r\n\r\n")[2]
    sent = bodies.message(event_log.stored(behind.workspace.partition, event_id) or {}, "full")
    assert json.loads(body)["data"] == {
        **{"object": {"id": large["id"]}, "attempt": 1, "is_last": True, "truncated": True},
        "url": f"http://api.test/v1/events/{event_id}",
    }
    assert body == sent.replace(PUBLIC_URL.encode(), b"http://api.test")


def test_the_status_is_told_and_other_types_are_left_out(behind: Behind, receiver: Server) -> None:
    receiver._replies = [BUSY]
    event_id = _happen(behind.workspace, "call.ended")
    url = f"http://localhost:{receiver.port}/in"
    line = listen.forward(behind.api, event_id, url, SECRET, ["call.ended"])
    assert line
    assert " 503 " in line
    assert listen.forward(behind.api, event_id, url, SECRET, ["call.queued"]) is None
    assert receiver.connections == 1
    gone = listen.forward(behind.api, event_id, "http://127.0.0.1:1/", SECRET, ["*"])
    assert gone
    assert " unreachable " in gone


def test_it_waits_for_an_api_that_has_no_answer_now(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    feed = Feed(behind.api)
    event_id = _happen(behind.workspace)
    behind.says = [
        httpx.ConnectError("down"),
        httpx.Response(503),
        httpx.Response(429, headers={"retry-after": "7"}),
    ]
    assert feed.new() == [event_id]
    assert waited == [listen.EVERY_S, listen.EVERY_S, 7]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_it_ends_where_the_api_refuses(behind: Behind, status: int) -> None:
    behind.says = [httpx.Response(status, json={"error": {"code": "because"}})]
    with pytest.raises(Stopped, match=f"{status} because"):
        Feed(behind.api)


class _Endless(BaseHTTPRequestHandler):
    """An API that has another event each time that it is asked for new ones."""

    made: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if "limit=1&" in f"{self.path}&":
            told: Any = {"data": [], "next_cursor": None}
        elif path == "/v1/events":
            self.made.append(ids.new("evt"))
            rows = [{"id": one, "created_at": clock.timestamp()} for one in self.made[1:]]
            told = {"data": rows, "next_cursor": None}
        else:
            told = PING | {"id": path.rpartition("/")[2]}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_it_runs_until_it_is_interrupted_and_says_its_secret_once() -> None:
    server, receiver = ThreadingHTTPServer(("127.0.0.1", 0), _Endless), Server(TAKEN)
    Thread(target=server.serve_forever).start()
    env = {"BASE_URL": f"http://127.0.0.1:{server.server_port}", "TOKEN": "lk_test_x"}
    command = [sys.executable, "-m", "tools.listen", f"http://127.0.0.1:{receiver.port}/in"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        assert running.stderr
        begin = [running.stdout.readline() for _ in range(5)]
        running.send_signal(signal.SIGINT)
        rest, errors = running.stdout.read(), running.stderr.read()
    server.shutdown()
    server.server_close()
    receiver.close()
    assert (running.returncode, errors) == (0, "")
    told = [line.split() for line in begin]
    assert told[0] == ["from", env["BASE_URL"], "to", command[-1]]
    name, secret = told[1]
    assert name == "secret"
    assert begin[2] == "waiting for events\n"
    assert secret not in "".join(begin[2:]) + rest
    assert [line[2] for line in told[3:]] == _Endless.made[1:3]
    for request in receiver.requests[:2]:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = (one.partition(": ") for one in head.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, _, value in lines}
        assert Verifier(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "required: url"),
        ("ftp://localhost/", "this URL is refused"),
        ("http://10.0.0.1/", "this URL is refused"),
        ("http://example.invalid/", "this URL is refused"),
        ("http://localhost/ --secret whsec_%%", "a secret is whsec_ and base64"),
        ("http://localhost/ --events call.made", "must name a type of the event catalogue"),
    ],
)
@pytest.mark.usefixtures("receiver")
def test_what_is_wrong_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["listen", *words.split()])
    with pytest.raises(SystemExit) as ended:
        listen._arguments()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
