"""What is missing of the deployment's secret and ours to make is added, and nothing is replaced."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from linkwright.links.redirect.front import MIN_CHARS
from linkwright.vault import Vault
from tools import secret
from tools.secret import NotOurs, add, missing
from tools.template import ROOT

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

OURS = ["billing_webhook_secrets", "origin_secret"]


@pytest.fixture
def client(environment: pytest.MonkeyPatch) -> Iterator["SecretsManagerClient"]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment.setenv(name, "test")
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


def _kept(client: "SecretsManagerClient", arn: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(
        client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
    )
    return kept


def test_a_secret_without_a_value_gets_all_that_is_ours(client: "SecretsManagerClient") -> None:
    arn = client.create_secret(Name="s")["ARN"]
    assert add(client, arn) == OURS
    kept = _kept(client, arn)
    assert sorted(kept) == OURS
    assert len(kept["origin_secret"]) >= MIN_CHARS
    assert Vault.model_validate(kept).billing_webhook_secrets[0].get_secret_value()[:6] == "whsec_"
    assert (add(client, arn), _kept(client, arn)) == ([], kept)


@pytest.mark.parametrize("there", ["s" * 32, "", None])
def test_what_is_there_stays_be_it_empty(client: "SecretsManagerClient", there: object) -> None:
    known = {"carrier": {"auth_token": "t"}, "origin_secret": there, "anthropic_api_key": "a"}
    arn = client.create_secret(Name="s", SecretString=json.dumps(known))["ARN"]
    assert add(client, arn) == ["billing_webhook_secrets"]
    kept = _kept(client, arn)
    assert kept.pop("billing_webhook_secrets")
    assert kept == known


def test_what_somebody_writes_meanwhile_is_not_taken_back(
    client: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = client.create_secret(Name="s", SecretString='{"openai_api_key": "old"}')["ARN"]
    others = iter(['{"openai_api_key": "new"}'])

    def made(known: Any) -> dict[str, Any]:
        if now := next(others, None):
            client.put_secret_value(SecretId=arn, SecretString=now)
        return missing(known)

    monkeypatch.setattr(secret, "missing", made)
    assert add(client, arn) == OURS
    assert _kept(client, arn)["openai_api_key"] == "new"


@pytest.mark.parametrize("value", ["[]", "no JSON", '"text"'])
def test_what_is_no_secret_of_ours_is_left_alone(
    client: "SecretsManagerClient", value: str
) -> None:
    arn = client.create_secret(Name="s", SecretString=value)["ARN"]
    with pytest.raises(NotOurs):
        add(client, arn)
    assert client.get_secret_value(SecretId=arn)["SecretString"] == value


def test_all_that_is_ours_is_in_what_is_made_anew_each_time() -> None:
    assert sorted(missing({})) == OURS
    assert missing({}) != missing({})
    assert set(OURS) < set(Vault.model_fields)


def test_deploying_adds_it_last() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\ndeploy:")[2].partition("\n.PHONY")[0]
    assert recipe.index("'$(SAM)' deploy") < recipe.index("tools.secret")
