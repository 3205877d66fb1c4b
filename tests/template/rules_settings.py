"""Rules on what functions are told: every variable that is read is set, and none is a secret."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache

from tests.template.checkout import LAYER, Checkout, nodes

# Set by Lambda itself, or by an operator's SDK to reach an emulator: never by the template.
NOT_OURS = {
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY_ID",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SESV2",
    "AWS_ENDPOINT_URL_SQS",
}
# Whether a URL that a customer chose may lead to the machine itself, and where it never may.
LOOPBACK = "EGRESS_ALLOW_LOOPBACK"
DEPLOYED = ("staging", "prod")
SAMCONFIG = "samconfig.toml"
# A name that says so; where a secret is kept may be told, what it is may not.
_SECRET_NAME = re.compile(r"secret|token|passw|credential|private|api_?key|signing", re.IGNORECASE)
_PLACE = re.compile(r"(Arn|Name|Path|_ARN|_NAME|_PATH)$")
_SECRET_VALUE = re.compile(
    r"AKIA[0-9A-Z]{16}|lk_(?:live|test)_\w+|sk[-_]\w{16,}|whsec_\w+|AC[0-9a-f]{32}"
    r"|-----BEGIN [A-Z ]*PRIVATE|\bgh[pousr]_\w{20,}|xox[abp]-\w+"
    r"|{{resolve:(?:ssm-secure|secretsmanager):"
)
_RANDOM = re.compile(r"(?=\w*[0-9])(?=\w*[A-Za-z])[A-Za-z0-9+=_-]{32,}")


# These are for a package in the layer.
READ_BY_PACKAGES = {"TOKIO_WORKER_THREADS"}


def variables_read_are_set(checkout: Checkout) -> Iterator[str]:
    required, optional = _variables_read(checkout)
    blocks = checkout.of_type("AWS::Lambda::Function")
    everywhere: set[str] = set()
    for name, block in blocks.items():
        set_here = set(block.get("Environment", {}).get("Variables", {}))
        everywhere |= set_here
        for variable in sorted(required - set_here):
            yield f"{name}: {variable} is read by the layer and not set"
        for variable in sorted(set_here - required - optional - READ_BY_PACKAGES):
            yield f"{name}: {variable} is set and nobody reads it"
    for variable in sorted(optional - everywhere):
        yield f"{variable} is read by the layer, and no function has it"


def _variables_read(checkout: Checkout) -> tuple[frozenset[str], frozenset[str]]:
    """The names that `os.environ` is asked for: with `[…]`, and with a default."""
    found = [_asked_for(module) for module in checkout.layer.values()]
    required = frozenset().union(*(one for one, _ in found))
    optional = frozenset().union(*(other for _, other in found))
    return required - NOT_OURS, optional - required - NOT_OURS


@cache
def _asked_for(module: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    required, optional = set(), set()
    for node in nodes(module):
        match node:
            case ast.Subscript(value=source, slice=ast.Constant(value=str(name))):
                if _is_environment(source):
                    required.add(name)
            case ast.Call(
                func=ast.Attribute(value=source, attr="get"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                if _is_environment(source):
                    optional.add(name)
    return frozenset(required), frozenset(optional)


def _is_environment(node: ast.expr) -> bool:
    return ast.unparse(node) in {"env", "os.environ", "environ"}


def environment_is_read_in_settings(checkout: Checkout) -> Iterator[str]:
    """So that the names above are all there are."""
    for path, module in (checkout.layer | checkout.handlers).items():
        if _reads_environment(module) and path.as_posix() != f"{LAYER}/settings.py":
            yield f"{path}: reads the environment; settings.py does that"


@cache
def _reads_environment(module: ast.Module) -> bool:
    return any(_is_reading(node) for node in nodes(module))


def _is_reading(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv"):
            return True
        case ast.ImportFrom(module="os", names=names):
            return any(name.name in {"environ", "getenv"} for name in names)
        case _:
            return False


def no_secret_in_the_environment(checkout: Checkout) -> Iterator[str]:
    hidden = {
        name for name, parameter in checkout.raw["Parameters"].items() if parameter.get("NoEcho")
    }
    for name, block in checkout.of_type("AWS::Lambda::Function").items():
        for variable, value in block.get("Environment", {}).get("Variables", {}).items():
            named = _SECRET_NAME.search(variable) and not _PLACE.search(variable)
            # A hidden parameter is plain to see in the console of the function that gets it.
            passed_on = any(f"'{parameter}'" in str(value) for parameter in hidden)
            if named or passed_on or _looks_secret(value):
                yield f"{name}: {variable} holds a secret"


def no_secret_in_a_parameter(checkout: Checkout) -> Iterator[str]:
    for name, parameter in checkout.raw["Parameters"].items():
        if _looks_secret(parameter.get("Default", "")):
            yield f"{name}: its default looks like a secret"
        if _SECRET_NAME.search(name) and not _PLACE.search(name):
            if parameter.get("NoEcho") is not True:
                yield f"{name}: is a secret without NoEcho"
            if parameter.get("Default"):
                yield f"{name}: is a secret with a default"


def _looks_secret(value: object) -> bool:
    return bool(_SECRET_VALUE.search(str(value)) or _RANDOM.search(str(value)))


def loopback_is_for_the_local_cloud(checkout: Checkout) -> Iterator[str]:
    """On Lambda it leads to the runtime, which hands out what the function is asked."""
    for name, block in checkout.of_type("AWS::Lambda::Function").items():
        value = block.get("Environment", {}).get("Variables", {}).get(LOOPBACK)
        for stage in DEPLOYED:
            if _at(checkout, stage, value) not in (None, "false"):
                yield f"{name}: {LOOPBACK} may not be 'false' in {stage}"


def _at(checkout: Checkout, stage: str, value: object) -> object:
    """The value that a variable has in a stage, if it is given by a map of the stages."""
    match value:
        case {"Fn::FindInMap": [str(mapping), {"Ref": "Stage"}, str(key)]}:
            return checkout.raw["Mappings"][mapping][stage][key]
        case _:
            return value


def the_stage_is_said(checkout: Checkout) -> Iterator[str]:
    """Who forgets to say it deploys what customers are to have, with no door left open."""
    if checkout.raw["Parameters"]["Stage"].get("Default") != "prod":
        yield "Stage: its default is not prod"
    for name, told in tomllib.loads(checkout.read(SAMCONFIG)).items():
        deploys = isinstance(told, dict) and told.get("deploy", {}).get("parameters", {})
        if deploys and f"Stage={name}" not in deploys.get("parameter_overrides", "").split():
            yield f"{SAMCONFIG}: {name} does not say its Stage"


RULES = (
    the_stage_is_said,
    variables_read_are_set,
    environment_is_read_in_settings,
    no_secret_in_the_environment,
    no_secret_in_a_parameter,
    loopback_is_for_the_local_cloud,
)
