"""The rows of the conformance table: every field of every class that the openai package's Realtime events reach."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from openai.types.realtime import ClientSecretCreateResponse, RealtimeClientEvent, RealtimeServerEvent
from openai.types.realtime.client_secret_create_params import ClientSecretCreateParams, ExpiresAfter
from pydantic import BaseModel

ROOTS = {
    "client": (RealtimeClientEvent, ClientSecretCreateParams, ExpiresAfter),
    "server": (RealtimeServerEvent, ClientSecretCreateResponse),
}


def name_of(model: type) -> str:
    """`ServerVad` is in two modules, so a class that is not alone in its module bears the module's name."""
    module = model.__module__.rsplit(".", 1)[-1]
    alone = module.replace("_", "") == model.__name__.lower()
    return model.__name__ if alone else f"{module}.{model.__name__}"


def rows(side: str) -> list[str]:
    """`Class.field`, sorted."""
    found: dict[type, list[str]] = {}
    for root in ROOTS[side]:
        _walk(root, found)
    return sorted(f"{name_of(model)}.{field}" for model, fields in found.items() for field in fields)


def fields_in(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """Each field that a parsed event holds, at any depth, with its value."""
    for field in model.model_fields_set:
        if field in type(model).model_fields:
            value = getattr(model, field)
            yield f"{name_of(type(model))}.{field}", value
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, BaseModel):
                    yield from fields_in(inner)


def _walk(kind: Any, found: dict[type, list[str]]) -> None:
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        if kind not in found:
            found[kind] = list(kind.model_fields)
            for field in kind.model_fields.values():
                _walk(field.annotation, found)
    elif typing.is_typeddict(kind):
        found[kind] = list(kind.__annotations__)
    elif typing.get_origin(kind) is typing.Annotated:
        _walk(typing.get_args(kind)[0], found)
    elif typing.get_origin(kind) in (typing.Union, types.UnionType, list, dict):
        for argument in typing.get_args(kind):
            _walk(argument, found)
