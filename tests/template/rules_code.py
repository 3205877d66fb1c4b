"""Rules on the code: which way imports point, and how long things are."""

import ast
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.template.checkout import LAYER, Checkout, nodes

# What a handler may import besides the standard library.
HANDLERS_MAY = {"linkwright", "pydantic"}
# The console is one ASGI application behind an adapter.
ADAPTERS = {"console": {"mangum", "starlette"}}
# Never by the layer: what stands on it.
NOT_BY_THE_LAYER = {"functions", "tests", "tools", "benchmarks"}
# The libraries' words over a line of ours.
MAILBOXES = {"providers/mailbox/smtp.py", "providers/mailbox/imap.py"}
# The only files that know a package, so that each can be replaced behind one face.
ONLY = {
    "pydynox": {"table.py", "transaction.py"},
    # A model takes longer than any other service may, and is asked again by its port alone.
    "boto3": {"aws.py", "providers/llm_bedrock.py"},
    "botocore": {"aws.py", "providers/llm_bedrock.py"},
    # The only way out to an address that a customer or a model chose.
    **dict.fromkeys(
        (
            *("http", "urllib.error", "ftplib", "socketserver"),
            *("xmlrpc", "httpx", "httpcore", "requests", "urllib3", "aiohttp"),
        ),
        {"egress.py"},
    ),
    # A name for the type of a socket is all that the clients of mailboxes want of it.
    "socket": {"egress.py", "egress_dialling.py", *MAILBOXES},
    "ssl": {"egress_dialling.py"},
    "smtplib": {"providers/mailbox/smtp.py"},
    "imaplib": {"providers/mailbox/imap.py"},
    # AWS's own addresses, where boto3 would cost more than all the rest.
    "http": {"egress.py", "egress_dialling.py", "egress_limits.py", "aws_http.py"},
    # Sessions fetch their issuer's keys from one address, which the operator chose.
    "urllib.request": {"egress.py", "sessions.py"},
}
# What a domain may take of another besides its operations, and why.
SHARED = {"workspace.models": "a workspace's settings are plain values"}
# Below the domains: a port speaks in values of its own, and the domain translates.
PORTS = "providers"
# What stands in no folder of the package.
KERNEL = "linkwright"

FILES_IN_A_FOLDER = 16
HANDLER_LINES = 60
LAYER_LINES = 250
FUNCTION_LINES = 50
MEDIAN_LINES = 8
P90_LINES = 25


