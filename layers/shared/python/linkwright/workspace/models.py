"""What the workspace endpoints show."""

from typing import Literal

from pydantic import BaseModel

from linkwright.fields import Time


class WorkspaceName(BaseModel):
    id: str
    name: str


class Credential(BaseModel):
    """Which credential this is: never the secret itself."""

    type: Literal["api_key", "session"]
    id: str
    expires_at: Time | None
    env: Literal["live", "test"]


class Limits(BaseModel):
    """What the plan allows: requests per credential and minute, allowances per billing cycle."""

    requests_per_minute: int
    call_minutes: int
    mailer_sends: int
    ai_credits: int
    concurrent_calls: int
    webhooks: int


class Whoami(BaseModel):
    workspace: WorkspaceName
    plan: str
    scopes: list[str]
    role: str
    credential: Credential
    limits: Limits
