"""One request of Twilio's REST API, and what its failures mean."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, SecretStr, ValidationError

from linkwright import clock, egress
from linkwright.egress import Answer
from linkwright.providers import twilio_words
from linkwright.providers.telephony_types import Refusal

API_URL = "https://api.twilio.com"
MAX_BYTES = 1_000_000
# A recording may lie elsewhere; the credentials do not go along.
_REDIRECTS = 2
_MAX_RETRY_AFTER_S = 3600

Form = Sequence[tuple[str, str]]
Read = TypeVar("Read", bound=BaseModel)


class TwilioError(Exception):
    """The text may be logged and shown: it has no number, no URL and no credential in it."""


class NotPlaced(TwilioError):
    """There is no call: Twilio said no, or never heard of it. `may_pass`: it may be said later."""

    def __init__(self, refusal: Refusal, *, may_pass: bool = False) -> None:
        super().__init__(refusal.detail)
        self.refusal, self.may_pass = refusal, may_pass


class RateLimited(NotPlaced):
    """There is no call: too many were placed at once. Seconds to wait, where Twilio says so."""

    def __init__(self, retry_after_s: int | None) -> None:
        super().__init__(Refusal("The carrier takes no more calls now."), may_pass=True)
        self.retry_after_s = retry_after_s


class Unknown(TwilioError):
    """There may be a call: it is to be looked for, and never placed again."""


class Unavailable(TwilioError):
    """No answer to what may be asked again."""


class NotFound(TwilioError):
    """Twilio has no such call or recording."""


class Rejected(TwilioError):
    """Twilio said no, to something else than placing a call."""

    def __init__(self, status: int, code: int | None) -> None:
        super().__init__(f"status {status}, error {code}")
        self.code = code


class AccountRefused(TwilioError):
    """Twilio refuses whoever asks: a wrong token, an account that is suspended, no permission.

    Nothing was done, and nothing is known of what was asked for.
    """

    def __init__(self, status: int, code: int | None) -> None:
        super().__init__(f"status {status}, error {code}")


class _Problem(BaseModel):
    code: int | None = None


class Watch:
    """Whoever watches over an account. This one knows of nothing, and keeps nothing back."""

    def require_open(self) -> None:
        """Before it is asked anything but to place a call: raise, if it is not to be asked now."""

    def other_tokens(self, refused: SecretStr) -> Sequence[SecretStr]:
        """By which it may be asked as well, now that one is refused."""
        return ()

    def refused(self, why: AccountRefused) -> None:
        """May raise what is to be told in its stead."""

    def accepted(self) -> None:
        """It answered, if only that something else is wrong."""


@dataclass(frozen=True)
class Account:
    sid: str
    auth_token: SecretStr
    base_url: str = API_URL
    watch: Watch = field(default_factory=Watch)

    def path(self, rest: str) -> str:
        return f"/2010-04-01/Accounts/{self.sid}/{rest}"


def place(account: Account, form: Form, timeout_s: float) -> Answer:
    """Order a call. Raises `NotPlaced`, `RateLimited` or `Unknown`, by what is known of it, and
    `AccountRefused`.
    """
    try:
        answer = _send(account, "POST", account.path("Calls.json"), timeout_s, form)
    except egress.Refused as failure:
        raise NotPlaced(Refusal("The carrier's address is refused.", is_ours=True)) from failure
    except egress.Unreachable as failure:
        # Not all of the request was sent.
        raise NotPlaced(Refusal("The carrier cannot be reached."), may_pass=True) from failure
    except egress.EgressError as failure:
        raise Unknown("no answer") from failure
    if answer.status == 429:
        raise RateLimited(_retry_after_s(answer))
    # Whoever says 408 may not be the one who dials.
    if 400 <= answer.status < 500 and answer.status != 408:
        raise NotPlaced(twilio_words.refusal(_code(answer)))
    if not 200 <= answer.status < 300:
        raise Unknown(f"status {answer.status}")
    return answer


def ask(
    account: Account,
    method: str,
    path: str,
    timeout_s: float,
    form: Form = (),
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """What may be asked twice. Raises `Unavailable`, `NotFound`, `Rejected` or `AccountRefused`."""
    account.watch.require_open()
    try:
        answer = _send(account, method, path, timeout_s, form, max_bytes)
    except egress.EgressError as failure:
        raise Unavailable(type(failure).__name__) from failure
    if 200 <= answer.status < 300:
        return answer
    if answer.status == 404:
        raise NotFound("status 404")
    if 400 <= answer.status < 500 and answer.status not in {408, 429}:
        raise Rejected(answer.status, _code(answer))
    raise Unavailable(f"status {answer.status}")


def read(model: type[Read], answer: Answer, otherwise: type[TwilioError]) -> Read:
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        # Without the cause, which quotes what came.
        raise otherwise("the answer cannot be read") from None


def is_mp3(sound: bytes) -> bool:
    """It begins with a tag, or with a frame, whose first eleven bits are ones."""
    return sound[:3] == b"ID3" or (sound[:1] == b"\xff" and sound[1:2] >= b"\xe0")


def _send(
    account: Account,
    method: str,
    path: str,
    timeout_s: float,
    form: Form,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Ask, by each token that there is; raises `AccountRefused` where none will do."""
    end = clock.monotonic() + timeout_s
    answer = _sent(account, method, path, timeout_s, form, max_bytes)
    if answer.status == 401:
        for token in account.watch.other_tokens(account.auth_token):
            account = replace(account, auth_token=token)
            answer = _sent(account, method, path, end - clock.monotonic(), form, max_bytes)
            if answer.status != 401:
                break
    _judge(account, answer)
    return answer


def _judge(account: Account, answer: Answer) -> None:
    """Have it known what the answer says of the account."""
    # Where a recording lies, nobody knows our account.
    is_its_own = answer.url.startswith(account.base_url)
    if is_its_own and 400 <= answer.status < 500:
        code = _code(answer)
        if twilio_words.is_about_account(answer.status, code):
            refused = AccountRefused(answer.status, code)
            account.watch.refused(refused)
            raise refused
    if 200 <= answer.status < 500 and answer.status not in {408, 429}:
        account.watch.accepted()


def _sent(
    account: Account, method: str, path: str, timeout_s: float, form: Form, max_bytes: int
) -> Answer:
    credentials = f"{account.sid}:{account.auth_token.get_secret_value()}".encode()
    headers = {"authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    if form:
        headers["content-type"] = "application/x-www-form-urlencoded"
    return egress.fetch(
        account.base_url + path,
        method=method,
        headers=headers,
        body=urlencode(form).encode() if form else None,
        timeout_s=timeout_s,
        max_bytes=max_bytes,
        redirects=_REDIRECTS,
    )


def _code(answer: Answer) -> int | None:
    try:
        return _Problem.model_validate_json(answer.body).code
    except ValidationError:
        return None


def _retry_after_s(answer: Answer) -> int | None:
    text = answer.headers.get("retry-after", "")
    seconds = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None
    return None if seconds is None else min(seconds, _MAX_RETRY_AFTER_S)
