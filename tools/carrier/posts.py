"""What the carrier sends: signed requests to the URLs it was given, on loopback only."""

import http.client
import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from tools.carrier.orders import Hook
from tools.carrier.overrides import NOT_CONNECTED, NOT_READ, Overrides, bare, failure, overrides
from tools.carrier.signatures import sign

# More than Twilio takes as a document.
_READ_BYTES = 128 * 1024


class Unreachable(Exception):
    """No answer: refused, or broken off or too late; `failure` as a policy calls it."""

    def __init__(self, text: str, failure: str) -> None:
        super().__init__(text)
        self.failure = failure


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Post:
    """One request as it went out; `status` is what came back, None for nothing."""

    kind: str
    call_sid: str
    method: str
    url: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    status: int | None


@dataclass
class Poster:
    """`origins` maps a public origin, as in a URL, to the loopback one that stands for it."""

    auth_token: str
    origins: dict[str, str]
    sent: list[Post] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def reaches(self, url: str) -> bool:
        try:
            target = urlsplit(self._target(urlsplit(url)))
            return target.scheme in ("http", "https") and _is_loopback(target.hostname or "")
        except ValueError:
            return False

    def send(
        self, kind: str, call_sid: str, hook: Hook, params: Mapping[str, str], token: str
    ) -> Answer:
        """As often as the URL's overrides say. Raises `Unreachable`.

        `token` is the same for all copies of one message.
        """
        rules, began, tries = overrides(hook.url), time.monotonic(), 0
        while True:
            got = self._try(kind, call_sid, hook, params, token)
            tries, passed_s = tries + 1, time.monotonic() - began
            wrong = got.failure if isinstance(got, Unreachable) else failure(got.status)
            if not rules.asks_again(wrong, tries, passed_s):
                break
        if isinstance(got, Unreachable):
            raise got
        return got

    def _try(
        self, kind: str, call_sid: str, hook: Hook, params: Mapping[str, str], token: str
    ) -> Answer | Unreachable:
        url, body = self._address(hook, params)
        form = params if hook.method == "POST" else {}
        headers = {
            "Host": urlsplit(url).netloc,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Cache-Control": "max-age=259200",
            "I-Twilio-Idempotency-Token": token,
            "X-Twilio-Signature": sign(url, form.items(), self.auth_token),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        got = self._exchange(hook.method, url, body, headers, overrides(hook.url))
        status = got.status if isinstance(got, Answer) else None
        with self._lock:
            self.sent.append(Post(kind, call_sid, hook.method, url, dict(params), headers, status))
        return got

    def _address(self, hook: Hook, params: Mapping[str, str]) -> tuple[str, str | None]:
        parts = urlsplit(bare(hook.url))
        if hook.method == "POST":
            return urlunsplit(parts), urlencode(params)
        query = "&".join(filter(None, (parts.query, urlencode(params))))
        return urlunsplit(parts._replace(query=query)), None

    def _exchange(
        self, method: str, url: str, body: str | None, headers: Mapping[str, str], waits: Overrides
    ) -> Answer | Unreachable:
        if not self.reaches(url):
            return Unreachable(f"only loopback is called here: {url}", NOT_CONNECTED)
        target = urlsplit(self._target(urlsplit(url)))
        kind = http.client.HTTPSConnection if target.scheme == "https" else None
        made = (kind or http.client.HTTPConnection)(target.netloc, timeout=waits.connect_s)
        stage = NOT_CONNECTED
        try:
            made.connect()
            stage = NOT_READ
            made.sock.settimeout(waits.read_s)
            path = urlunsplit(("", "", target.path or "/", target.query, ""))
            made.request(method, path, body, dict(headers))
            answer = made.getresponse()
            return Answer(
                answer.status, answer.headers.get("Content-Type", ""), answer.read(_READ_BYTES)
            )
        except (OSError, http.client.HTTPException) as error:
            return Unreachable(str(error) or type(error).__name__, stage)
        finally:
            made.close()

    def _target(self, parts: SplitResult) -> str:
        origin = f"{parts.scheme}://{parts.netloc}"
        return self.origins.get(origin, origin) + urlunsplit(
            ("", "", parts.path, parts.query, parts.fragment)
        )


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
