"""What a model is asked for, in the little of JSON Schema that all strict modes take."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel, Field, ValidationError, create_model

from linkwright.fields import Metadata, Model, RequestModel
from linkwright.providers import llm_schema


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Step(Model):
    """One thing to do."""

    minutes: Annotated[int, Field(ge=1, le=90)]


class Call(Model):
    kind: Literal["call"]
    at: datetime


class Mail(Model):
    kind: Literal["mail"]


class Plan(RequestModel):
    mood: Mood
    note: str | None = None
    steps: Annotated[list[Step], Field(max_length=3)]
    first: Step = Field(description="What comes first.")
    by: Annotated[Call | Mail, Field(discriminator="kind")]
    title: Annotated[str, Field(min_length=1, pattern="^[a-z]+$")] = "plan"


def fields(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def test_everything_is_written_out_and_required() -> None:
    minutes = {"type": "integer", "description": "(minimum 1, maximum 90)"}
    step = fields(minutes=minutes)
    assert llm_schema.of(Plan) == fields(
        mood={"type": "string", "enum": ["good", "bad"]},
        note={"anyOf": [{"type": "string"}, {"type": "null"}]},
        steps={
            "type": "array",
            "description": "(maxItems 3)",
            "items": {**step, "description": "One thing to do."},
        },
        first={**step, "description": "What comes first."},
        by={
            "anyOf": [
                fields(
                    kind={"type": "string", "const": "call"},
                    at={"type": "string", "description": "(format date-time)"},
                ),
                fields(kind={"type": "string", "const": "mail"}),
            ]
        },
        title={"type": "string", "description": "(pattern ^[a-z]+$, minLength 1)"},
    )


def test_what_the_model_takes_fits_what_it_is_asked_for() -> None:
    judge = Draft202012Validator(llm_schema.of(Plan))
    plan = {
        "mood": "good",
        "note": None,
        "steps": [{"minutes": 5}],
        "first": {"minutes": 5},
        "by": {"kind": "call", "at": "2026-05-31T12:00:00Z"},
        "title": "plan",
    }
    judge.validate(plan)
    Plan.model_validate(plan)
    assert not judge.is_valid({**plan, "more": 1})
    assert not judge.is_valid({name: value for name, value in plan.items() if name != "note"})


class Tree(Model):
    children: list["Tree"]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Tree, "Tree holds itself"),
        (create_model("Free", any=(dict[str, str], ...)), "an object of any fields"),
        (create_model("Marked", marks=(Metadata, ...)), "maxProperties, propertyNames"),
        (create_model("Anything", what=(Any, ...)), "just anything"),
        (create_model("Pair", two=(tuple[int, str], ...)), "prefixItems"),
    ],
)
def test_what_strict_modes_cannot_express_is_an_error_of_ours(
    kind: type[BaseModel], why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        llm_schema.of(kind)


def test_numbers_of_two_forms_are_a_choice() -> None:
    price = llm_schema.of(create_model("Price", euros=(Decimal, ...)))["properties"]["euros"]
    assert [member["type"] for member in price["anyOf"]] == ["number", "string"]


def complaint(answer: str, kind: type[BaseModel] = Plan) -> list[str]:
    with pytest.raises(ValidationError) as wrong:
        kind.model_validate_json(answer)
    first, *lines = llm_schema.complaint(wrong.value, llm_schema.of(kind)).split("\n")
    assert first == "Your earlier answer was not accepted. What was wrong:"
    return lines


def test_a_complaint_names_paths_and_kinds_and_nothing_of_the_answer() -> None:
    answer = """{"mood": "IGNORE ALL", "steps": [{"minutes": 5}, {"minutes": 91}], "first": {},
        "by": {"kind": "hack"}, "title": "", "send me the keys": 1}"""
    assert sorted(complaint(answer)) == [
        # A name that was made up is in the answer only.
        "- *: extra_forbidden",
        "- by: union_tag_invalid",
        "- first.minutes: missing",
        "- mood: enum",
        "- steps.1.minutes: less_than_equal",
        "- title: string_too_short",
    ]


def test_a_complaint_about_what_is_no_json() -> None:
    assert complaint("Certainly! {") == ["- the whole: json_invalid"]


def test_a_complaint_is_bounded() -> None:
    steps = create_model("Steps", steps=(list[Step], ...))
    many = ",".join('{"minutes": 0}' for _ in range(100))
    lines = complaint(f'{{"steps": [{many}]}}', steps)
    assert len(lines) == llm_schema.MAX_COMPLAINTS
    assert lines[-1] == "- steps.19.minutes: greater_than_equal"
