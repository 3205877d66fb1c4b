"""The deployment's own credentials at carriers and models: one secret, which operators fill in.

Read once per process, before its first event: a function that needs none never asks for it. Where
what is known of it is refused, it is read again.
"""

from functools import cache

from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from linkwright import aws, clock
from linkwright.errors import Unavailable
from linkwright.observability import log_failure, logger
from linkwright.settings import settings
from linkwright.startup import in_advance

# No more often is it read again, whoever sends what we cannot take.
REREAD_S = 10


class CarrierAccount(BaseModel):
    """An account at Twilio; `phone_number` is who calls where an agent has no number of its own.

    `secondary_auth_token` is there while the token is changed: Twilio takes both, and signs with
    the primary one, which it may be from any moment on.
    """

    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    auth_token: SecretStr = Field(min_length=16)
    secondary_auth_token: SecretStr | None = Field(default=None, min_length=16)
    phone_number: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$")
    # Twilio's own, or that of one of its regions.
    base_url: str = "https://api.twilio.com"

    @property
    def tokens(self) -> list[SecretStr]:
        """By which it may be asked, and may sign; the primary one first."""
        return [self.auth_token, *filter(None, [self.secondary_auth_token])]


class Vault(BaseModel):
    """What is not there is not set up. Test mode has a carrier of its own, or none."""

    carrier: CarrierAccount | None = None
    carrier_test: CarrierAccount | None = None
    anthropic_api_key: SecretStr | None = None
    openai_api_key: SecretStr | None = None
    # Of those who send us webhooks; several while one is changed.
    clerk_webhook_secrets: list[SecretStr] = []
    billing_webhook_secrets: list[SecretStr] = []
    # Of CloudFront, where it stands before short links; two while one is changed. Read without a
    # model, by links/redirect/front.py.
    origin_secret: SecretStr | None = None
    origin_secret_before: SecretStr | None = None
    _read_at: int = PrivateAttr(default_factory=clock.epoch)

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
    return _read() if settings().secret_arn else Vault()


def carrier_account(partition: str) -> CarrierAccount | None:
    """The account of a workspace's mode. Where there is none, perhaps there is by now."""
    name = "carrier_test" if partition.endswith(".test") else "carrier"
    if getattr(vault(), name) is None:
        reread()
    found: CarrierAccount | None = getattr(vault(), name)
    return found


def reread() -> None:
    """Know the secret as it is now; as it was, where it was read just now or cannot be."""
    known, now = vault(), clock.epoch()
    if now - known._read_at < REREAD_S or not settings().secret_arn:
        return
    # Also where it fails: whoever sends forgeries is not to wear out what others need.
    known._read_at = now
    try:
        fresh = _read()
    except (Unavailable, Unreadable) as failure:
        log_failure("the secret could not be read again", failure)
        return
    for name in Vault.model_fields:
        setattr(known, name, getattr(fresh, name))


def _read() -> Vault:
    client = aws.secrets_manager()
    found = aws.run(lambda: client.get_secret_value(SecretId=settings().secret_arn))
    if f"{found.get('__type')}".endswith("ResourceNotFoundException"):
        # A deployment makes it without a value.
        return Vault()
    # An answer without it is not Secrets Manager's.
    if "SecretString" not in found:
        raise Unavailable
    try:
        return Vault.model_validate_json(found["SecretString"])
    except ValidationError:
        # Without the cause, which quotes what it found.
        raise Unreadable("the secret has not the form described") from None
