"""The list of attacks."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .target import Target

Body = Callable[[Target, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """One kind of abuse. Its body raises `Finding` when the server answers as it must not."""

    name: str
    weight: int
    body: Body


ATTACKS: list[Attack] = []


def attack(weight: int) -> Callable[[Body], Body]:
    """Adds a kind; out of all, it is chosen as often as its weight says."""

    def add(body: Body) -> Body:
        ATTACKS.append(Attack(body.__name__, weight, body))
        return body

    return add
