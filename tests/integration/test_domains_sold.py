"""A name that changed hands: what who had it may still do, and what that leaves to who has it."""

from typing import Any, NamedTuple

import pytest

from linkwright.links import items
from linkwright.table import Table, get
from tests import nameserver, shortlinks
from tests.client import Answer
from tests.clocks import Hand
from tests.factories import TARGET, Workspace, make_workspace
from tests.integration.every_route import assert_error
from tools import links as commands

NEW = "https://example.com/new"


class Sold(NamedTuple):
    """A domain of the seller's, who still has links on it, and of the workspace that has it now."""

    name: str
    seller: Workspace
    sold: str
    bought: str
    links: dict[str, Any]


@pytest.fixture
def sale(workspace: Workspace, name: str) -> Sold:
    seller = make_workspace()
    sold = seller.proven(name)
    links = {
        alias: seller.link(domain=sold, alias=alias, external_id=alias)
        for alias in ("spring", "summer")
    }
    nameserver.forget(f"_linkwright.{name}")
    return Sold(name, seller, sold, workspace.proven(name), links)


def _change(workspace: Workspace, link: dict[str, Any], **fields: Any) -> Answer:
    path, headers = f"/api/links/{link['id']}", {"If-Match": str(link["version"])}
    return workspace.client.request("PATCH", path, json=fields, headers=headers)


def _delete(workspace: Workspace, link: dict[str, Any]) -> Answer:
    return workspace.client.request("DELETE", f"/api/links/{link['id']}")


def _location(sale: Sold, alias: str) -> str:
    return shortlinks.location(shortlinks.ask(f"/{alias}", domain=sale.name))


def _is_sold_back(sale: Sold, hand: Hand) -> None:
    """The seller proves the name again, and the buyer does not any more."""
    nameserver.forget(f"_linkwright.{sale.name}")
    hand.move(11)
    proof = sale.seller.client.get(f"/api/domains/{sale.sold}").json["records"][0]
    nameserver.say(proof["name"], proof["type"], proof["value"])
    sale.seller.client.post(f"/api/domains/{sale.sold}/verify")
    owner = get(Table.CORE, items.domain_name_key(sale.name)) or {}
    assert owner["domain"] == sale.sold


@pytest.mark.parametrize("by", ["patch", "upsert"])
@pytest.mark.parametrize("alias", ["home", "nobodys"])
def test_409_who_had_a_name_takes_no_alias_there(
    workspace: Workspace, sale: Sold, by: str, alias: str
) -> None:
    link = workspace.link(domain=sale.bought, alias="home", url=NEW)
    if by == "patch":
        answer = _change(sale.seller, sale.links["spring"], alias=alias)
    else:
        body = {"external_id": "spring", "alias": alias, "url": TARGET}
        answer = sale.seller.client.request("PUT", "/api/links/upsert", json=body)
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == "domain_not_verified"
    assert _location(sale, "home") == NEW
    # What its owner is told is what is so.
    assert _change(workspace, link, url="https://example.com/newer").status == 200
    assert _location(sale, "home") == "https://example.com/newer"


def test_200_who_had_a_name_changes_links_there_and_nobody_is_led_by_them(
    workspace: Workspace, sale: Sold
) -> None:
    workspace.link(domain=sale.bought, alias="spring", url=NEW)
    for link in sale.links.values():
        changed = _change(sale.seller, link, url="https://example.com/old")
        assert (changed.status, changed.json["url"]) == (200, "https://example.com/old")
    assert _location(sale, "spring") == NEW
    assert shortlinks.ask("/summer", domain=sale.name).status == 404
    moved = _change(sale.seller, sale.links["spring"] | {"version": 2}, domain=None, alias=None)
    assert moved.status == 400
    moved = _change(sale.seller, sale.links["spring"] | {"version": 2}, domain=None, alias="sprig")
    assert (moved.status, moved.json["alias"]) == (200, "sprig")
    assert _location(sale, "spring") == NEW


def test_201_what_who_had_a_name_deleted_there_is_free(workspace: Workspace, sale: Sold) -> None:
    for link in sale.links.values():
        assert _delete(sale.seller, link).status == 204
    workspace.link(domain=sale.bought, alias="spring", url=NEW)
    wanted = {"url": NEW, "domain": sale.bought, "alias": "summer"}
    done = workspace.client.post("/api/links/bulk", json={"links": [wanted]}).json["results"]
    assert [one["status"] for one in done] == [201]
    assert (_location(sale, "spring"), _location(sale, "summer")) == (NEW, NEW)


def test_409_what_a_workspace_itself_deleted_is_not_free(workspace: Workspace, name: str) -> None:
    domain = workspace.proven(name)
    assert _delete(workspace, workspace.link(domain=domain, alias="spring")).status == 204
    wanted = {"url": TARGET, "domain": domain, "alias": "spring"}
    assert workspace.client.post("/api/links", json=wanted).error["reason"] == "alias_taken"
    done = workspace.client.post("/api/links/bulk", json={"links": [wanted]}).json["results"]
    assert [one["error"]["reason"] for one in done] == ["alias_taken"]


