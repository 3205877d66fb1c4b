"""Whether the parameters of a deployment are whole, and are such as the template takes."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from linkwright.webhooks.models import is_arn
from tools.template import template

# By vendor, the part of the secret with its key.
MODEL_KEYS = {"anthropic": "anthropic_api_key", "openai": "openai_api_key"}


class Finding(NamedTuple):
    """What is missing, and how it is got; the stack does without it if it does not stop us."""

    text: str
    stops: bool = True


def chosen(overrides: str | list[str]) -> dict[str, str]:
    """`parameter_overrides` of samconfig.toml, as SAM takes them."""
    words = shlex.split(overrides) if isinstance(overrides, str) else overrides
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs}


def judged(env: str, given: Mapping[str, str], region: str) -> Iterator[Finding]:
    declared: dict[str, dict[str, Any]] = template()["Parameters"]
    for name, value in given.items():
        if name not in declared:
            yield _wrong(env, f"{name} is no parameter of template.yaml: take it out")
        elif fault := _fault(declared[name], value):
            yield _wrong(env, f"{name}={value} {fault}")
    for name, one in declared.items():
        if "Default" not in one and name not in given:
            yield _wrong(env, f"{name} is wanted: {one.get('Description', '')}")
    yield from _pairs(env, given, region)
    yield from _receivers(env, given, region)


def _fault(declared: Mapping[str, Any], value: str) -> str | None:
    if "AllowedValues" in declared:
        allowed = [str(one) for one in declared["AllowedValues"]]
        return None if value in allowed else f"is none of {', '.join(allowed)}"
    if declared["Type"] == "Number":
        if not re.fullmatch(r"-?\d+", value):
            return "is no number"
        least, most = declared.get("MinValue"), declared.get("MaxValue")
        if least is not None and int(value) < least:
            return f"is less than {least}"
        return f"is more than {most}" if most is not None and int(value) > most else None
    pattern = declared.get("AllowedPattern", "")
    return f"is not like {pattern}" if pattern and not re.match(f"(?:{pattern})$", value) else None


def _pairs(env: str, given: Mapping[str, str], region: str) -> Iterator[Finding]:
    domain, certificate = given.get("DomainName"), given.get("CertificateArn", "")
    if domain and not certificate:
        told = f"aws acm request-certificate --domain-name {domain} --validation-method DNS"
        yield _wrong(env, f"DomainName needs a CertificateArn: {told}")
    if certificate and not domain:
        yield _wrong(env, "CertificateArn is of no use without a DomainName")
    if certificate and region and certificate.split(":")[3:4] != [region]:
        yield _wrong(env, f"CertificateArn is not of {region}, where the stack is")
    pinned = [bool(given.get(name)) for name in ("ClerkPublicKey", "ClerkKeyId")]
    if any(pinned) and not all(pinned):
        yield _wrong(env, "ClerkPublicKey and ClerkKeyId go together")
    if given.get("ClerkIssuer") and not (any(pinned) or given.get("ClerkJwksUrl")):
        told = f"ClerkJwksUrl={given['ClerkIssuer']}/.well-known/jwks.json"
        yield _wrong(env, f"ClerkIssuer needs the keys of its sessions: {told}")
    if not (given.get("PublicUrl") or domain):
        text = "no PublicUrl and no DomainName, so no call is made: docs/deploying.md, 1 and 5"
        yield Finding(text, stops=False)
    subnets, groups = given.get("WebhookSubnetIds"), given.get("WebhookSecurityGroupIds")
    if bool(subnets) != bool(groups):
        yield _wrong(env, "WebhookSubnetIds and WebhookSecurityGroupIds go together")
    if not given.get("MailFrom"):
        text = (
            "no MailFrom, so nobody is mailed an alert of links, a digest, or that a webhook fails:"
            " docs/deploying.md, 5"
        )
        yield Finding(text, stops=False)
    if not (given.get("AlarmEmail") or given.get("AlarmTopicArn")):
        text = "nobody is told of alarms: add AlarmEmail=you@example.com to samconfig.toml"
        yield Finding(text, stops=False)


def _receivers(env: str, given: Mapping[str, str], region: str) -> Iterator[Finding]:
    for arn in webhook_arns(given):
        if not is_arn(arn):
            yield _wrong(env, f"WebhookArns: {arn} is the ARN of no event bus and of no queue")
        elif region and arn.split(":")[3] != region:
            yield _wrong(env, f"WebhookArns: {arn} is not of {region}, where the stack is")


def webhook_arns(given: Mapping[str, str]) -> list[str]:
    return list(filter(None, given.get("WebhookArns", "").split(",")))


def _wrong(env: str, text: str) -> Finding:
    return Finding(f"samconfig.toml, [{env}.deploy.parameters] parameter_overrides: {text}")
