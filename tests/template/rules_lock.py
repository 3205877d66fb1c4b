"""Rules on what is installed: pinned, hashed, and from one place."""

import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.template.checkout import Checkout

OUR_OWN = {"virtual": "."}
LAYER_MAKEFILE = "layers/build.mk"
# Without them the layer would hold whatever the index offers on the day of the build.
INSTALLED_WITH = ("--frozen", "--require-hashes", "--no-deps")


def packages_are_hashed(checkout: Checkout) -> Iterator[str]:
    packages = _packages(checkout.read("uv.lock"))
    foreign = [package for package in packages if package["source"] != OUR_OWN]
    for package in foreign:
        files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        hashed = files and all(file.get("hash", "").startswith("sha256:") for file in files)
        if not hashed:
            yield f"{package['name']}: a file of it has no hash in uv.lock"
    if len({str(package["source"]) for package in foreign}) != 1:
        yield "uv.lock: packages come from more than one index"


@cache
def _packages(lock: str) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads(lock)["package"]
    return packages


def the_layer_is_built_from_the_lock(checkout: Checkout) -> Iterator[str]:
    recipe = checkout.read(LAYER_MAKEFILE)
    for option in INSTALLED_WITH:
        if option not in recipe:
            yield f"{LAYER_MAKEFILE}: installs without {option}"


RULES = (
    packages_are_hashed,
    the_layer_is_built_from_the_lock,
)
