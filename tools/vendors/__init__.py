"""Vendors of models on this machine: their wire formats, and the one key that each knows."""

from tools.vendors.server import Vendors, start_vendors
from tools.vendors.wire import answer

__all__ = ["Vendors", "answer", "start_vendors"]
