"""Builds and deploys the unchanged template into the emulator, when anything in it has changed."""

import hashlib
import os
import platform
import shutil
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import boto3
from botocore.exceptions import ClientError
from mypy_boto3_cloudformation import CloudFormationClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_ssm import SSMClient

from tools.local_cloud.processes import REGION, ROOT, LocalCloudError, aws_env, build_env, run

STACK = "linkwright-local"
ARTIFACTS_BUCKET = "linkwright-local-artifacts"
# Lives in the emulator, so it is kept and lost together with what it describes.
STAMP = "/linkwright/local/deployed"
INPUTS = ("template.yaml", "samconfig.toml", "uv.lock", "functions", "layers")
TOOLS = ("tools/local_cloud/deployment.py",)
# The deployed dependencies layer points here.
LAYERS = ROOT / ".local" / "layers"
KEY_LENGTH = 16
SETTLED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
DEPLOYABLE = SETTLED | {"UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"}


def session() -> boto3.Session:
    """Fixed credentials, so that a look into the emulator never uses the caller's own."""
    return boto3.Session("test", "test", region_name=REGION)


def fingerprint(parameters: Mapping[str, str], root: Path = ROOT) -> str:
    """Changes with everything a deployment is made of."""
    digest = hashlib.sha256()
    for part in (
        *_overrides(parameters),
        sys.version,
        platform.machine(),
        version("ministack"),
        version("aws-sam-translator"),
    ):
        digest.update(part.encode() + b"\0")
    for name in (*INPUTS, *TOOLS):
        path = root / name
        files = sorted(_sources(path)) if path.is_dir() else [path]
        for file in files:
            digest.update(str(file.relative_to(root)).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]


def is_current(endpoint: str, wanted: str) -> bool:
    ssm: SSMClient = session().client("ssm", endpoint_url=endpoint)
    try:
        found = ssm.get_parameter(Name=STAMP)["Parameter"].get("Value")
        built = any(LAYERS.glob(f"{'?' * KEY_LENGTH}/python"))
        return found == wanted and built and stack_status(endpoint) in SETTLED
    except ClientError:
        return False


def mark_current(endpoint: str, value: str) -> None:
    ssm: SSMClient = session().client("ssm", endpoint_url=endpoint)
    ssm.put_parameter(Name=STAMP, Value=value, Type="String", Overwrite=True)


def stack_status(endpoint: str) -> str:
    return cloudformation(endpoint).describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]


def outputs(endpoint: str) -> dict[str, str]:
    stack = cloudformation(endpoint).describe_stacks(StackName=STACK)["Stacks"][0]
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def cloudformation(endpoint: str) -> CloudFormationClient:
    client: CloudFormationClient = session().client("cloudformation", endpoint_url=endpoint)
    return client


def build(directory: Path) -> None:
    """`sam build` for this machine's interpreter, into `directory`."""
    for cache in (ROOT / "functions").rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)
    env = build_env() | {
        "LINKWRIGHT_ROOT": str(ROOT),
        "LAYER_TARGET": "host",
        "HOST_PYTHON": sys.executable,
        "UV": uv(),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": REGION,
    }
    command = [sam(), "build", "--parallel", "--template-file", str(ROOT / "template.yaml")]
    command += ["--build-dir", str(directory / "build")]
    run(command, env, directory / "sam-build.log", what="sam build")


def deploy(directory: Path, endpoint: str, parameters: Mapping[str, str]) -> None:
    """`sam deploy` of what was built; after a first one that failed, from nothing."""
    _start_over_if_cut_off(endpoint)
    s3: S3Client = session().client("s3", endpoint_url=endpoint)
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    env = aws_env(endpoint) | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5"}
    command = [
        sam(),
        "deploy",
        "--config-env",
        "local",
        "--config-file",
        str(ROOT / "samconfig.toml"),
    ]
    command += ["--template-file", str(directory / "build" / "template.yaml")]
    command += ["--parameter-overrides", *_overrides(parameters)]
    run(command, env, directory / "sam-deploy.log", what="sam deploy")


def _overrides(parameters: Mapping[str, str]) -> list[str]:
    # On the command line they replace those of samconfig.toml, the stage included.
    return [f"{name}={value}" for name, value in {"Stage": "local", **parameters}.items()]


def _start_over_if_cut_off(endpoint: str) -> None:
    """A stack that never became whole cannot be updated; it holds no data worth keeping."""
    try:
        status = stack_status(endpoint)
    except ClientError:
        return
    if status not in DEPLOYABLE:
        reset = urllib.request.Request(f"{endpoint}/_ministack/reset", method="POST")  # noqa: S310
        with urllib.request.urlopen(reset, timeout=60):  # noqa: S310  # http://127.0.0.1
            return


def sam() -> str:
    return _program(ROOT / ".venv-sam" / "bin" / "sam", "sam")


def uv() -> str:
    named = os.environ.get("UV")
    return named if named else _program(ROOT / ".tools-venv" / "bin" / "uv", "uv")


def _program(ours: Path, name: str) -> str:
    found = str(ours) if ours.exists() else shutil.which(name)
    if found is None:
        raise LocalCloudError(f"{name} is missing: 'make run' and 'make test' install it.")
    return found
