"""Block short links, and see what is blocked: `python -m tools.links --stack linkwright-prod -h`.

    python -m tools.links --stack linkwright-prod block https://go.example.com/sale
    python -m tools.links --stack linkwright-prod block lnk_… --workspace ws_… [--mode test]
    python -m tools.links --stack linkwright-prod block-host evil.example --reason phishing
    python -m tools.links --stack linkwright-prod unblock-host evil.example
    python -m tools.links --stack linkwright-prod hosts

Who follows what is blocked sees a page that says so, within half a minute for a host. The workspace
is told by the event `link.blocked` of a link, and of a host by nothing. Works on AWS with the
credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
import sys
from contextlib import suppress

from linkwright import audit
from linkwright.errors import Unavailable
from linkwright.links import blocks
from linkwright.transaction import TRIES, Outrun, Transaction
from tools.stack import stack_outputs, use_stack
from tools.workspace import OPERATOR


def set_blocked(link: str, partition: str | None, *, blocked: bool) -> bool:
    """By its id in a partition, or by its address; no if it is so already.

    Raises `LookupError`: there is no such link.
    """
    link_id = link
    if partition is None:
        partition, link_id = blocks.owner(link)
    for _ in range(TRIES):
        tx = Transaction(partition, OPERATOR, audit.OPERATOR)
        is_changed = blocks.block(link_id, partition, tx, blocked=blocked)
        with suppress(Outrun):  # its owner changed it at this moment
            tx.commit()
            return is_changed
    raise Unavailable


def block_host(name: str, reason: str) -> None:
    tx = Transaction(OPERATOR, OPERATOR)
    blocks.block_host(name, reason, tx)
    tx.commit()


def unblock_host(name: str) -> None:
    """Raises `LookupError`: it is not blocked."""
    tx = Transaction(OPERATOR, OPERATOR)
    blocks.unblock_host(name, tx)
    tx.commit()


def _host(text: str) -> str:
    try:
        return blocks.named(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a host is written like evil.example") from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in (
        ("block", "let a link lead nowhere"),
        ("unblock", "let it lead on again"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("link", help="its address; or its id, with --workspace")
        command.add_argument("--workspace", help="whose link it is")
        command.add_argument("--mode", choices=["live", "test"], default="live")
    command = commands.add_parser("block-host", help="let no link lead to a host")
    command.add_argument("host", type=_host, help="a name, or a URL of it; all below it too")
    command.add_argument("--reason", required=True, help="for who asks later; nobody is shown it")
    command = commands.add_parser("unblock-host", help="let links lead to it again")
    command.add_argument("host", type=_host)
    commands.add_parser("hosts", help="which hosts are blocked, since when and why")
    asked = parser.parse_args()
    if asked.command in {"block", "unblock"} and blocks.is_id(asked.link) != bool(asked.workspace):
        parser.error("say the address of a link, or its id and --workspace")
    return asked


def main() -> None:
    asked = _arguments()
    use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
    try:
        match asked.command:
            case "hosts":
                for row in blocks.hosts():
                    print(f"{row['sk']}  {row['at']}  {row['reason']}")
            case "block-host":
                block_host(asked.host, asked.reason)
            case "unblock-host":
                unblock_host(asked.host)
            case command:
                test = ".test" if asked.mode == "test" else ""
                of = f"{asked.workspace}{test}" if asked.workspace else None
                if not set_blocked(asked.link, of, blocked=command == "block"):
                    print("it is so already")
    except LookupError as unknown:
        sys.exit(f"there is no {unknown}")


if __name__ == "__main__":
    main()
