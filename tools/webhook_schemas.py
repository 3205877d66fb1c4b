"""The schemas of events, docs/webhooks/events.schema.json: `tools.webhooks_page` writes them."""

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from linkwright.webhooks import catalogue
from linkwright.webhooks.event_types import EVENT_TYPES
from linkwright.webhooks.logs.event_models import Event
from tools.openapi_components import untitled
from tools.template import ROOT

SCHEMAS = ROOT / "docs" / "webhooks" / "events.schema.json"
_REF = "#/$defs/{model}"

Json = dict[str, Any]


def schemas() -> str:
    return json.dumps(_document(), indent=2, ensure_ascii=False) + "\n"


def _document() -> Json:
    """One schema for each type; what several have is there once."""
    shown = {catalogue.model(name) for name in EVENT_TYPES} | {Event}
    wanted = [(one, "serialization") for one in sorted(shown, key=lambda one: one.__name__)]
    _, made = models_json_schema(wanted, ref_template=_REF)  # type: ignore[arg-type]
    shared: Json = untitled(made["$defs"])
    of_types = {name: _schema(name, shared) for name in EVENT_TYPES}
    del shared["Event"], shared["EventData"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Events of api_version v1",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in of_types],
        "$defs": {**of_types, **shared},
    }


def _schema(name: str, shared: Json) -> Json:
    envelope = shared["Event"]
    url = {"type": "string", "format": "uri"}
    whole: Json = {"object": {"$ref": _REF.format(model=catalogue.model(name).__name__)}}
    named: Json = {"object": {"type": "object", "properties": {"id": {"type": "string"}}}}
    besides: Json = {
        field: shared["EventData"]["properties"][field]["anyOf"][0]
        for field in catalogue.sample_details(name)
    }
    data = [
        _object("All of the object.", {**whole, **besides}, [*whole, *besides]),
        _object(
            "Of a thin event, or of one that was too large.",
            {**named, **besides, "url": url, "truncated": {"const": True}},
            [*named, *besides, "url"],
        ),
    ]
    told = {"type": {"const": name}, "api_version": {"const": "v1"}, "data": {"anyOf": data}}
    return {
        "description": EVENT_TYPES[name],
        **{key: envelope[key] for key in ("type", "required")},
        "properties": envelope["properties"] | told,
    }


def _object(description: str, properties: Json, required: list[str]) -> Json:
    return {
        "description": description,
        "type": "object",
        "required": required,
        "properties": properties,
    }
