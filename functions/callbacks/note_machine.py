"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/machine: hear who answered."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.voice.dialling import callbacks


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return callbacks.machine(request)