@cache
def imported(module: ast.Module) -> frozenset[str]:
    """The dotted names of what is imported anywhere in a file; of a `from`, with each name."""
    names: set[str] = set()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            within = "." * node.level + (node.module or "")
            names |= {f"{within}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _is_of(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def handlers_import_the_layer_only(checkout: Checkout) -> Iterator[str]:
    for path, module in checkout.handlers.items():
        for name in sorted(imported(module)):
            package, adapters = name.partition(".")[0], ADAPTERS.get(path.parts[1], set())
            if package not in HANDLERS_MAY | adapters | sys.stdlib_module_names:
                yield f"{path}: imports {name}"


def the_layer_stands_alone(checkout: Checkout) -> Iterator[str]:
    for path, module in checkout.layer.items():
        for name in sorted(imported(module)):
            if name.partition(".")[0] in NOT_BY_THE_LAYER or name.startswith("."):
                yield f"{path}: imports {name}"


def packages_stay_behind_one_face(checkout: Checkout) -> Iterator[str]:
    for path, module in (checkout.layer | checkout.handlers).items():
        within = path.as_posix().removeprefix(f"{LAYER}/")
        for package in sorted(_kept_apart(module)):
            if within not in ONLY[package]:
                yield f"{path}: imports {package}, which is for {', '.join(sorted(ONLY[package]))}"


@cache
def _kept_apart(module: ast.Module) -> frozenset[str]:
    names = imported(module)
    return frozenset(one for one in ONLY if any(_is_of(name, one) for name in names))


def domains_meet_in_operations(checkout: Checkout) -> Iterator[str]:
    domains = {_domain(path) for path in checkout.layer} - {KERNEL}
    for path, module in checkout.layer.items():
        of = _domain(path)
        for name in sorted(imported(module)):
            _, _, within = name.partition("linkwright.")
            domain, _, rest = within.partition(".")
            if domain not in domains - {of} or not name.startswith("linkwright."):
                continue
            if of in {KERNEL, PORTS}:
                yield f"{path}: imports {name}, of a domain"
            elif not _may_be_shared(domain, rest):
                yield f"{path}: imports {name}, not the operations of {domain}"


def _domain(path: Path) -> str:
    """The first folder below the package, however deep the file; the kernel has none."""
    return (KERNEL, *path.relative_to(LAYER).parts[:-1])[:2][-1]


def _may_be_shared(domain: str, module: str) -> bool:
    """A room has operations of its own where those of the domain are wanted without them."""
    is_door = "operations" in module.split(".")[:2]
    return domain == PORTS or is_door or f"{domain}.{module.partition('.')[0]}" in SHARED


def imports_form_no_circle(checkout: Checkout) -> Iterator[str]:
    """Neither among the files, nor among a domain's folders and the files beside them."""
    for arrows in (_arrows(checkout, _module), _arrows(checkout, _room)):
        try:
            TopologicalSorter(arrows).prepare()
        except CycleError as found:
            yield " imports ".join(reversed(found.args[1]))


def _arrows(checkout: Checkout, place: Callable[[Path], str]) -> dict[str, set[str]]:
    """Which places import which others."""
    files = {_module(path): path for path in checkout.layer}
    arrows: dict[str, set[str]] = {}
    for path, module in checkout.layer.items():
        others = {place(files[name]) for name in _named(module) & files.keys()} - {place(path)}
        arrows.setdefault(place(path), set()).update(others)
    return arrows


@cache
def _named(module: ast.Module) -> frozenset[str]:
    """What may be a module of what is imported: the name, or what it is of."""
    return frozenset(part for name in imported(module) for part in (name, name.rpartition(".")[0]))


# Each rule asks it of each file, and each checkout that is broken has the same.
@cache
def _module(path: Path) -> str:
    return ".".join((KERNEL, *path.relative_to(LAYER).with_suffix("").parts))


@cache
def _room(path: Path) -> str:
    """The domain's folder that a file is in, or the file itself, if it is in none."""
    return ".".join(_module(path).split(".")[:3])


def nothing_is_there_that_nobody_reads(checkout: Checkout) -> Iterator[str]:
    """A function or class of the layer is named somewhere: by a test alone, it goes."""
    readers = checkout.layer | checkout.handlers | checkout.modules("tools")
    read = Counter(name for module in readers.values() for name in _read(module))
    for path, module in checkout.layer.items():
        for name in _made(module):
            if not read[name]:
                yield f"{path}: nothing reads {name}"


@cache
def _read(module: ast.Module) -> frozenset[str]:
    """Names that stand in a file, but where they are given."""
    names = {node.id for node in nodes(module) if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes(module) if isinstance(node, ast.Attribute)}
    # An annotation may be a text.
    texts = (node.value for node in nodes(module) if isinstance(node, ast.Constant))
    names |= {text.strip() for text in texts if isinstance(text, str)}
    return frozenset(names | {name.rpartition(".")[2] for name in imported(module)})


@cache
def _made(module: ast.Module) -> tuple[str, ...]:
    """What a file has; what is decorated may be for the decorator."""
    kinds = ast.FunctionDef | ast.ClassDef
    made = (node for node in module.body if isinstance(node, kinds))
    return tuple(node.name for node in made if not node.decorator_list)


def folders_show_what_is_in_them(checkout: Checkout) -> Iterator[str]:
    modules = (path for path in checkout.layer if path.stem != "__init__")
    rows = Counter(path.parent for path in modules if _domain(path) != KERNEL)
    for folder, files in rows.items():
        if files > FILES_IN_A_FOLDER:
            yield f"{folder}: has {files} files; {FILES_IN_A_FOLDER} is the most: make a package"


def files_fit_a_screen(checkout: Checkout) -> Iterator[str]:
    most = dict.fromkeys(checkout.handlers, HANDLER_LINES) | dict.fromkeys(
        checkout.layer, LAYER_LINES
    )
    # An ASGI application is no handler: it is as long as a module of the layer may be.
    most |= {path: LAYER_LINES for path in most if "console" in path.parts}
    for path, limit in most.items():
        lines = len(checkout.files[path].splitlines())
        if lines > limit:
            yield f"{path}: has {lines} lines; {limit} is the most"


def functions_are_short(checkout: Checkout) -> Iterator[str]:
    lengths = {
        f"{path}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path, node in _defined(checkout)
    }
    for name, lines in lengths.items():
        if lines > FUNCTION_LINES:
            yield f"{name} has {lines} lines; {FUNCTION_LINES} is the most"
    if statistics.median(lengths.values()) > MEDIAN_LINES:
        yield f"half of the functions have more than {MEDIAN_LINES} lines"
    if statistics.quantiles(lengths.values(), n=10)[-1] > P90_LINES:
        yield f"a tenth of the functions have more than {P90_LINES} lines"


def functions_say_what_they_return(checkout: Checkout) -> Iterator[str]:
    for path, node in _defined(checkout):
        if node.returns is None:
            yield f"{path}: {node.name} has no return type"


def _defined(checkout: Checkout) -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, module in (checkout.layer | checkout.handlers).items():
        for node in functions_of(module):
            yield path, node


@cache
def functions_of(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in nodes(module) if isinstance(node, kinds)]


RULES = (
    handlers_import_the_layer_only,
    the_layer_stands_alone,
    packages_stay_behind_one_face,
    domains_meet_in_operations,
    imports_form_no_circle,
    nothing_is_there_that_nobody_reads,
    folders_show_what_is_in_them,
    files_fit_a_screen,
    functions_are_short,
    functions_say_what_they_return,
)
