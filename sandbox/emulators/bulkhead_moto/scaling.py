"""Auto Scaling: instances spread over the subnets, made from the named version, hooks announced."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from . import MENDS
from .clock import LOCK
from .lookup import find_subnet, tags_of
from .outbox import OUTBOX
from .tagging import announce

MODEL = "moto.autoscaling.models"


@MENDS.mend(
    "Auto Scaling launches",
    "new instances are spread over the group's subnets and come from its launch template version",
    f"{MODEL}:FakeAutoScalingGroup.replace_autoscaling_group_instances",
    f"{MODEL}:FakeAutoScalingGroup.set_desired_capacity",
)
def _launches_spread() -> None:
    def replace(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
        tags = {**propagated_tags, "aws:autoscaling:groupName": self.name, **self.instance_tags}
        for subnet_id, count in _spread(self, count_needed).items():
            reservation = _launch(self, subnet_id, count, tags)
            for instance in reservation.instances:
                instance.autoscaling_group = self
                protected = self.new_instances_protected_from_scale_in
                self.instance_states.append(
                    InstanceState(instance, protected_from_scale_in=protected)
                )
                announce_hooks(self, instance.id, "LAUNCHING")

    FakeAutoScalingGroup.replace_autoscaling_group_instances = replace


def _spread(group: Any, count: int) -> dict[str | None, int]:
    """How many go into each subnet, so that the fullest and the emptiest differ least."""
    subnets = [name.strip() for name in (group.vpc_zone_identifier or "").split(",") if name.strip()]
    if not subnets:
        return {None: count}
    held = Counter(state.instance.subnet_id for state in group.instance_states)
    chosen: Counter[str | None] = Counter()
    for _ in range(count):
        emptiest = min(subnets, key=lambda subnet: held[subnet] + chosen[subnet])
        chosen[emptiest] += 1
    return dict(chosen)


def _launch(group: Any, subnet_id: str | None, count: int, tags: dict[str, str]) -> Any:
    backend = group.autoscaling_backend.ec2_backend
    template = None
    if group.ec2_launch_template is not None:
        version = group.ec2_launch_template.get_version(group.launch_template_version)
        template = {"LaunchTemplateId": group.ec2_launch_template.id, "Version": version.number}
    subnet = find_subnet(backend, subnet_id) if subnet_id else None
    config = group.launch_config
    return backend.run_instances(
        group.image_id,
        count,
        group.user_data,
        group.security_groups,
        instance_type=group.instance_type,
        tags={"instance": tags},
        placement=subnet.availability_zone if subnet else group.availability_zones[0],
        launch_config=config,
        launch_template=template,
        is_instance_type_default=False,
        associate_public_ip=config.associate_public_ip_address if config else None,
        subnet_id=subnet_id,
    )


def announce_hooks(group: Any, instance_id: str, transition: str) -> None:
    """Sends the lifecycle event of each hook of the group; the instance is not held back here."""
    wanted = f"autoscaling:EC2_INSTANCE_{transition}"
    kind = "launch" if transition == "LAUNCHING" else "terminate"
    for hook in list(group.autoscaling_backend.lifecycle_hooks.values()):
        if hook.auto_scaling_group_name != group.name or hook.lifecycle_transition != wanted:
            continue
        detail = {
            "LifecycleActionToken": str(uuid.uuid4()),
            "AutoScalingGroupName": group.name,
            "LifecycleHookName": hook.name,
            "EC2InstanceId": instance_id,
            "LifecycleTransition": wanted,
        }
        OUTBOX.put(
            "aws.autoscaling", f"EC2 Instance-{kind} Lifecycle Action", [group.arn], detail
        )


@MENDS.mend(
    "Auto Scaling membership",
    "attach and detach change a tag and say so; instances that leave are announced to hooks",
    f"{MODEL}:AutoScalingBackend.attach_instances",
    f"{MODEL}:AutoScalingBackend.detach_instances",
)
def _membership_is_announced() -> None:
    attach, detach = AutoScalingBackend.attach_instances, AutoScalingBackend.detach_instances
    resize = FakeAutoScalingGroup.set_desired_capacity

    def with_tag_events(original: Any) -> Any:
        def call(self: Any, group_name: str, instance_ids: list[str], *args: Any) -> Any:
            before = {one: tags_of(self.ec2_backend, one) for one in instance_ids}
            with LOCK:
                answer = original(self, group_name, instance_ids, *args)
            for one in instance_ids:
                announce(self.ec2_backend, one, before[one])
            return answer

        return call

    def resize_with_hooks(self: Any, new_capacity: int | None) -> None:
        before = {state.instance.id for state in self.instance_states}
        resize(self, new_capacity)
        for gone in sorted(before - {state.instance.id for state in self.instance_states}):
            announce_hooks(self, gone, "TERMINATING")

    AutoScalingBackend.attach_instances = with_tag_events(attach)
    AutoScalingBackend.detach_instances = with_tag_events(detach)
    FakeAutoScalingGroup.set_desired_capacity = resize_with_hooks
