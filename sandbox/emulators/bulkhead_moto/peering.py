"""Routes over peering connections."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.route_tables import Route

from . import MENDS


@MENDS.mend(
    "peering routes",
    "a route over a peering connection that is not active is a blackhole",
    "moto.ec2.models.route_tables:Route.state",
)
def _routes_follow_their_peering() -> None:
    original = Route.state

    def state(self: Any) -> str:
        if self.vpc_pcx is not None and self.vpc_pcx._status.code != "active":
            return "blackhole"
        return original.fget(self)

    Route.state = property(state)
