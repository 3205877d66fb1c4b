"""A function's process until its first event, while Lambda lends it a whole core.

The package calls `begin` before anything else of it is imported, and a handler's file ends with
`ready`: by its decorator, or by itself. What the first event would make is made in between.
"""

import gc
import sys
import typing
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, TypeVar

from linkwright.settings import is_on_lambda

Make = TypeVar("Make", bound=Callable[[], Any])

_made_in_advance: list[Callable[[], Any]] = []


def begin() -> None:
    _leave_out_pydantics_plugins()
    _compile_forward_references_when_read()
    if is_on_lambda():
        # Imports make much and leave nothing to collect.
        gc.disable()


def in_advance(make: Make) -> Make:
    """Have what the first event would make, and keep, made before it."""
    _made_in_advance.append(make)
    return make


def ready() -> None:
    """The handler is there: make what its modules ask for, and let the collector forget it all.

    What cannot be made now is made, or fails, where it is needed.
    """
    if not is_on_lambda():
        return
    for make in _made_in_advance:
        with suppress(Exception):
            make()
    gc.freeze()
    gc.enable()


def _leave_out_pydantics_plugins() -> None:
    """There are none, but looking for them imports a tenth of a cold start: what reads packages.

    Even `PYDANTIC_DISABLE_PLUGINS` is read by the very module that imports it.
    """
    loader = ModuleType("pydantic.plugin._loader")
    loader.get_plugins = tuple  # type: ignore[attr-defined]
    sys.modules.setdefault(loader.__name__, loader)


def _compile_forward_references_when_read() -> None:
    """As Python 3.14 has it: whoever evaluates one compiles its text then.

    pydantic_core describes what it takes by 68 dictionaries, for type checkers alone, and each of
    their keys' types was compiled: a twentieth of a cold start.
    """
    typing.compile = lambda source, *_: source  # type: ignore[attr-defined]
