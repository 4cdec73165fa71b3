"""Which fields of the SDK's server classes were on the wire, and in which scenario first."""

from __future__ import annotations

import pydantic
from openai.types.realtime import ClientSecretCreateResponse
from pydantic import BaseModel

from .client import Event
from .conformance import fields_in
from .vocabulary import VENDOR_PREFIX, classes


class Seen:
    """`where` holds a field's first scenario; `empty` those that were only ever null."""

    def __init__(self) -> None:
        self.where: dict[str, str] = {}
        self.empty: dict[str, str] = {}
        self.problems: list[str] = []

    def add(self, scenario: str, events: list[Event]) -> None:
        for event in events:
            if event.type.startswith(VENDOR_PREFIX) or event.type not in classes():
                continue
            self._parse(scenario, classes()[event.type], pydantic.TypeAdapter(dict).dump_json(event.data))

    def add_secret(self, reply: bytes) -> None:
        self._parse("client_secret", ClientSecretCreateResponse, reply)

    def _parse(self, scenario: str, model: type[BaseModel], data: bytes) -> None:
        try:
            parsed = model.model_validate_json(data, strict=True)
        except pydantic.ValidationError as error:
            self.problems.append(f"{scenario}: {model.__name__}: {error.errors(include_input=False)[:3]}")
            return
        for field, value in fields_in(parsed):
            (self.empty if value is None else self.where).setdefault(field, scenario)
