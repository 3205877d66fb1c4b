"""How Twilio signs what it sends: X-Twilio-Signature."""

import base64
import hmac
from collections.abc import Iterable


def sign(url: str, params: Iterable[tuple[str, str]], auth_token: str) -> str:
    """Over the URL as it was given, its query included, and each form field in order of name.

    What comes by GET has no form fields: its parameters are part of the URL.
    """
    text = url + "".join(name + value for name, value in sorted(set(params)))
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), "sha1")).decode()