def test_409_nor_by_deleting_the_domain_and_adding_its_name_anew(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    domain = workspace.proven(name)
    assert _delete(workspace, workspace.link(domain=domain, alias="spring")).status == 204
    assert workspace.client.request("DELETE", f"/api/domains/{domain}").status == 204
    nameserver.forget(f"_linkwright.{name}")
    wanted = {"url": TARGET, "domain": workspace.proven(name), "alias": "spring"}
    assert workspace.client.post("/api/links", json=wanted).error["reason"] == "alias_taken"
    done = workspace.client.post("/api/links/bulk", json={"links": [wanted]}).json["results"]
    assert [one["error"]["reason"] for one in done] == ["alias_taken"]
    hand.move(31 * 86_400)
    assert workspace.client.post("/api/links", json=wanted).status == 201


def test_a_link_leads_again_though_the_other_mode_had_its_name_and_gave_up_its_alias(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    """Each mode is as another workspace is: the one that gave the alias up is kept from it."""
    test = Workspace(workspace.item, "test")
    domain = workspace.proven(name)
    link = workspace.link(domain=domain, alias="spring")
    nameserver.forget(f"_linkwright.{name}")
    tried = test.proven(name)
    assert _delete(test, test.link(domain=tried, alias="spring", url=NEW)).status == 204
    wanted = {"url": NEW, "domain": tried, "alias": "spring"}
    assert test.client.post("/api/links", json=wanted).error["reason"] == "alias_taken"
    _is_sold_back(Sold(name, workspace, domain, tried, {}), hand)
    assert _change(workspace, link, title="Mine").status == 200
    assert shortlinks.location(shortlinks.ask("/spring", domain=name)) == TARGET


@pytest.mark.parametrize("path", ["/api/links", "/api/links/bulk"])
def test_201_what_the_other_mode_gave_up_is_free(
    workspace: Workspace, name: str, path: str
) -> None:
    test = Workspace(workspace.item, "test")
    given_up = test.link(domain=test.proven(name), alias="spring")
    assert _delete(test, given_up).status == 204
    nameserver.forget(f"_linkwright.{name}")
    wanted = {"url": NEW, "domain": workspace.proven(name), "alias": "spring"}
    workspace.client.post(path, json={"links": [wanted]} if path.endswith("bulk") else wanted)
    assert shortlinks.location(shortlinks.ask("/spring", domain=name)) == NEW


def test_one_request_takes_of_many_aliases_what_each_alone_would(
    workspace: Workspace, sale: Sold
) -> None:
    wanted = [{"url": NEW, "domain": sale.bought, "alias": alias} for alias in sale.links]
    assert workspace.client.post("/api/links", json=wanted[0]).status == 201
    done = workspace.client.post("/api/links/bulk", json={"links": wanted}).json["results"]
    assert [one["status"] for one in done] == [409, 201]
    assert _location(sale, "summer") == NEW


def test_a_name_that_is_sold_back_leads_by_its_links_as_they_are_then(
    workspace: Workspace, sale: Sold, hand: Hand
) -> None:
    workspace.link(domain=sale.bought, alias="spring", url=NEW)
    assert _change(sale.seller, sale.links["summer"], url="https://example.com/2").status == 200
    _is_sold_back(sale, hand)
    assert _location(sale, "summer") == "https://example.com/2"
    # The buyer had it, and it leads again with the next change.
    assert shortlinks.ask("/spring", domain=sale.name).status == 404
    changed = _change(sale.seller, sale.links["spring"], url=f"https://{sale.name}/summer")
    assert_error(changed, 400, "validation_failed", "url")
    assert _change(sale.seller, sale.links["spring"], title="Mine").status == 200
    assert _location(sale, "spring") == TARGET


def test_a_link_that_is_deleted_leads_nobody_when_a_name_is_sold_back(
    sale: Sold, hand: Hand
) -> None:
    assert _delete(sale.seller, sale.links["summer"]).status == 204
    _is_sold_back(sale, hand)
    assert shortlinks.ask("/summer", domain=sale.name).status == 404


def test_409_a_change_of_a_link_whose_alias_another_one_has(
    workspace: Workspace, sale: Sold, hand: Hand
) -> None:
    workspace.link(domain=sale.bought, alias="spring", url=NEW)
    _is_sold_back(sale, hand)
    taker = sale.seller.link(domain=sale.sold, alias="spring", url=NEW)
    old = sale.links["spring"]
    refused = _change(sale.seller, old, title="Mine")
    assert (refused.status, refused.error["reason"]) == (409, "alias_taken")
    code = sale.seller.client.get(f"/api/links/{old['id']}/qr")
    assert (code.status, code.error["reason"]) == (409, "alias_taken")
    # The operator blocks it all the same, and it can be deleted.
    assert commands.set_blocked(old["id"], sale.seller.partition, blocked=True)
    assert _delete(sale.seller, old).status == 204
    assert _location(sale, "spring") == NEW
    assert sale.seller.client.get(f"/api/links/{taker['id']}/qr").status == 200


def test_409_no_code_is_drawn_of_an_address_that_is_anothers(sale: Sold) -> None:
    for link in sale.links.values():
        code = sale.seller.client.get(f"/api/links/{link['id']}/qr")
        assert (code.status, code.error["reason"]) == (409, "domain_not_verified")


def test_a_page_has_no_address_that_is_anothers(workspace: Workspace, sale: Sold) -> None:
    own = sale.seller.link(title="Own")
    other = sale.seller.link(domain=sale.seller.proven(), alias="other", title="Other")
    workspace.link(domain=sale.bought, alias="spring", url=NEW, title="Spring")
    for asker, addresses in (
        (sale.seller, {own["short_url"], other["short_url"]}),
        (workspace, {f"https://{sale.name}/spring"}),
    ):
        page = asker.client.post("/api/ai/bio-generate", json={"prompt": "A page for my bakery"})
        assert {link["url"] for link in page.json["links"]} == addresses


# ---- in circles ----------------------------------------------------------------------------------


@pytest.fixture
def given_up(workspace: Workspace, sale: Sold) -> Sold:
    """The buyer has deleted the domain: the name is nobody's, and the seller's links are there."""
    assert workspace.client.request("DELETE", f"/api/domains/{sale.bought}").status == 204
    return sale


def _refused(answer: Answer, field: str = "url") -> None:
    assert_error(answer, 400, "validation_failed", field)
    assert "must not lead back" in answer.error["message"]


@pytest.mark.slow
def test_400_no_link_leads_to_a_name_whose_links_may_lead_again(
    workspace: Workspace, given_up: Sold, hand: Hand
) -> None:
    back = f"https://{given_up.name}/spring"
    _refused(_change(given_up.seller, given_up.links["spring"], url=back))
    for asker in (given_up.seller, workspace):
        domain = asker.proven()
        _refused(asker.client.post("/api/links", json={"url": back, "domain": domain}))
        shown = asker.client.get(f"/api/domains/{domain}").json
        changed = asker.client.request(
            "PATCH",
            f"/api/domains/{domain}",
            json={"not_found_url": back},
            headers={"If-Match": str(shown["version"])},
        )
        _refused(changed, "not_found_url")
    assert shortlinks.ask("/spring", domain=given_up.name).status == 404
    _is_sold_back(given_up, hand)
    assert _location(given_up, "spring") == TARGET


def test_201_to_a_name_once_no_domain_is_there_that_had_it(
    workspace: Workspace, given_up: Sold, hand: Hand
) -> None:
    """However often it changed hands."""
    _is_sold_back(given_up, hand)
    nameserver.forget(f"_linkwright.{given_up.name}")
    again = workspace.proven(given_up.name)
    wanted = {"url": f"https://{given_up.name}/spring"}
    for link in given_up.links.values():
        assert _delete(given_up.seller, link).status == 204
    for owner, domain in ((workspace, again), (given_up.seller, given_up.sold)):
        _refused(workspace.client.post("/api/links", json=wanted))
        assert owner.client.request("DELETE", f"/api/domains/{domain}").status == 204
    assert get(Table.CORE, items.domain_name_key(given_up.name)) is None
    assert workspace.client.post("/api/links", json=wanted).status == 201


def test_201_nor_while_the_last_one_still_has_it(workspace: Workspace, sale: Sold) -> None:
    """Who had it deletes the domain first."""
    for link in sale.links.values():
        assert _delete(sale.seller, link).status == 204
    assert sale.seller.client.request("DELETE", f"/api/domains/{sale.sold}").status == 204
    wanted = {"url": f"https://{sale.name}/spring"}
    _refused(workspace.client.post("/api/links", json=wanted))
    assert workspace.client.request("DELETE", f"/api/domains/{sale.bought}").status == 204
    assert workspace.client.post("/api/links", json=wanted).status == 201


def test_400_a_link_that_moves_to_a_domain_is_asked_anew_where_it_leads(
    workspace: Workspace, name: str
) -> None:
    """What it leads to became a domain of links before the other did."""
    other, third = f"b.{name}", f"c.{name}"
    link = workspace.link(domain=workspace.proven(name), alias="spring", url=f"https://{other}/x-1")
    second = workspace.proven(other)
    workspace.link(domain=second, alias="x-1", url=f"https://{third}/spring")
    _refused(_change(workspace, link, domain=workspace.proven(third)))
    # Where it is, and at our own name, it may lead there.
    moved = _change(workspace, link, title="Mine").json
    assert _change(workspace, moved, domain=None, alias=f"own-{name[:4].rstrip('.')}").status == 200
