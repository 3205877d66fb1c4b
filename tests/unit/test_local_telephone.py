"""The local cloud's carrier is the same one at the next start, as far as it can be."""

from pathlib import Path

import httpx
import pytest

from tools.carrier import Carrier
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


def _asked(carrier: Carrier, path: str, **form: str) -> httpx.Response:
    url = f"{carrier.base_url}/2010-04-01/Accounts/{carrier.account_sid}/{path}"
    auth = (carrier.account_sid, carrier.auth_token)
    return httpx.post(url, data=form, auth=auth) if form else httpx.get(url, auth=auth)


def _placed(carrier: Carrier, twiml: str, **more: str) -> str:
    order = {"To": "+15005550005", "From": telephone.PHONE_NUMBER, "Twiml": twiml}
    return str(_asked(carrier, "Calls.json", **order, **more).json()["sid"])


@pytest.mark.slow
def test_a_call_that_went_on_at_a_stop_is_over_at_the_next_start(tmp_path: Path) -> None:
    with telephone.start(tmp_path, FRONT_DOOR) as first:
        done = _placed(first, "<Response><Say>Hello</Say></Response>", Record="true")
        first.wait_until_over(done)
        said = _asked(first, f"Calls/{done}.json").json()
        going_on = _placed(first, "<Response><Pause length='3000'/></Response>")
        call = first.call(going_on)
        assert call is not None
        while call.status != "in-progress":
            first.pause(0.1)
        ringing = _placed(first, "<Response/>")
    with telephone.start(tmp_path, FRONT_DOOR) as again:
        assert _asked(again, f"Calls/{done}.json").json() == said
        over = [_asked(again, f"Calls/{sid}.json").json() for sid in (going_on, ringing)]
        assert [one["status"] for one in over] == ["completed", "canceled"]
        assert all(one["end_time"] for one in over)
        listed = _asked(again, "Calls.json").json()["calls"]
        assert [one["sid"] for one in listed] == [ringing, going_on, done]
        (recording,) = _asked(again, f"Calls/{done}/Recordings.json").json()["recordings"]
        assert _asked(again, f"Recordings/{recording['sid']}.mp3").status_code == 200
    for kept in (f"{telephone.LIVE}.json", f"{telephone.LIVE}.calls.json"):
        assert (tmp_path / kept).stat().st_mode & 0o777 == 0o600
