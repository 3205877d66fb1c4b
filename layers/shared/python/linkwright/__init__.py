"""Linkwright: AI calls, outbound mail and link insight behind one JSON API."""

from linkwright import startup

startup.begin()
