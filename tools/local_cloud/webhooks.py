"""The secrets by which Clerk and the billing system would sign: made once, kept with the data."""

import json
from pathlib import Path

from tools.secret import webhook_secret

FILE = "webhooks.json"
SENDERS = ("clerk", "billing")


def of(directory: Path) -> dict[str, str]:
    """By sender, as `whsec_…`."""
    file = directory / FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({one: webhook_secret() for one in SENDERS}))
    known: dict[str, str] = json.loads(file.read_text())
    return known


def parts(directory: Path) -> dict[str, list[str]]:
    """What the deployment's secret has of them."""
    return {f"{sender}_webhook_secrets": [secret] for sender, secret in of(directory).items()}


def demo(directory: Path) -> dict[str, str]:
    """What whoever sends webhooks of their own needs to know."""
    return {f"{sender.upper()}_WEBHOOK_SECRET": secret for sender, secret in of(directory).items()}
