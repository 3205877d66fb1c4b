"""What the workspace endpoints show."""

from typing import Literal

from linkwright.fields import Model, Time


class WorkspaceName(Model):
    id: str
    name: str


class Credential(Model):
    """Which credential this is: never the secret itself."""

    type: Literal["api_key", "session"]
    id: str
    expires_at: Time | None
    env: Literal["live", "test"]


class Limits(Model):
    """What the plan allows: requests per credential and minute, allowances per billing cycle."""

    requests_per_minute: int
    call_minutes: int
    mailer_sends: int
    ai_credits: int
    concurrent_calls: int
    webhooks: int


class Whoami(Model):
    workspace: WorkspaceName
    plan: str
    scopes: list[str]
    role: str
    credential: Credential
    limits: Limits
