"""Mends: small changes to a pinned emulator, each checked against the code it was written for.

A mend names every function, property or constant that it replaces or relies on. Their sources are
fingerprinted in a file beside the mends (`shapes.json`); when one differs, the emulator is not the
one the mend was written for, and the launcher stops with the mend's name before it serves anything.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any


class MendRefused(RuntimeError):
    """An emulator does not have the shape that a mend expects; the message says which and where."""


@dataclass(frozen=True)
class Mend:
    """One deviation from AWS that is mended, and the emulator's code that the mend stands on."""

    name: str
    about: str
    stands_on: tuple[str, ...]
    apply: Callable[[], None]


def fingerprint(dotted: str) -> str:
    """Fingerprint of `package.module:Qualified.name`: of its source, or of its value if it has none.

    Raises MendRefused if there is no such name.
    """
    module_name, _, path = dotted.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in path.split("."):
            found = inspect.getattr_static(found, part)
    except (ImportError, AttributeError) as error:
        raise MendRefused(f"`{dotted}` is not there ({error})") from error
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    text = inspect.getsource(found) if callable(found) else repr(found)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Mends:
    """The mends of one emulator: registered by decorator, applied once, listed for the self-check."""

    def __init__(self, distribution: str, pinned: str, shapes: Path) -> None:
        self.distribution = distribution
        self.pinned = pinned
        self._shapes = shapes
        self._mends: list[Mend] = []
        self._applied: set[str] = set()

    def mend(
        self, name: str, about: str, *stands_on: str
    ) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Registers the decorated function as a mend; it runs when `apply` is called."""

        def register(apply: Callable[[], None]) -> Callable[[], None]:
            self._mends.append(Mend(name, about, stands_on, apply))
            return apply

        return register

    def shapes(self) -> dict[str, str]:
        """Fingerprints of everything the mends stand on, as this installation has it (unmended)."""
        names = sorted({name for mend in self._mends for name in mend.stands_on})
        return {name: fingerprint(name) for name in names}

    def apply(self) -> None:
        """Checks every mend, then applies all. Raises MendRefused naming the first that does not fit."""
        found = version(self.distribution)
        expected: dict[str, str] = json.loads(self._shapes.read_text("utf-8"))
        for mend in self._mends:
            for name in mend.stands_on:
                try:
                    same = fingerprint(name) == expected.get(name)
                except MendRefused as error:
                    raise MendRefused(self._refusal(mend, found, str(error))) from error
                if not same:
                    raise MendRefused(self._refusal(mend, found, f"`{name}` has changed"))
        for mend in self._mends:
            mend.apply()
            self._applied.add(mend.name)

    def _refusal(self, mend: Mend, found: str, why: str) -> str:
        return (
            f"mend `{mend.name}` was written for {self.distribution} {self.pinned} and does not fit "
            f"{self.distribution} {found}: {why}; install the pinned requirements.txt"
        )

    def checks(self) -> list[dict[str, Any]]:
        """`[{name, about, ok}]` for the route /_bulkhead/checks."""
        return [
            {"name": mend.name, "about": mend.about, "ok": mend.name in self._applied}
            for mend in self._mends
        ]
