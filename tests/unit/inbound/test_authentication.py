"""Whether a message is from whom it says, by the mailbox's own host and nobody else."""

import pytest

from linkwright.mailer.inbound.authentication import verdict
from linkwright.mailer.inbound.parsing import Received, parse

GOOGLE = "mx.google.com; dkim=pass header.i=@b.example; spf=pass; dmarc=pass (p=NONE) header.from=x"
MICROSOFT = "spf=pass (sender IP is 203.0.113.7) smtp.mailfrom=b.example; dmarc=pass action=none"


def _message(*results: str) -> Received:
    rows = "".join(f"Authentication-Results: {one}\n" for one in results)
    return parse(f"From: a@b.example\n{rows}\nx".encode())


@pytest.mark.parametrize(
    ("results", "host", "expected"),
    [
        ((GOOGLE,), "mx.google.com", "pass"),
        ((GOOGLE.replace("dmarc=pass", "dmarc=fail"),), "mx.google.com", "fail"),
        ((GOOGLE.replace("dmarc=pass", "dmarc=none"),), "mx.google.com", "unknown"),
        (("mx.google.com; spf=pass",), "mx.google.com", "unknown"),
        (("mx.google.com; spf=fail (dmarc=pass)",), "mx.google.com", "unknown"),
        ((), "mx.google.com", "unknown"),
        # The sender's own, and one below the host's.
        ((GOOGLE,), "mx.acme.example", "unknown"),
        ((GOOGLE, "mx.acme.example; dmarc=fail"), "mx.acme.example", "fail"),
        (("mx.acme.example; dmarc=fail", "mx.acme.example; dmarc=pass"), "mx.acme.example", "fail"),
        ((MICROSOFT,), None, "pass"),
        ((MICROSOFT.replace("dmarc=pass", "dmarc=fail"), MICROSOFT), None, "fail"),
        ((GOOGLE, MICROSOFT), None, "unknown"),
    ],
)
def test_verdict(results: tuple[str, ...], host: str | None, expected: str) -> None:
    assert verdict(_message(*results), host) == expected
