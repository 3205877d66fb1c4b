"""The deployed stack that an operator's command works on."""

import os
import sys
from collections.abc import Mapping


def use_stack(outputs: Mapping[str, str], stage: str) -> None:
    """Point the layer at a deployed stack, as the template points the functions."""
    os.environ |= {
        "STAGE": stage,
        "CORE_TABLE": outputs["CoreTable"],
        "ACCESS_TABLE": outputs["AccessTable"],
        "IDEM_TABLE": outputs["IdemTable"],
        "CLICKS_TABLE": outputs["ClicksTable"],
        "METRICS_TABLE": outputs["MetricsTable"],
        "LEDGER_TABLE": outputs["LedgerTable"],
        # Of a stack from before it was told there is none: nothing is sealed there.
        "KMS_KEY_ARN": outputs.get("SealingKey", ""),
        "DOCS_URL": "",
    }
    os.environ.setdefault("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))


def stack_outputs(stack: str) -> dict[str, str]:
    import boto3  # only the command line asks CloudFormation
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        described = boto3.client("cloudformation").describe_stacks(StackName=stack)
    except (BotoCoreError, ClientError) as failed:
        sys.exit(f"stack '{stack}' cannot be read: {failed}")
    outputs = described["Stacks"][0].get("Outputs", [])
    found = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    if "CoreTable" not in found:
        sys.exit(f"stack '{stack}' has no output CoreTable: it is another one, or is not made yet")
    return found
