"""The OpenAPI document of the API. `docs/protocol.md` describes it for people."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from semlens import __version__
from semlens.http.answers import ErrorCode
from semlens.http.description.schemas import ANSWERS, PARAMETERS, SCHEMAS, TITLES
from semlens.service.codec import Json

_JSON = "application/json"

_ERRORS = {
    400: "wrong parameters",
    401: "not signed in",
    403: "another host, another origin, or a folder that is not served",
    404: "a file that is gone",
    408: "the body came too slowly",
    409: "not possible now",
    413: "the body is too large",
    415: "the body is not JSON",
    429: "too many requests wait",
    500: "a fault of semlens",
    501: "a part that is not there",
    503: "too many different sets of repositories are served",
    504: "the answer took too long",
}


def openapi_document(methods: Collection[str]) -> Json:
    """:param methods: the methods that are served."""
    paths: Json = {f"/api/{name}": {"post": _operation(name)} for name in methods if name in PARAMETERS}
    paths["/api/link"] = {"post": _operation("link")}
    paths["/api/events"] = {
        "get": {
            "summary": "Server-sent events: `status`, `changed`, `repository`, `ending`",
            "operationId": "events",
            "responses": {
                "200": {"description": "the events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
                **_error_responses(),
            },
        }
    }
    paths["/api/map/points"] = {
        "get": {
            "summary": TITLES["map/points"],
            "operationId": "map/points",
            "parameters": [{"name": "version", "in": "query", "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": "the points", "content": {"application/octet-stream": {}}},
                **_error_responses(),
            },
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "semlens",
            "version": __version__,
            "description": "Finds code by meaning, on this machine. Lines and columns count from 1.",
        },
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "semlens_session_<port>"},
            },
            "schemas": {**SCHEMAS, "Error": _error_schema()},
        },
    }


def _operation(name: str) -> Json:
    answer: Json = {"description": "the answer", "content": {_JSON: {"schema": ANSWERS[name]}}}
    return {
        "summary": TITLES[name],
        "operationId": name,
        "requestBody": {"required": False, "content": {_JSON: {"schema": PARAMETERS[name]}}},
        "responses": {"200": answer, **_error_responses()},
    }


def _error_responses() -> dict[str, Any]:
    content = {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {str(status): {"description": text, "content": content} for status, text in _ERRORS.items()}


def _error_schema() -> Json:
    fields = {"code": {"type": "string", "enum": [code.value for code in ErrorCode]}, "message": {"type": "string"}}
    error = {"type": "object", "required": ["code", "message"], "properties": fields}
    return {"type": "object", "required": ["error"], "properties": {"error": error}}
