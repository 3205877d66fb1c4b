"""Vendors of models on this machine: their wire formats, and one key that they know."""

from tools.vendors.server import Vendors, start_vendors
from tools.vendors.wire import answer

__all__ = ["Vendors", "answer", "start_vendors"]
