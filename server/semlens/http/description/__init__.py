"""Describes the API to programs, as an OpenAPI document."""
