"""The sample of the mailer in the reference, over HTTP: posted to the campaign that it names."""

from typing import Any

from tests.system.conftest import Api

# As it is printed in the reference, but for what is TypeScript alone.
SAMPLE: dict[str, Any] = {
    "email": "richard@avishealth.com",
    "first_name": "Richard",
    "last_name": "Avis",
    "company": "Avis Health",
    "title": "Executive Chairman",
    "metadata": {"source": "import_2026_05"},
}
CAMPAIGN = "cmp_8fa21b09"


def test_the_sample_of_the_reference_is_taken_by_the_campaign_it_names(api: Api) -> None:
    path = f"/v1/mailer/campaigns/{CAMPAIGN}"
    before = api.send("GET", path).json()
    made = api.send("POST", f"{path}/leads", json=SAMPLE)
    assert made.status_code == 201, made.text
    lead = made.json()
    assert {**lead, **SAMPLE} == lead
    again = api.send("POST", f"{path}/leads", json=SAMPLE)
    assert (again.status_code, again.json()["id"]) == (200, lead["id"])
    assert again.json()["duplicate"] is True
    counts = api.send("GET", path).json()["lead_counts"]
    assert sum(counts.values()) == sum(before["lead_counts"].values()) + 1
    shown = api.send("GET", f"/v1/mailer/leads/{lead['id']}").json()
    assert (shown["id"], shown["metadata"]) == (lead["id"], SAMPLE["metadata"])
    assert api.send("DELETE", f"/v1/mailer/leads/{lead['id']}").status_code == 204
    assert api.send("GET", f"/v1/mailer/leads/{lead['id']}").status_code == 404
