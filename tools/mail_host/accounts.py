"""Whose mailboxes the host has: passwords, and tokens as a provider of OAuth gives them."""

import hmac
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN_S = 3600


@dataclass
class Manners:
    """How a host treats what is sent by it, as the real ones differ.

    `replies` are given in place of its own, by the word that is answered: MAIL, RCPT, DATA (at its
    end) or AUTH. One that `drops` hangs up where it would say that it took a mail. `watch` is told
    each of these words, whose account it is of, and from which port it comes.
    """

    files_sent: bool = False
    replaces_ids: bool = False
    loses: bool = False
    drops: bool = False
    replies: dict[str, str] = field(default_factory=dict)
    watch: Callable[[str, str, int], None] = lambda word, address, port: None


class Accounts:
    """In a file, so that who was let in by the host before is let in by the next one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        kept = json.loads(file.read_text()) if file.exists() else {}
        self._passwords: dict[str, str] = kept.get("passwords", {})
        self._refresh: dict[str, str] = kept.get("refresh", {})
        self._access: dict[str, str] = {}

    def add(self, address: str, password: str | None = None) -> str:
        """One that is there keeps its password, unless there is another. Returns it."""
        with self._lock:
            known = password or self._passwords.get(address) or secrets.token_urlsafe(12)
            self._passwords[address] = known
            self._save()
        return known

    def grant(self, address: str) -> str:
        """A refresh token, by which a client may get at the mailbox."""
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._refresh[token] = address
            self._save()
        return token

    def has(self, address: str) -> bool:
        return address.lower() in map(str.lower, self._passwords)

    @property
    def addresses(self) -> list[str]:
        return list(self._passwords)

    def lets_in(self, address: str, password: str) -> bool:
        known = self._passwords.get(address, "")
        return bool(known) and hmac.compare_digest(known.encode(), password.encode())

    def lets_in_by_token(self, address: str, token: str) -> bool:
        return self._access.get(token) == address

    def access(self, refresh_token: str) -> dict[str, object] | None:
        """What the token endpoint answers; None where the token is nobody's."""
        with self._lock:
            address = self._refresh.get(refresh_token)
            if address is None:
                return None
            token = secrets.token_urlsafe(18)
            self._access[token] = address
        return {"access_token": token, "expires_in": _TOKEN_S, "token_type": "Bearer"}

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({"passwords": self._passwords, "refresh": self._refresh}))
        fresh.replace(self._file)
