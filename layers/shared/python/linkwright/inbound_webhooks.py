"""Others' webhooks to us, signed by secrets of the deployment's."""

from collections.abc import Callable, Sequence

from pydantic import SecretStr

from linkwright.errors import Forbidden, PayloadTooLarge
from linkwright.http import Request
from linkwright.json_body import MAX_BYTES
from linkwright.standard_webhooks import is_genuine
from linkwright.vault import Vault, reread, vault

Secrets = Callable[[Vault], Sequence[SecretStr]]


def received(request: Request, secrets: Secrets) -> bytes:
    """The body of a message, if its sender has signed it just now. Nothing is read before.

    Raises `Forbidden` and `PayloadTooLarge`.
    """
    body = request.body()
    if len(body) > MAX_BYTES:
        raise PayloadTooLarge(f"The body is larger than {MAX_BYTES // 1024} KB.")
    if not is_genuine(request, body, secrets(vault())):
        # Perhaps by a secret that is newer than what we know.
        reread()
        if not is_genuine(request, body, secrets(vault())):
            raise Forbidden
    return body
