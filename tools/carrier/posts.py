"""What the carrier sends: signed requests to the URLs it was given, on loopback only."""

import http.client
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from tools.carrier.orders import Hook
from tools.carrier.signatures import sign

# Twilio waits this long for an answer.
TIMEOUT_S = 15
# More than Twilio takes as a document.
_READ_BYTES = 128 * 1024


class Unreachable(Exception):
    """No answer: refused, broken off, or too late."""


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
        """`token` is the same for all copies of one message. Raises `Unreachable`."""
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
        answer: Answer | None = None
        try:
            answer = self._exchange(hook.method, url, body, headers)
        finally:
            status = answer.status if answer else None
            with self._lock:
                self.sent.append(
                    Post(kind, call_sid, hook.method, url, dict(params), headers, status)
                )
        return answer

    def _address(self, hook: Hook, params: Mapping[str, str]) -> tuple[str, str | None]:
        # The fragment is Twilio's place for connection overrides: neither sent nor signed.
        parts = urlsplit(hook.url)._replace(fragment="")
        if hook.method == "POST":
            return urlunsplit(parts), urlencode(params)
        query = "&".join(filter(None, (parts.query, urlencode(params))))
        return urlunsplit(parts._replace(query=query)), None

    def _exchange(
        self, method: str, url: str, body: str | None, headers: Mapping[str, str]
    ) -> Answer:
        if not self.reaches(url):
            raise Unreachable(f"only loopback is called here: {url}")
        target = urlsplit(self._target(urlsplit(url)))
        kind = http.client.HTTPSConnection if target.scheme == "https" else None
        made = (kind or http.client.HTTPConnection)(target.netloc, timeout=TIMEOUT_S)
        try:
            path = urlunsplit(("", "", target.path or "/", target.query, ""))
            made.request(method, path, body, dict(headers))
            answer = made.getresponse()
            return Answer(
                answer.status, answer.headers.get("Content-Type", ""), answer.read(_READ_BYTES)
            )
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        finally:
            made.close()

    def _target(self, parts: SplitResult) -> str:
        origin = f"{parts.scheme}://{parts.netloc}"
        return self.origins.get(origin, origin) + urlunsplit(
            ("", "", parts.path, parts.query, parts.fragment)
        )


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
