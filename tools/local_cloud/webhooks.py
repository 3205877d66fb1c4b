"""The secrets by which Clerk and the billing system would sign: made once, kept with the data."""

import base64
import json
import secrets
from pathlib import Path

FILE = "webhooks.json"
SENDERS = ("clerk", "billing")


def of(directory: Path) -> dict[str, str]:
    """By sender, as `whsec_…`."""
    file = directory / FILE
    if not file.exists():
        file.touch(mode=0o600)
        made = {
            one: f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}" for one in SENDERS
        }
        file.write_text(json.dumps(made))
    known: dict[str, str] = json.loads(file.read_text())
    return known


def parts(directory: Path) -> dict[str, list[str]]:
    """What the deployment's secret has of them."""
    return {f"{sender}_webhook_secrets": [secret] for sender, secret in of(directory).items()}


def demo(directory: Path) -> dict[str, str]:
    """What whoever sends webhooks of their own needs to know."""
    return {f"{sender.upper()}_WEBHOOK_SECRET": secret for sender, secret in of(directory).items()}
