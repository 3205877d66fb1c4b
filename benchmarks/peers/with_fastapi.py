"""FastAPI behind Mangum, with boto3: validated, and one line in the log."""

import json
from typing import Annotated

import recorded
from fastapi import FastAPI, Header, Request
from mangum import Mangum
from pydantic import BaseModel, Field


class PlaceCall(BaseModel):
    agent_id: Annotated[str, Field(max_length=80)]
    to: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
    metadata: dict[str, str] = {}


class Call(PlaceCall):
    id: str
    status: str


app = FastAPI()


@app.get("/v1/voice/calls/{call_id}")
def get_call(call_id: str, request: Request) -> Call:
    (row,) = recorded.rows(request.scope["aws.event"]["calls"])
    print(json.dumps({"message": "request", "route": "GET /v1/voice/calls/{call_id}"}))
    return Call(**row["view"])


@app.post("/v1/voice/calls", status_code=201)
def place_call(
    body: PlaceCall, idempotency_key: Annotated[str, Header()], request: Request
) -> Call:
    recorded.rows(request.scope["aws.event"]["calls"])
    print(json.dumps({"message": "request", "route": "POST /v1/voice/calls"}))
    return Call(id=f"call_{idempotency_key}", status="queued", **body.model_dump())


handler = Mangum(app, lifespan="off")
