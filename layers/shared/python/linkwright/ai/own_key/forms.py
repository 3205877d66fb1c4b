"""Whose a key is, by what it begins with: no part of what is secret."""

from linkwright.ai.own_key.models import SetOwnKey
from linkwright.errors import ValidationFailed

# Of vendors that are not offered, and whose keys are often at hand beside those that are: what is
# known to be theirs is told to nobody else. DeepSeek and others begin theirs as OpenAI does.
_OTHERS = (
    *("sk-or-", "sk-lf-", "sk-kimi-", "xai-", "AIza", "gsk_", "pplx-", "hf_", "r8_", "nvapi-"),
    *("csk-", "tgp_", "tvly-", "fw_", "ABSK", "AKIA", "ASIA", "sk_", "rk_", "pk_", "lk_", "whsec_"),
    *("ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "dop_"),
)
_OURS = {
    "sk-ant-": "anthropic",
    "sk-proj-": "openai",
    "sk-svcacct-": "openai",
    "sk-admin-": "openai",
    "sk-": "openai",
}
# The longest first, as some begin as others do.
_PREFIXES = sorted((*_OURS, *_OTHERS), key=len, reverse=True)


def told(wanted: SetOwnKey) -> tuple[str, str]:
    """What the key begins with that all of its kind do, and its provider.

    Errors: it is known to be of another one than is said, or of none that is offered, or neither
    its form nor the request tells (400).
    """
    secret = wanted.api_key.get_secret_value()
    prefix = next((one for one in _PREFIXES if secret.startswith(one)), "")
    provider = _OURS.get(prefix)
    if prefix and provider is None:
        raise ValidationFailed("It is a key of a provider that is not offered.", field="api_key")
    if provider and wanted.provider not in {None, provider}:
        raise ValidationFailed("The key is of another provider.", field="provider")
    if provider is None and wanted.provider is None:
        raise ValidationFailed("Name the provider of a key of this form.", field="provider")
    return prefix, provider or str(wanted.provider)
