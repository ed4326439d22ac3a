"""Checks that Schemathesis adds to its own. It runs in an environment without the program's packages."""

import re
from http import HTTPStatus
from typing import Any

import schemathesis

# By the field: why a value that fits the schema may be refused, in the words of the problem.
_REASONS = {
    "cursor": r"is not a cursor of this list in this order",
    "page": r"must not be combined with a cursor|must be between 1 and \d+; use a cursor to go further",
    "q": r"must not contain control or invisible characters|must contain a letter or a digit"
    r"|must have at most 10 words and 254 characters",
    "name": r"must be between 1 and 100 characters.*|must contain a letter or an emoji"
    r"|must not contain (control or invisible characters|joiners .*)",
    "password": r"is too .*",
    "new_password": r"is too .*",
    # The refresh token may be in a cookie instead.
    "refresh_token": r"is required",
}
_CODES = {"INVALID_ACCOUNT_TOKEN", "IDEMPOTENCY_KEY_REUSED"}
# They need the token of an email.
_NEED_MAIL = {"/api/v1/auth/verify-email", "/api/v1/auth/confirm-email", "/api/v1/auth/reset-password"}


@schemathesis.check
class ExplainedRefusals:
    """Fail if a request that fits the schema is a 400 or 422 for a reason that the schema could name."""

    def after_response(self, _: Any, response: Any, case: Any) -> None:
        is_refused = response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
        if not is_refused or case.meta is None or not case.meta.generation.mode.is_positive:
            return
        problem = response.json()
        # The answers of OAuth 2 have no code.
        if problem.get("error_code") in _CODES or problem.get("error") == "invalid_grant":
            return
        unknown = {
            name: reasons
            for name, reasons in problem.get("errors", {"": [problem]}).items()
            if not all(re.fullmatch(_REASONS.get(name, "-"), reason) for reason in reasons)
        }
        assert not unknown, f"refuses what its schema allows: {unknown}"


@schemathesis.check
class ReachedOperations:
    """Fail if an operation never succeeded: then its answers of success were not tested."""

    def __init__(self) -> None:
        self._tested: set[str] = set()
        self._reached: set[str] = set()

    def after_response(self, _: Any, response: Any, case: Any) -> None:
        if case.operation.path not in _NEED_MAIL:
            self._tested.add(case.operation.label)
        if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            self._reached.add(case.operation.label)

    def after_run(self, _: Any) -> None:
        missed = self._tested - self._reached
        assert not missed, f"never succeeded: {', '.join(sorted(missed))}"
