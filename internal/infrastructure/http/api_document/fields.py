"""What the types of the bodies do not say: lengths, formats and examples of fields and parameters."""

from collections.abc import Mapping
from typing import Any

from internal.application.admin.list_users import LONGEST_SEARCH, MOST_NUMBERED
from internal.application.page_sizes import LARGEST_PAGE
from internal.domain import display_name, email_address
from internal.domain.password_policy import PasswordPolicy

Schema = Mapping[str, Any]

EMAIL: Schema = {"format": "email", "maxLength": email_address.MAX_LENGTH, "examples": ["ada@example.com"]}
NAME: Schema = {"minLength": 1, "maxLength": display_name.MAX_CODE_POINTS, "examples": ["Ada Lovelace"]}
# The format `password` would make generated clients send asterisks.
PASSWORD: Schema = {"examples": ["purple otter 7"]}
# Servers may require longer ones: PASSWORD_MIN_LENGTH.
NEW_PASSWORD: Schema = {
    **PASSWORD,
    "minLength": PasswordPolicy().min_length,
    "maxLength": PasswordPolicy().max_length,
}
ACCESS_TOKEN: Schema = {"examples": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"]}
REFRESH_TOKEN: Schema = {"examples": ["AZsKz1y7cQqk3mY0r8kT2w"]}
UUID: Schema = {"examples": ["0b8089e0-94e9-461c-a245-33e2b30d9462"]}
TIME: Schema = {"examples": ["2026-11-24T04:52:54.238745Z"]}
ADDRESS: Schema = {"examples": ["192.0.2.1"]}
CURSOR: Schema = {"minLength": 1, "examples": ["1795999504759986-42"]}
USER_AGENT: Schema = {"examples": ["curl/8.14.1"]}

# By the name of the field, or of the schema and the field.
REQUEST_FIELDS: Mapping[str, Schema] = {
    "email": EMAIL,
    "name": NAME,
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": NEW_PASSWORD,
    "RegisterRequest.password": NEW_PASSWORD,
    "ResetPasswordRequest.password": NEW_PASSWORD,
    "token": {"description": "The token of the link in the email", **REFRESH_TOKEN},
    "refresh_token": REFRESH_TOKEN,
    "GrantRequest.grant_type": {"enum": ["password", "refresh_token"], "examples": ["password"]},
    "GrantRequest.username": {"description": "The email address", "examples": ["ada@example.com"]},
}

ANSWER_FIELDS: Mapping[str, Schema] = {
    "id": UUID,
    "email": {"format": "email", "examples": EMAIL["examples"]},
    "name": {"examples": NAME["examples"]},
    "created_at": TIME,
    "updated_at": TIME,
    "last_used_at": TIME,
    "expires_at": TIME,
    "occurred_at": TIME,
    "timestamp": TIME,
    "request_id": UUID,
    "actor_id": UUID,
    "subject_id": UUID,
    "address": ADDRESS,
    "user_agent": USER_AGENT,
    "token": {"description": "The access token", **ACCESS_TOKEN},
    "access_token": ACCESS_TOKEN,
    "refresh_token": REFRESH_TOKEN,
    "csrf_token": {"description": "In cookie mode: the value of X-CSRF-Token", "examples": ["5f2d"]},
    "expires_in": {"description": "Seconds until the access token expires", "examples": [900]},
    "Event.id": {"examples": [42]},
    "Event.name": {"examples": ["auth.logged_in"]},
    "Event.result": {"examples": ["success"]},
    "Event.details": {"examples": [{"role": "viewer"}]},
    "ExportedTask.name": {"examples": ["email:welcome"]},
    "ended_at": TIME,
    "stored_at": TIME,
    "verified_at": TIME,
    "sessions_valid_from": TIME,
    "message": {"description": "For people: its words may change", "examples": ["Login successful"]},
    "purpose": {"examples": ["verify-email"]},
    "page": {"examples": [1]},
    "per_page": {"examples": [10]},
    "total": {"examples": [42]},
    "total_pages": {"examples": [5]},
    "revoked": {"description": "How many sessions have ended", "examples": [2]},
    "checks": {"examples": [{"database": "ok", "redis": "failed"}]},
    "reasons": {"examples": [{"redis": "no answer within 2 s"}]},
    "kty": {"examples": ["OKP"]},
    "crv": {"examples": ["Ed25519"]},
    "x": {"examples": ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]},
    "kid": {"examples": ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]},
    "alg": {"examples": ["EdDSA"]},
    "use": {"examples": ["sig"]},
    "error_description": {"examples": ["Invalid credentials"]},
    "ExportedUser.role": {"examples": ["user"]},
    "GrantError.error": {"enum": ["invalid_grant", "unsupported_grant_type"]},
    "Pagination.next_cursor": {
        "description": "The cursor of the next page; null on the last one",
        "examples": CURSOR["examples"],
    },
    "Problem.detail": {"examples": ["Validation failed"]},
    "Problem.errors": {
        "description": "The problems of each invalid field",
        "examples": [{"email": ["must be a valid email address"]}],
    },
    "Problem.instance": {"format": "uri-reference", "examples": ["/api/v1/auth/register"]},
    "Problem.message": {"description": "The same as `detail`", "examples": ["Validation failed"]},
    "Problem.status": {"minimum": 400, "maximum": 599, "examples": [422]},
    "Problem.title": {"examples": ["Unprocessable Content"]},
    "Problem.type": {"format": "uri-reference"},
}

PARAMETERS: Mapping[str, Schema] = {
    "page": {"minimum": 1, "maximum": MOST_NUMBERED, "examples": [1]},
    "cursor": CURSOR,
    "from": TIME,
    "to": TIME,
    "actor": UUID,
    "subject": UUID,
    "user_id": UUID,
    "session_id": UUID,
    "limit": {"minimum": 1, "maximum": LARGEST_PAGE},
    "q": {"maxLength": LONGEST_SEARCH, "examples": ["ada exam"]},
    # The quotes of RFC 9651, or none.
    "Idempotency-Key": {
        "pattern": r'^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$',
        "examples": ["3fa85f64-5717-4562-b3fc-2c963f66afa6"],
    },
}
