"""Suggestions for links: what is answered, with the model that computes and with ones that lie."""

from tests.factories import Workspace

PAGE = {"url": "https://shop.example.com/spring-sale", "title": "Spring sale"}


def test_200_suggests_aliases_of_the_title_that_are_free(workspace: Workspace) -> None:
    workspace.client.post("/api/links", json={"url": PAGE["url"], "alias": "spring-sale"})
    answer = workspace.client.post("/api/ai/suggest-alias", json=PAGE)
    assert answer.status == 200
    assert set(answer.json) == {"alias", "alternatives"}
    assert "spring-sale" not in [answer.json["alias"], *answer.json["alternatives"]]


def test_200_suggests_an_alias_of_a_page_that_has_no_latin_letter(workspace: Workspace) -> None:
    page = {"url": "https://xn--4dbrk0ce.example.com/", "title": "מבצע אביב"}
    answer = workspace.client.post("/api/ai/suggest-alias", json=page)
    assert answer.status == 200
    assert answer.json["alias"]


def test_400_for_a_url_inside_somebody_s_network(workspace: Workspace) -> None:
    answer = workspace.client.post("/api/ai/suggest-alias", json={"url": "http://169.254.1.1/"})
    assert (answer.status, answer.json["field"]) == (400, "url")
    assert answer.headers.get("X-AI-Credits-Charged") is None
