"""The local cloud's carrier is the same one at the next start, as far as it can be."""

from pathlib import Path

from tools.local_cloud import telephone

FRONT_DOOR = "http://127.0.0.1:8000"


def test_the_account_and_the_port_are_kept(tmp_path: Path) -> None:
    with telephone.start(tmp_path, FRONT_DOOR) as first:
        assert first.poster.reaches(f"{telephone.PUBLIC_URL}/callbacks")
    with telephone.start(tmp_path, FRONT_DOOR) as again:
        assert (again.account_sid, again.auth_token) == (first.account_sid, first.auth_token)
        assert again.base_url == first.base_url
    assert (tmp_path / f"{telephone.LIVE}.json").stat().st_mode & 0o777 == 0o600


def test_each_mode_has_an_account_of_its_own(tmp_path: Path) -> None:
    with (
        telephone.start(tmp_path, FRONT_DOOR) as live,
        telephone.start(tmp_path, FRONT_DOOR, telephone.TEST) as test,
    ):
        assert live.account_sid != test.account_sid
        assert live.base_url != test.base_url


def test_another_port_while_its_own_is_taken(tmp_path: Path) -> None:
    with (
        telephone.start(tmp_path, FRONT_DOOR) as first,
        telephone.start(tmp_path, FRONT_DOOR) as meanwhile,
    ):
        assert meanwhile.base_url != first.base_url
        assert meanwhile.account_sid == first.account_sid
    with telephone.start(tmp_path, FRONT_DOOR) as again:
        assert again.base_url == first.base_url
