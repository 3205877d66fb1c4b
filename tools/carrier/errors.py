"""Twilio's errors: those an API request gets, and those a call runs into."""

from dataclasses import dataclass

MORE = "https://www.twilio.com/docs/errors/"


class RestError(Exception):
    """The API request is refused."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"{MORE}{self.code}",
            "status": self.status,
        }


SUSPENDED = RestError(403, 20005, "Account is not active")


def not_found(path: str) -> RestError:
    return RestError(404, 20404, f"The requested resource {path} was not found")


class PageError(Exception):
    """A document could not be fetched or carried out: the fallback URL, or the end of the call."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Alert:
    """A line of Twilio's debugger. A warning does not change the call."""

    code: int
    message: str
    call_sid: str
    warning: bool = False
