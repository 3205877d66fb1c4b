"""Look after a workspace: `python -m tools.workspace --stack linkwright-staging --help`.

    python -m tools.workspace --stack linkwright-prod create --name Acme --plan pro --country IL
    python -m tools.workspace --stack linkwright-prod key ws_… --name CI --scope calls:read
    python -m tools.workspace --stack linkwright-prod member ws_… org_… user_… --role admin
    python -m tools.workspace --stack linkwright-prod plan ws_… business
    python -m tools.workspace --stack linkwright-prod number ws_… +972…

What is so already stays, and is said; a key's token is printed once, as only its hash is stored.
Works on AWS with the credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence

from pydantic import TypeAdapter

from linkwright import audit, auth, ids, ownership
from linkwright.errors import Unavailable
from linkwright.plans import PLANS
from linkwright.table import Item, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import billing, facts, keys, members, people, settings, workspaces
from linkwright.workspace.identity import organisations
from linkwright.workspace.identity.clerk_models import Id
from linkwright.workspace.models import Country, Settings
from tools.stack import stack_outputs, use_stack

# In place of a request's id, where no request asked for a change.
OPERATOR = "operator"
_Command = argparse.ArgumentParser


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
    # A plan that changes meanwhile is to reach it.
    workspace = workspaces.existing(workspace["id"])
    workspaces.require_unchanged(tx, workspace)
    keys.bump(tx, workspace["id"])
    made = keys.make(workspace, mode=mode, role=role, scopes=scopes, name=name, tx=tx)
    tx.commit()
    return made


def country(code: str) -> str:
    known: str = TypeAdapter(Country).validate_python(code)
    return known


class Refused(Exception):
    """Why it is not done, in one line."""


def existing_workspace(workspace_id: str) -> Item:
    if (workspace := workspaces.find(workspace_id)) is None:
        raise Refused(f"there is no workspace {workspace_id}")
    return workspace


def id_of(name: str) -> str:
    """The id of a workspace for which none was chosen: by its name, so that a repeat finds it."""
    return f"ws_{hashlib.sha256(name.encode()).hexdigest()[:26].upper()}"


def create(asked: argparse.Namespace) -> str:
    """A workspace and its first key, both or neither; neither where there is one of that id."""
    workspace_id = asked.id or id_of(asked.name)
    if (known := workspaces.find(workspace_id)) is not None:
        return _is_there(known, asked)
    tx = Transaction(workspace_id, OPERATOR, audit.OPERATOR)
    rules = settings.of_new(asked.country)
    workspace = workspaces.create(workspace_id, asked.name, asked.plan, rules, tx)
    # What follows from a plan begins, as the hourly look at its links.
    tx.put(Table.CORE, facts.asked_for(workspace_id))
    keys.bump(tx, workspace_id)
    name, scopes = "made by the operator", sorted(auth.SCOPES)
    _, token = keys.make(workspace, mode="live", role="owner", scopes=scopes, name=name, tx=tx)
    tx.commit()
    return f"workspace {workspace_id}\nkey       {token}"


def _is_there(known: Item, asked: argparse.Namespace) -> str:
    countries = settings.of(known, "live").allowed_countries
    there = f"workspace {known['id']} is there already"
    wanted = (asked.name, asked.plan, [asked.country])
    if (known["name"], known["plan"], countries) != wanted:
        where = "everywhere" if countries is None else f"to {', '.join(countries)}"
        told = f"as {known['name']!r} on the plan {known['plan']}, calling {where}"
        raise Refused(f"{there}, {told}; for another one, say another id")
    if all(keys.is_over(key) for key in keys.of(known["id"]).keys):
        words = f"--stack {asked.stack} key {known['id']} --name …"
        raise Refused(f"{there}, and has no key: python -m tools.workspace {words}")
    return f"{there}; for another one of that name, say another id"


def make_named_key(asked: argparse.Namespace) -> str:
    """Never two of one name: the token of the first cannot be shown again."""
    workspace = existing_workspace(asked.workspace)
    for key in keys.of(workspace["id"]).keys:
        if key["view"]["name"] == asked.name and not keys.is_over(key):
            told = "its token cannot be shown again: roll it, or say another name"
            raise Refused(f"key {key['sk']} is called {asked.name!r} already; {told}")
    scopes = asked.scope or sorted(auth.SCOPES)
    shown, token = issue_key(workspace, asked.mode, asked.role, scopes, asked.name)
    return f"{shown['id']}\nkey       {token}"


def ensure_member(asked: argparse.Namespace) -> str:
    """Let somebody of Clerk's be a member with a role, until Clerk tells something later."""
    workspace = existing_workspace(asked.workspace)
    known = organisations.known(asked.organisation)
    if known is not None and organisations.is_deleted(known):
        raise Refused(f"{asked.organisation} was deleted")
    if people.known(asked.subject).is_deleted:
        raise Refused(f"{asked.subject} was deleted")
    if known is not None and known["workspace_id"] != workspace["id"]:
        raise Refused(f"{asked.organisation} is workspace {known['workspace_id']}")
    member = members.find(asked.organisation, asked.subject)
    is_in = member is not None and "revoked_at" not in member
    if member is not None and is_in and member["role"] == asked.role:
        return f"{member['id']} is {asked.role} already"
    tx = Transaction(workspace["id"], OPERATOR, audit.OPERATOR)
    if known is None:
        # What Clerk tells of the organisation is of this workspace then.
        organisations.begin(asked.organisation, workspace["id"], None, 0, tx)
    else:
        organisations.hold(asked.organisation, known, tx)
    seen = (member or {}).get("clerk_at", 0)
    if member is not None and is_in:
        members.set_role(member, asked.subject, asked.role, seen, tx)
        member_id = str(member["id"])
    else:
        person = {"organisation": asked.organisation, "subject": asked.subject}
        member_id = members.add(workspace, **person, role=asked.role, tx=tx, at=seen)
    tx.commit()
    return f"{member_id} is {asked.role}"


