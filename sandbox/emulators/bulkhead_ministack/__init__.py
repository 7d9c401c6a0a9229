"""MiniStack, brought closer to AWS: see sandbox/README.md for each mend."""

from __future__ import annotations

from pathlib import Path

from mending import Mends

MENDS = Mends("ministack", "1.5.33", Path(__file__).with_name("shapes.json"))
