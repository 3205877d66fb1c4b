"""The vendors of models in place of the network: the local cloud's, and what a test has them do."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from linkwright.egress import Answer
from tools import vendors

KEY = "sk-proj-T3stOnlyT3stOnlyT3stOnlyT3stOnlyQz7K"
OF_ANTHROPIC = "sk-ant-api03-T3stOnlyT3stOnlyT3stOnlyT3stOnlyW9mB"
HOSTS = frozenset({"api.openai.com", "api.anthropic.com"})


def is_one(url: str) -> bool:
    return urlsplit(url).hostname in HOSTS


def fetch(url: str, *, headers: Mapping[str, str], body: bytes, **_: Any) -> Answer:
    """`egress.fetch`, of vendors only; each knows the key that is of its form."""
    lower = {name.lower(): value for name, value in headers.items()}
    key = OF_ANTHROPIC if "anthropic" in url else KEY
    status, answer = vendors.answer(urlsplit(url).path, lower, body, key)
    return Answer(status, {"content-type": "application/json"}, answer, url)
