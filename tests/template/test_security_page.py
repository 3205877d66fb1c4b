"""What docs/security.md says of encryption and of times is what the template says."""

from tests.template import rules_stores as stores
from tests.template.broken import block, drop, rewrite
from tests.template.checkout import Checkout, real


def _in_the_clear(checkout: Checkout) -> None:
    del block(checkout, "EventQueue")["SqsManagedSseEnabled"]


def _kept_longer(checkout: Checkout) -> None:
    block(checkout, "EventDeadLetters")["MessageRetentionPeriod"] = 10 * 24 * 3600


def _by_another_key(checkout: Checkout) -> None:
    block(checkout, "Secret")["KmsKeyId"] = "alias/ours"


def _recordings_that_go_later(checkout: Checkout) -> None:
    block(checkout, "MediaBucket")["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] = 40


def _without_a_backup(checkout: Checkout) -> None:
    rewrite(checkout, stores.PAGE, "as the table after that says; backups 35 days", "until revoked")


def _gone(checkout: Checkout) -> None:
    drop(checkout, "IdemTable")


def test_the_page_says_what_is_so() -> None:
    assert list(stores.untrue(real())) == []
    assert len(stores.rows(real())) > len(stores.STORES)


def test_what_is_not_so_is_found() -> None:
    for change in (
        _in_the_clear,
        _kept_longer,
        _by_another_key,
        _recordings_that_go_later,
        _without_a_backup,
        _gone,
    ):
        checkout = real().copy()
        change(checkout)
        assert len(list(stores.untrue(checkout))) == 1, change.__name__
