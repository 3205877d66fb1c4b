"""The DynamoDB client: pydynox's compiled module, without the package around it.

The package imports models, S3 and asyncio, a quarter of a cold start, and nothing of it is used.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType

_NAME = "pydynox.pydynox_core"


def _load() -> ModuleType:
    package = find_spec("pydynox")
    spec = PathFinder.find_spec(_NAME, package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        raise ImportError(_NAME)
    module = module_from_spec(spec)
    # Under its own name, so that whoever imports the package finds it and does not load it twice.
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    return module


core = sys.modules.get(_NAME) or _load()
