"""What the template tells a function through its environment."""

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Settings:
    stage: str
    core_table: str
    access_table: str
    idem_table: str
    dial_queue_url: str
    event_queue_url: str
    cors_origins: frozenset[str]
    docs_url: str
    aws_region: str
    dynamodb_endpoint: str | None


@cache
def settings() -> Settings:
    """Read once per process, at first use."""
    env = os.environ
    return Settings(
        stage=env["STAGE"],
        core_table=env["CORE_TABLE"],
        access_table=env["ACCESS_TABLE"],
        idem_table=env["IDEM_TABLE"],
        dial_queue_url=env.get("DIAL_QUEUE_URL", ""),
        event_queue_url=env.get("EVENT_QUEUE_URL", ""),
        cors_origins=frozenset(filter(None, env.get("CORS_ORIGINS", "").split(","))),
        docs_url=env["DOCS_URL"],
        aws_region=env["AWS_REGION"],
        dynamodb_endpoint=env.get("AWS_ENDPOINT_URL_DYNAMODB") or env.get("AWS_ENDPOINT_URL"),
    )
