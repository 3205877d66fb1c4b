"""Powertools' resolver with validation, logger and metrics, with boto3."""

from typing import Annotated, Any

import recorded
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BaseModel, Field


class PlaceCall(BaseModel):
    agent_id: Annotated[str, Field(max_length=80)]
    to: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
    metadata: dict[str, str] = {}


class Call(PlaceCall):
    id: str
    status: str


app = APIGatewayHttpResolver(enable_validation=True)
logger = Logger(service="bench")
metrics = Metrics(namespace="Bench", service="bench")


@app.get("/v1/voice/calls/<call_id>")
def get_call(call_id: str) -> Call:
    (row,) = recorded.rows(app.current_event.raw_event["calls"])
    return Call(**row["view"])


@app.post("/v1/voice/calls")
def place_call(body: PlaceCall, idempotency_key: Annotated[str, Header()]) -> tuple[Call, int]:
    recorded.rows(app.current_event.raw_event["calls"])
    return Call(id=f"call_{idempotency_key}", status="queued", **body.model_dump()), 201


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    answer = app.resolve(event, context)
    logger.info("request", route=event["routeKey"], status=answer["statusCode"])
    metrics.add_metric(name="requests", unit="Count", value=1)
    return answer
