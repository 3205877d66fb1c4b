"""Say which workspace's webhooks may be sent to a bus or a queue of the account, by its ARN.

    python -m tools.receivers --stack linkwright-prod arn:aws:sqs:… ws_…
    python -m tools.receivers --stack linkwright-prod --release arn:aws:sqs:…

It is one workspace's alone, and the parameter WebhookArns must allow it besides. One that webhooks
are sent to is released by force only: they are disabled by the next event. Works on AWS with the
credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse

from linkwright.webhooks import endpoints, models
from tools.registry import Registry


def _arn(text: str) -> str:
    if not models.is_arn(text):
        raise argparse.ArgumentTypeError("say the ARN of an event bus or a queue")
    return text


def _webhooks(workspace_id: str, arn: str) -> list[str]:
    """Those that are sent there, of both modes."""
    of_both = endpoints.of(workspace_id) + endpoints.of(f"{workspace_id}.test")
    return [one["sk"] for one in of_both if one["view"].get("arn") == arn]


RECEIVERS = Registry(
    *("arn", _arn, endpoints.arn_key, _webhooks),
    taken="another workspace's webhooks are sent there",
    unregistered="no workspace's webhooks are sent there",
    in_use="these webhooks are sent there: {}; delete them, or release it with --force",
)
register, release = RECEIVERS.register, RECEIVERS.release

if __name__ == "__main__":
    RECEIVERS.main(__doc__ or "")
