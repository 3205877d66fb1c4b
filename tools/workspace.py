"""Make a workspace and an API key: `python -m tools.workspace --stack linkwright-staging --help`.

Works on AWS with the credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
The key is printed once; what is stored is its hash.
"""

import argparse
import os
import sys
from collections.abc import Mapping

from pydantic import TypeAdapter

from linkwright import audit, auth, ids
from linkwright.plans import PLANS
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.workspace import keys, settings, workspaces
from linkwright.workspace.models import Country, Settings

# In place of a request's id, where no request asked for a change.
OPERATOR = "operator"


def use_stack(outputs: Mapping[str, str], stage: str) -> None:
    """Point the layer at a deployed stack, as the template points the functions."""
    os.environ |= {
        "STAGE": stage,
        "CORE_TABLE": outputs["CoreTable"],
        "ACCESS_TABLE": outputs["AccessTable"],
        "IDEM_TABLE": outputs["IdemTable"],
        "DOCS_URL": "",
    }
    os.environ.setdefault("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))


def ensure_workspace(workspace_id: str, name: str, plan: str, settings: Settings) -> Item:
    """The workspace of that id; made if there is none."""
    existing = workspaces.find(workspace_id)
    if existing is not None:
        return existing
    tx = Transaction(workspace_id, OPERATOR)
    workspace = workspaces.create(workspace_id, name, plan, settings, tx)
    tx.commit()
    return workspace


def make_key(workspace: Item, mode: str, role: str, scopes: list[str], name: str) -> str:
    """Make a key that is nobody's; an operator's are not limited in number. Returns its token."""
    return issue_key(workspace, mode, role, scopes, name)[1]


def issue_key(
    workspace: Item, mode: str, role: str, scopes: list[str], name: str
) -> tuple[Item, str]:
    """The same, with what is shown of it."""
    partition = workspace["id"] if mode == "live" else f"{workspace['id']}.test"
    tx = Transaction(partition, OPERATOR, audit.OPERATOR)
    keys.bump(tx, workspace["id"])
    made = keys.make(workspace, mode=mode, role=role, scopes=scopes, name=name, tx=tx)
    tx.commit()
    return made


def stack_outputs(stack: str) -> dict[str, str]:
    import boto3  # only the command line asks CloudFormation
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        described = boto3.client("cloudformation").describe_stacks(StackName=stack)
    except (BotoCoreError, ClientError) as failed:
        sys.exit(f"stack '{stack}' cannot be read: {failed}")
    outputs = described["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def country(code: str) -> str:
    known: str = TypeAdapter(Country).validate_python(code)
    return known


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("--workspace", help="the id of an existing workspace; else one is made")
    parser.add_argument("--name", default="Workspace", help="the name of a new workspace")
    parser.add_argument("--plan", choices=sorted(PLANS), default="free")
    parser.add_argument(
        "--country",
        type=country,
        default="US",
        help="where a new workspace may call, until its settings say otherwise: ISO 3166-1 code",
    )
    parser.add_argument("--mode", choices=["live", "test"], default="live")
    parser.add_argument("--role", choices=sorted(auth.ROLES), default="owner")
    parser.add_argument("--scope", action="append", help="repeat for several; all by default")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
    rules = settings.of_new(asked.country)
    workspace = ensure_workspace(asked.workspace or ids.new("ws"), asked.name, asked.plan, rules)
    scopes = asked.scope or sorted(auth.SCOPES)
    token = make_key(workspace, asked.mode, asked.role, scopes, "made by the operator")
    print(f"workspace {workspace['id']}\nkey       {token}")


if __name__ == "__main__":
    main()
