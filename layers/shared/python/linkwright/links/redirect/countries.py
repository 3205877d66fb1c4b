"""Which country an address is in, by a file that the operator may give: docs/domains.md.

The file's reader is a package of the functions that follow links, and is loaded only where there is
a file: nobody else pays for it.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from linkwright.observability import count, log_failure
from linkwright.settings import settings
from linkwright.startup import in_advance

if TYPE_CHECKING:
    from maxminddb import Reader


def of(address: str) -> str | None:
    """As the file says it, mostly an ISO 3166 code; None where it knows none, or there is none."""
    reader = _reader()
    if reader is None:
        return None
    try:
        found = reader.get(address)
    except ValueError:
        return None  # it is no address
    except Exception as failure:  # noqa: BLE001 -- no link is to fail for this
        _tell(failure)
        return None
    return _country(found) if isinstance(found, Mapping) else None


def forget() -> None:
    """What a process knows of the file."""
    _reader.cache_clear()


@in_advance
@cache
def _reader() -> "Reader | None":
    """One that cannot be opened is told of once by a process, and is as none."""
    if not settings().geo_file:
        return None
    try:
        from maxminddb import open_database

        return open_database(settings().geo_file)
    except Exception as failure:  # noqa: BLE001 -- as above
        _tell(failure)
        return None


def _country(found: Mapping[str, object]) -> str | None:
    """In the forms of MaxMind and DB-IP, and of those that have but a code."""
    country = found.get("country", found.get("country_code"))
    code = country.get("iso_code") if isinstance(country, Mapping) else country
    return code if isinstance(code, str) else None


def _tell(failure: Exception) -> None:
    log_failure("countries are not known", failure)
    count("countries_unknown")
