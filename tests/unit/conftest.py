"""What units that read the settings find in their environment."""

from collections.abc import Iterator

import pytest

from linkwright import settings
from linkwright.table import Table
from tests.unit.model_servers import Vendor, start_vendor


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Of a function; what is set beside it by the test is read anew."""
    for name in ("STAGE", *(f"{table.upper()}_TABLE" for table in Table), "DOCS_URL"):
        monkeypatch.setenv(name, "local")
    monkeypatch.delenv("EGRESS_ALLOW_LOOPBACK", raising=False)
    settings.settings.cache_clear()
    yield monkeypatch
    settings.settings.cache_clear()


@pytest.fixture
def loopback(environment: pytest.MonkeyPatch) -> None:
    """Servers of this machine may be asked."""
    environment.setenv("EGRESS_ALLOW_LOOPBACK", "true")
    settings.settings.cache_clear()


@pytest.fixture
def vendor(loopback: None) -> Iterator[Vendor]:
    """A vendor of models, on this machine."""
    with start_vendor() as vendor:
        yield vendor
