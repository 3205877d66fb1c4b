"""Each hour: delete visitors' hashes and salts of past days, and make the next day's salt."""

from collections.abc import Mapping
from typing import Any

from linkwright.links.metrics import forgetting
from linkwright.worker import scheduled


@scheduled
def handler(event: Mapping[str, Any]) -> int:
    return forgetting.run()
