"""The local cloud's vendors of models, whom only workspaces' own keys ask."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local_cloud.processes import is_free
from tools.vendors import Vendors, start_vendors

FILE = "vendors.json"


def parameters(vendors: Vendors) -> dict[str, str]:
    return {"VendorsUrl": vendors.url}


def demo(vendors: Vendors) -> dict[str, str]:
    return {"BYOK_KEY": vendors.key, "BYOK_ANTHROPIC_KEY": vendors.anthropic_key}


@contextmanager
def start(directory: Path) -> Iterator[Vendors]:
    """With the key of the first run, on its port if that is free."""
    file = directory / FILE
    kept = json.loads(file.read_text()) if file.exists() else {}
    key, port = kept.get("key") or f"sk-proj-{secrets.token_hex(20)}", kept.get("port", 0)
    with start_vendors(key, port if is_free(port) else 0) as vendors:
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(json.dumps({"key": key, "port": vendors.port}))
        yield vendors
