"""Defines the errors of the sandbox as Twilio returns them: status, code and message.

```
ApiError
├── 400  17400  a query parameter or a form field is unknown or wrong
├── 401  20003  the credentials are missing or wrong
├── 401  17007  the call was made while Voice Insights was off
├── 403  17000  the account may not see what it asked for
├── 404  17001  the summary is not complete yet
├── 404  17002  the call ended more than 30 days ago
├── 404  20404  there is no such resource, or no summary of it yet
├── 405  20004  the path exists, the method does not
├── 429  20429  too many requests
└── 5xx  17009  something broke inside
```
"""

from collections.abc import Mapping

import msgspec


class ApiError(Exception):
    """An answer that is not the one hoped for; `body` is the JSON that Twilio would send."""

    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep the parts of the answer; `headers` come on top of the usual ones."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @property
    def body(self) -> bytes:
        """The encoded error body: `code`, `message`, `more_info`, `status`."""
        return msgspec.json.encode(
            {
                "code": self.code,
                "message": str(self),
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            }
        )


def bad_parameter(name: str, why: str) -> ApiError:
    """400: `name` is not a parameter here, or its value is not one of its values."""
    return ApiError(400, 17400, f"Invalid parameter {name}: {why}")


def unauthenticated() -> ApiError:
    """401 for wrong credentials, with the challenge a browser would need."""
    challenge = {"WWW-Authenticate": 'Basic realm="Twilio API"'}
    return ApiError(401, 20003, "Authenticate", challenge)


def not_enabled() -> ApiError:
    """401, though the credentials are fine: a trap that Twilio really sets."""
    message = "Voice Insights Advanced Features was not enabled when this call was made"
    return ApiError(401, 17007, message)


def forbidden() -> ApiError:
    """403: an account that is not the asker's, nor one of its subaccounts."""
    return ApiError(403, 17000, "Forbidden to access data")


def not_complete() -> ApiError:
    """404: there may be a partial summary already, but no complete one."""
    message = "Completed summary for this call was not found. Use ProcessingState=partial"
    return ApiError(404, 17001, message)


def expired() -> ApiError:
    """404: once there was a summary, but the call is too long ago."""
    return ApiError(404, 17002, "This call ended more than 30 days ago")


def not_found(path: str) -> ApiError:
    """404: nothing at `path`, or nothing yet, or nothing that the asker may know of."""
    return ApiError(404, 20404, f"The requested resource {path} was not found")


def rate_limited(retry_after: int | None = None) -> ApiError:
    """429, with `Retry-After` in seconds only when it is given."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(429, 20429, "Too Many Requests", headers)


def broken(status: int) -> ApiError:
    """5xx: Twilio's own trouble, worth another try."""
    return ApiError(status, 17009, "Internal Server Error")
