"""Instances live through AWS's states, each announced by an event, and die with their interfaces."""

from __future__ import annotations

import copy
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance

from . import MENDS
from .clock import CLOCK, STEP_SECONDS
from .interfaces import checked_groups
from .outbox import OUTBOX

STATE_CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
MODEL = "moto.ec2.models.instances"


def move(instance: Any, state: str) -> None:
    """Puts an instance into a state and sends its `EC2 Instance State-change Notification`."""
    instance._state.name = state
    instance._state.code = STATE_CODES[state]
    backend = instance.ec2_backend
    arn = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:instance/{instance.id}"
    detail = {"instance-id": instance.id, "state": state}
    OUTBOX.put("aws.ec2", "EC2 Instance State-change Notification", [arn], detail)


def later(instance: Any, expected: str, action: Any) -> None:
    """Runs `action` after a passing state's time, unless the instance has left that state."""

    def step() -> None:
        if instance._state.name == expected:
            action()

    CLOCK.after(STEP_SECONDS, step)


def begin(instance: Any) -> None:
    """A new instance: pending now, running a little later."""
    move(instance, "pending")
    later(instance, "pending", lambda: move(instance, "running"))


def _wrong_state(instance: Any, verb: str) -> EC2ClientError:
    return EC2ClientError(
        "IncorrectInstanceState",
        f"The instance '{instance.id}' is not in a state from which it can be {verb}.",
    )


@MENDS.mend(
    "instance states",
    "pending, running, stopping, stopped, shutting-down and terminated each last and are announced",
    f"{MODEL}:Instance.start",
    f"{MODEL}:Instance.stop",
    f"{MODEL}:Instance.terminate",
    f"{MODEL}:Instance.detach_eni",
    f"{MODEL}:InstanceState.__init__",
)
def _states_last() -> None:
    finish_start, finish_stop, finish_terminate = Instance.start, Instance.stop, Instance.terminate

    def start(self: Any) -> Any:
        previous = copy.copy(self._state)
        if previous.name in {"running", "pending"}:
            return previous
        if previous.name != "stopped":
            raise _wrong_state(self, "started")

        def finish() -> None:
            finish_start(self)
            move(self, "running")

        move(self, "pending")
        later(self, "pending", finish)
        return previous

    def stop(self: Any) -> Any:
        previous = copy.copy(self._state)
        if previous.name in {"stopped", "stopping"}:
            return previous
        if previous.name not in {"running", "pending"}:
            raise _wrong_state(self, "stopped")

        def finish() -> None:
            finish_stop(self)
            move(self, "stopped")

        move(self, "stopping")
        later(self, "stopping", finish)
        return previous

    def terminate(self: Any) -> Any:
        previous = copy.copy(self._state)
        if previous.name in {"shutting-down", "terminated"}:
            return previous

        def finish() -> None:
            _release_interfaces(self)
            finish_terminate(self)
            move(self, "terminated")

        move(self, "shutting-down")
        later(self, "shutting-down", finish)
        return previous

    Instance.start, Instance.stop, Instance.terminate = start, stop, terminate


def _release_interfaces(instance: Any) -> None:
    """Interfaces made at launch vanish with the instance; others are only detached."""
    for interface in list(instance.nics.values()):
        goes = interface.delete_on_termination
        instance.detach_eni(interface)
        if goes and interface.id in instance.ec2_backend.enis:
            instance.ec2_backend.delete_network_interface(interface.id)
    instance.nics = {}


@MENDS.mend(
    "instance views",
    "an instance shows the groups of its primary interface; a terminated one has no network left",
    f"{MODEL}:Instance.__init__",
    f"{MODEL}:Instance.private_ip",
    f"{MODEL}:Instance.private_ip_address",
    f"{MODEL}:Instance.private_dns_name",
    f"{MODEL}:Instance.public_ip",
    f"{MODEL}:Instance.public_ip_address",
    f"{MODEL}:Instance.subnet_id",
    f"{MODEL}:Instance.vpc_id",
    f"{MODEL}:InstanceBackend.modify_instance_security_groups",
)
def _views_follow_interfaces() -> None:
    def groups(self: Any) -> list[Any]:
        primary = getattr(self, "nics", {}).get(0)
        return list(primary._group_set) if primary is not None else []

    def launch_groups(self: Any, value: list[Any]) -> None:
        primary = getattr(self, "nics", {}).get(0)
        if primary is not None:
            ids = [group.id for group in value if group is not None]
            primary._group_set = checked_groups(self.ec2_backend, ids, primary.vpc_id)
        else:
            self._launch_groups = value

    def groups_or_launch(self: Any) -> list[Any]:
        return groups(self) if hasattr(self, "nics") else self._launch_groups

    Instance.security_groups = property(groups_or_launch, launch_groups)
    for name in ("private_ip", "private_ip_address", "public_ip", "public_ip_address"):
        setattr(Instance, name, _while_connected(getattr(Instance, name)))
    for name in ("private_dns_name", "subnet_id", "vpc_id"):
        setattr(Instance, name, _while_connected(getattr(Instance, name)))


def _while_connected(original: property) -> property:
    """The property, but None once the instance is terminated and its interfaces are gone."""

    def read(self: Any) -> Any:
        if getattr(self, "nics", None) == {} and self._state.name in {"shutting-down", "terminated"}:
            return None
        return original.fget(self) if original.fget is not None else None

    return property(read)
