"""Linkwright: AI calls, outbound mail and link insight behind one JSON API."""