def change_plan(asked: argparse.Namespace) -> str:
    """Until the billing system tells its next version: it counts them, and none is taken here."""
    workspace = existing_workspace(asked.workspace)
    if workspace["plan"] == asked.plan:
        return f"workspace {workspace['id']} is on {asked.plan} already"
    tx = Transaction(workspace["id"], OPERATOR, audit.OPERATOR)
    billing.assign(tx, workspace, asked.plan)
    tx.commit()
    return f"workspace {workspace['id']} is on {asked.plan}"


def give_number(asked: argparse.Namespace) -> str:
    from tools import numbers  # which needs this module

    existing_workspace(asked.workspace)
    try:
        numbers.register(asked.number, asked.workspace)
    except ownership.Taken:
        raise Refused("another workspace calls from this number") from None
    return f"workspace {asked.workspace} calls from {asked.number}"


def _e164(number: str) -> str:
    from tools import numbers

    return numbers.e164(number)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(required=True)
    roles, plans = sorted(auth.ROLES), sorted(PLANS)

    def command(name: str, work: Callable[[argparse.Namespace], str], told: str) -> _Command:
        made = commands.add_parser(name, help=told)
        made.set_defaults(work=work)
        if name != "create":
            made.add_argument("workspace", help="its id")
        return made

    made = command("create", create, "a workspace and its first key")
    made.add_argument("--id", type=_of_workspace, help="by default one that its name gives")
    made.add_argument("--name", default="Workspace")
    made.add_argument("--plan", choices=plans, default="free")
    told = "where it may call, until its settings say otherwise: ISO 3166-1 code"
    made.add_argument("--country", type=country, default="US", help=told)
    made = command("key", make_named_key, "a key that is nobody's")
    made.add_argument("--name", required=True)
    made.add_argument("--mode", choices=["live", "test"], default="live")
    made.add_argument("--role", choices=roles, default="owner")
    scopes = sorted({*auth.SCOPES, *auth.GROUPS})
    told = "repeat for several; all by default"
    made.add_argument("--scope", action="append", choices=scopes, metavar="SCOPE", help=told)
    made = command("member", ensure_member, "somebody of Clerk's, and their role")
    made.add_argument("organisation", type=_of_clerk)
    made.add_argument("subject", type=_of_clerk)
    made.add_argument("--role", choices=roles, required=True)
    made = command("plan", change_plan, "another plan, until billing tells one")
    made.add_argument("plan", choices=plans)
    made = command("number", give_number, "a number to call from")
    made.add_argument("number", type=_e164, help="in E.164")
    return parser.parse_args(words)


def _of_workspace(text: str) -> str:
    if not ids.matches("ws", text):
        raise argparse.ArgumentTypeError("an id is written like ws_acme: 4 to 64 letters or digits")
    return text


def _of_clerk(text: str) -> str:
    known: str = TypeAdapter(Id).validate_python(text)
    return known


def main(words: Sequence[str] | None = None) -> None:
    asked = _arguments(words)
    use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
    try:
        print(asked.work(asked))
    except Refused as why:
        sys.exit(str(why))
    except (Outrun, Unavailable):
        sys.exit("something else changed it meanwhile, or AWS did not answer: try again")


if __name__ == "__main__":
    main()
