"""The local cloud's telephone carriers, one for each mode, and how the deployment knows of them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mypy_boto3_secretsmanager import SecretsManagerClient

from tools.carrier import Account, Carrier, start_carrier
from tools.local_cloud.deployment import session
from tools.local_cloud.processes import is_free
from tools.secret import missing

# By the names of their accounts in the secret; each is remembered in a file of that name.
LIVE, TEST = "carrier", "carrier_test"
# Where the carrier calls back. It stands for the front door whatever the port of that is, so that
# another port takes no new deployment.
PUBLIC_URL = "https://linkwright.invalid"
PHONE_NUMBER = "+12025550143"
DIALS_PER_SECOND = 10
# A talk of half a minute is over in some seconds.
TIME_SCALE = 0.06


def parameters() -> dict[str, str]:
    return {"PublicUrl": PUBLIC_URL, "DialsPerSecond": str(DIALS_PER_SECOND)}


@contextmanager
def start(directory: Path, front_door: str, name: str = LIVE) -> Iterator[Carrier]:
    """A carrier, with the account of the first run and what it did since.

    On the same port too, if it is free: what functions read of the secret they never read again,
    and some may begin before a new address is written there.
    """
    file = directory / f"{name}.json"
    account, port = _remembered(file)
    with start_carrier(
        port if is_free(port) else 0,
        time_scale=TIME_SCALE,
        origins={PUBLIC_URL: front_door},
        account=account,
        kept_in=directory / f"{name}.calls.json",
    ) as carrier:
        _remember(file, carrier)
        yield carrier


def tell(
    endpoint: str,
    outputs: Mapping[str, str],
    carriers: Mapping[str, Carrier],
    others: Mapping[str, object],
) -> None:
    """Write the carriers, and others' parts, into the deployed secret; what else is there stays,
    and what is ours to make is added once.
    """
    client: SecretsManagerClient = session().client("secretsmanager", endpoint_url=endpoint)
    accounts = {
        name: {
            "account_sid": carrier.account_sid,
            "auth_token": carrier.auth_token,
            "phone_number": PHONE_NUMBER,
            "base_url": carrier.base_url,
        }
        for name, carrier in carriers.items()
    }
    try:
        known = json.loads(client.get_secret_value(SecretId=outputs["Secret"])["SecretString"])
    except client.exceptions.ResourceNotFoundException:
        known = {}
    wanted = known | accounts | dict(others)
    wanted |= missing(wanted)
    if wanted != known:
        client.put_secret_value(SecretId=outputs["Secret"], SecretString=json.dumps(wanted))


def _remembered(file: Path) -> tuple[Account, int]:
    if not file.exists():
        return Account(), 0
    known = json.loads(file.read_text())
    return Account(known["account_sid"], known["auth_token"]), known["port"]


def _remember(file: Path, carrier: Carrier) -> None:
    if not file.exists():
        file.touch(mode=0o600)
        known = {
            "account_sid": carrier.account_sid,
            "auth_token": carrier.auth_token,
            "port": urlsplit(carrier.base_url).port,
        }
        file.write_text(json.dumps(known))
