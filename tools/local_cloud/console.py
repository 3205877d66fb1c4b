"""What `make run` shows."""

import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tools.local_cloud.cloud import DIRECTORY, Cloud, start_cloud
from tools.local_cloud.demo_data import FILE
from tools.local_cloud.emulator import IDLE_SECONDS
from tools.local_cloud.processes import LocalCloudError, shown

FAILED = 1


def run(port: int, directory: Path = DIRECTORY, idle_seconds: int = IDLE_SECONDS) -> int:
    """Until MiniStack ends by itself or an exception ends this."""
    began = time.monotonic()
    try:
        with start_cloud(port, directory, idle_seconds=idle_seconds, say=_say) as cloud:
            _say(f"Ready after {time.monotonic() - began:.1f} s\n")
            _say(_table(cloud, directory))
            code = cloud.emulator.process.wait()
            _say(f"MiniStack ended by itself ({code}): see {shown(cloud.emulator.log)}")
    except (LocalCloudError, BotoCoreError, ClientError) as problem:
        print(problem, file=sys.stderr, flush=True)
    return FAILED


def _say(text: str) -> None:
    print(text, flush=True)


def _table(cloud: Cloud, directory: Path) -> str:
    rows = {
        "API": cloud.base_url,
        "AWS endpoint": cloud.endpoint_url,
        "Carrier": cloud.carrier.base_url,
        "Mail": cloud.mail.url,
        **cloud.demo,
    }
    width = max(map(len, rows))
    lines = [f"  {name.ljust(width)}  {value}" for name, value in rows.items()]
    lines += ["", f"  The same in {shown(directory / FILE)}. Try:", "", _curl(cloud), ""]
    return "\n".join([*lines, "  Ctrl-C stops it and keeps the data."])


def _curl(cloud: Cloud) -> str:
    token = cloud.demo.get("TOKEN", "")
    agent = cloud.demo.get("AGENT_ID", "")
    return (
        f"curl {cloud.base_url}/v1/voice/calls \\\n"
        f'  -H "Authorization: Bearer {token}" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f'  -H "Idempotency-Key: demo-$RANDOM$RANDOM" \\\n'
        f"""  -d '{{"agent_id": "{agent}", "to": "+972541234567"}}'"""
    )
