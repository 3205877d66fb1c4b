"""Setting a workspace's own key: proven at its vendor, sealed, and never seen again."""

import hmac

from pydantic import SecretStr

from linkwright import deadline
from linkwright.ai.own_key import forms, keys
from linkwright.ai.own_key.models import OwnKey, SetOwnKey
from linkwright.auth import Account
from linkwright.errors import EnterpriseRequired, ProviderAway, ValidationFailed
from linkwright.providers import llm
from linkwright.providers.llm import Failure, ModelFailed
from linkwright.table import CALL_BUDGET_S
from linkwright.transaction import Transaction
from linkwright.workspace import operations
from linkwright.workspace.operations import OwnKey as Kept

_SHOWN_CHARS = 4
_PROOF_S = 10.0
# Of a key that is refused, or that may not use the model; whatever else comes may pass.
_REFUSED = frozenset({Failure.NOT_CONFIGURED, Failure.REFUSED})


def keep(account: Account, wanted: SetOwnKey, tx: Transaction) -> OwnKey:
    """In place of the one before, once its vendor has taken it.

    Errors: the plan has none (402), no such model, a key of another vendor, or one that its vendor
    refuses (400); the vendor is away (503).
    """
    tenant = operations.tenant(account.partition)
    if not tenant.plan.own_keys:
        raise EnterpriseRequired
    prefix, provider = forms.told(wanted)
    name = llm.own_model(provider, wanted.model)
    if name is None:
        raise ValidationFailed("It is none of the provider's models.", field="model")
    _prove(name, wanted.api_key)
    secret, seen = wanted.api_key.get_secret_value(), tenant.own_key
    kept = Kept(
        provider=provider,
        model=name.partition("/")[2],
        masked=f"{prefix}…{secret[-_SHOWN_CHARS:]}",
        fallback=wanted.fallback,
        fingerprint=hmac.digest(account.cursor_key.encode(), secret.encode(), "sha256").hex(),
        sealed=seen.sealed if seen else "",
    )
    if kept != seen:
        # Imported here: a key is set seldom, and what seals is dear.
        from linkwright import sealing

        kept = kept._replace(sealed=sealing.seal(secret, account.partition, keys.ENTITY))
        operations.keep_own_key(tx, account.partition, tenant.facts_v, seen, kept)
        told = {"provider": kept.provider, "model": kept.model, "key_masked": kept.masked}
        tx.audit("own_key.set", keys.ENTITY, told | {"fallback": kept.fallback})
    return keys.shown(kept, is_enabled=True)


def _prove(name: str, key: SecretStr) -> None:
    try:
        llm.prove(name, key, min(_PROOF_S, deadline.seconds_left() - 2 * CALL_BUDGET_S))
    except ModelFailed as failure:
        # Without its cause: what came of the vendor may quote the key.
        if failure.reason == Failure.NO_FUNDS:
            raise ValidationFailed(
                "The account of the key is out of credit, or has spent what it may.",
                field="api_key",
                reason="no_funds",
            ) from None
        if failure.reason in _REFUSED:
            raise ValidationFailed(
                "The provider refuses the key, or its use for this model, or its account.",
                field="api_key",
            ) from None
        raise ProviderAway from None
