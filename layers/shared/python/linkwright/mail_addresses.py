"""Addresses as mail is sent to them: SES, and hosts without SMTPUTF8, take ASCII alone."""

import re
import unicodedata

_ADDRESS = re.compile(
    r"[!#-'*+/-9=?A-Z^-~-]+(\.[!#-'*+/-9=?A-Z^-~-]+)*@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
)
_MOST_CHARS = 254


def on_the_wire(address: str) -> str:
    """With its domain as DNS has it. Raises `ValueError` for what is not one plain address, or has
    other letters before its domain: for these there is no ASCII.
    """
    if not address.isascii():
        address = _in_ascii(address)
    if len(address) > _MOST_CHARS or not _ADDRESS.fullmatch(address):
        raise ValueError
    return address


def is_mailable(address: str) -> bool:
    try:
        on_the_wire(address)
    except ValueError:
        return False
    return True


def _in_ascii(address: str) -> str:
    # Imported here: few addresses need it, and who only reads members has no other use for it.
    from linkwright import egress_targets

    local, _, domain = unicodedata.normalize("NFC", address).rpartition("@")
    return f"{local}@{egress_targets.host(domain)}"
