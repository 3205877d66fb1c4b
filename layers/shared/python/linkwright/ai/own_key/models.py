"""What the endpoints of own keys take and show."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, RequestModel

_KEY = re.compile(r"[A-Za-z0-9_-]{20,300}", re.ASCII)
Provider = Literal["anthropic", "openai"]


def _of_a_key(key: SecretStr) -> SecretStr:
    if _KEY.fullmatch(key.get_secret_value()):
        return key
    raise PydanticCustomError("api_key", "must be 20 to 300 letters, digits, hyphens, underscores")


class SetOwnKey(RequestModel):
    """The provider is told by the form of the key, unless it is said; a model is one of those that
    are offered. With `fallback`, where the provider fails the deployment's own model answers, for
    what it costs.
    """

    api_key: Annotated[
        SecretStr,
        Field(min_length=20, max_length=300, json_schema_extra={"pattern": f"^{_KEY.pattern}$"}),
        AfterValidator(_of_a_key),
    ]
    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    provider: Provider | None = None
    fallback: bool = False


class OwnKey(Model):
    """The workspace's own key: `enabled` while its plan lets it be used. Never the key itself."""

    configured: bool
    enabled: bool
    provider: str | None
    model: str | None
    key_masked: str | None
