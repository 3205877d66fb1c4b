"""Look at jobs that gave up, and have them done again: `python -m tools.jobs --help`.

    python -m tools.jobs --stack linkwright-prod list [--kind hup] [--workspace ws_…]
    python -m tools.jobs --stack linkwright-prod show --kind rec
    python -m tools.jobs --stack linkwright-prod redo --workspace ws_…
    python -m tools.jobs --stack linkwright-prod redrive DialQueue

Works on AWS with the credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from linkwright import clock, jobs
from linkwright.jobs import KINDS, Work
from linkwright.table import ConditionFailed, Item, Table, get, query, update
from linkwright.workspace import workspaces
from tools.stack import stack_outputs, use_stack

_PAGE = 100
_BATCH = 10
POLL_S = 5
# Those that have dead letters.
QUEUES = (
    *("DialQueue", "DigestQueue", "EventQueue", "FeedbackQueue", "FollowUpQueue", "MailQueue"),
    *("MailboxQueue", "ResearchQueue", "RunQueue", "WebhookQueue", "WorkspaceQueue"),
)
_FORGOTTEN = [f"#{name}" for name in ("attempts", "failing_since", "failed_at", "given_up_at")]


def given_up(kinds: list[str], workspace: str | None) -> Iterator[tuple[Work, str]]:
    """The jobs that gave up, and when: by kind, the oldest first; of one workspace or of all."""
    for kind in kinds:
        behind = None
        while True:
            rows, behind = query(
                Table.CORE,
                jobs.given_up_partition(kind),
                index="gsi2",
                start_after=behind,
                limit=_PAGE,
                newest_first=False,
            )
            for row in rows:
                if workspace in (None, jobs.partition_of(row["pk"]).removesuffix(".test")):
                    yield Work(kind, row["pk"], row["sk"]), row["gsi2sk"]
            if behind is None:
                break


def redo(work: Work) -> bool:
    """Have a job done again, with all its time; no if it has not given up, or not any more."""
    asked: Item = jobs.requested(work.kind, work.sk)
    if not work.of_kind.is_more_than_a_job:
        asked["ttl"] = clock.epoch() + int(jobs.RETENTION.total_seconds())
    try:
        update(
            Table.CORE,
            work.key,
            f"SET {', '.join(f'#{name} = :{name}' for name in asked)}"
            f" REMOVE {', '.join(_FORGOTTEN)}",
            condition="#gsi2pk = :there",
            values=asked | {"there": jobs.given_up_partition(work.kind)},
        )
    except ConditionFailed:
        return False
    return True


def redrive(sqs: Any, url: str) -> int:  # noqa: ANN401 -- boto3 makes its clients at run time
    """Move what is in the dead-letter queue of a queue back into it. Returns how many messages."""
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    dead = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    source, moved = sqs.get_queue_url(QueueName=dead.rpartition(":")[2])["QueueUrl"], 0
    # A poll that does not wait asks some of the servers: that it finds nothing says nothing.
    while batch := sqs.receive_message(
        QueueUrl=source,
        MaxNumberOfMessages=_BATCH,
        AttributeNames=["MessageGroupId"],
        WaitTimeSeconds=POLL_S,
    ).get("Messages"):
        for message in batch:
            group = message.get("Attributes", {}).get("MessageGroupId")
            fair = {"MessageGroupId": group} if group else {}
            # Sent before it is deleted: twice is better than never.
            sqs.send_message(QueueUrl=url, MessageBody=message["Body"], **fair)
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in (
        ("list", "which jobs gave up"),
        ("show", "what is stored of them"),
        ("redo", "do them again"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("--kind", choices=sorted(KINDS), help="all by default")
        command.add_argument("--workspace", help="the id of a workspace; all by default")
    command = commands.add_parser("redrive", help="send the dead letters of a queue again")
    command.add_argument("queue", choices=QUEUES)
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    outputs = stack_outputs(asked.stack)
    use_stack(outputs, stage=asked.stack.rpartition("-")[2])
    if asked.command == "redrive":
        import boto3  # only the command line moves messages by hand

        print(f"{redrive(boto3.client('sqs'), outputs[asked.queue])} messages")
        return
    if asked.workspace and workspaces.find(asked.workspace) is None:
        sys.exit(f"there is no workspace {asked.workspace}")
    kinds = [asked.kind] if asked.kind else sorted(KINDS)
    # All of them first: those that are done again leave the index that is read.
    for work, moment in list(given_up(kinds, asked.workspace)):
        print(_told(asked.command, work, moment))


def _told(command: str, work: Work, moment: str) -> str:
    line = f"{moment} {work.kind} {jobs.partition_of(work.pk)} {work.sk}"
    if command == "show":
        return f"{line}\n{json.dumps(get(Table.CORE, work.key), default=str, indent=2)}"
    if command == "redo":
        return f"{line}: {'asked for' if redo(work) else 'not given up any more'}"
    return line


if __name__ == "__main__":
    main()
