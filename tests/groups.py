"""Tests of one group in one process, as `--dist loadgroup` promises.

From pytest 9.2 on nobody reads the attribute in which xdist says the group of a test, and each test
went anywhere: https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    for item in items:
        if named := getattr(item, "_nodeid", None):
            item._id = item.id.parse(named)
