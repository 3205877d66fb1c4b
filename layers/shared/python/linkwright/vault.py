"""The deployment's own credentials at carriers and models: one secret, which operators fill in.

Read once per process, before its first event: a function that needs none never asks for it.
"""

from functools import cache

from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator

from linkwright import aws
from linkwright.errors import Unavailable
from linkwright.observability import logger
from linkwright.settings import settings
from linkwright.startup import in_advance


class CarrierAccount(BaseModel):
    """An account at Twilio; `phone_number` is who calls where an agent has no number of its own."""

    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    auth_token: SecretStr = Field(min_length=16)
    phone_number: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$")
    # Twilio's own, or that of one of its regions.
    base_url: str = "https://api.twilio.com"


class Vault(BaseModel):
    """What is not there is not set up. Test mode has a carrier of its own, or none."""

    carrier: CarrierAccount | None = None
    carrier_test: CarrierAccount | None = None
    anthropic_api_key: SecretStr | None = None
    openai_api_key: SecretStr | None = None

    @model_validator(mode="after")
    def _keeps_the_modes_apart(self) -> "Vault":
        """Else what is tried out would ring the phones of people."""
        live, test = self.carrier, self.carrier_test
        if live and test and live.account_sid == test.account_sid:
            logger().error("carrier_test is the live account: test mode has no carrier")
            self.carrier_test = None
        return self


class Unreadable(Exception):
    """The secret is not of the form that docs/deploying.md describes."""


@in_advance
@cache
def vault() -> Vault:
    """Raises `Unavailable`, and `Unreadable`. Without a secret everything is not set up."""
    if not settings().secret_arn:
        return Vault()
    client = aws.secrets_manager()
    found = aws.run(lambda: client.get_secret_value(SecretId=settings().secret_arn))
    # An answer without it is not Secrets Manager's.
    if "SecretString" not in found:
        raise Unavailable
    try:
        return Vault.model_validate_json(found["SecretString"])
    except ValidationError:
        # Without the cause, which quotes what it found.
        raise Unreadable("the secret has not the form described") from None
