"""moto, brought closer to AWS: see sandbox/README.md for each mend."""

from __future__ import annotations

from pathlib import Path

from mending import Mends

MENDS = Mends("moto", "5.2.5", Path(__file__).with_name("shapes.json"))
