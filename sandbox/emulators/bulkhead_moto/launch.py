"""RunInstances: launch templates, groups, interfaces and instance profiles as AWS honours them."""

from __future__ import annotations

import copy
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidParameterCombination
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance

from . import MENDS
from .errors import group_not_found
from .instance_profiles import ensure_profile
from .instances import begin
from .interfaces import GROUPS_PER_INTERFACE_MAX
from .lookup import find_subnet


def _template_data(backend: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    named = kwargs.get("launch_template")
    return backend._get_template_from_args(named).data if named else {}


def _take_interfaces(backend: Any, kwargs: dict[str, Any], data: dict[str, Any], names: list[str]) -> None:
    """Settles which interfaces count: the request's, else the template's with the request's groups."""
    asked = list(kwargs.get("security_group_ids") or [])
    if kwargs.get("nics"):
        if asked or names:
            raise InvalidParameterCombination(
                "Network interfaces and an instance-level security groups may not be specified on "
                "the same request"
            )
        return
    nics = copy.deepcopy(data.get("NetworkInterfaces") or [])
    found = [backend.get_security_group_by_name_or_id(name) for name in names]
    override = [*asked, *(group.id for group in found if group is not None)]
    for nic in nics:
        nic.setdefault("DeviceIndex", 0)
        if override:
            nic["Groups"] = override
    kwargs["nics"] = nics


def _check_launch_groups(backend: Any, kwargs: dict[str, Any], data: dict[str, Any]) -> None:
    """Refuses before anything is made, so that a failed launch leaves nothing behind."""
    nics = kwargs["nics"]
    sets = [nic.get("Groups") or [] for nic in nics]
    if not any(sets):
        sets = [kwargs.get("security_group_ids") or data.get("SecurityGroupIds") or []]
    subnet_id = kwargs.get("subnet_id") or next(
        (nic["SubnetId"] for nic in nics if nic.get("SubnetId")), None
    )
    subnet = find_subnet(backend, subnet_id) if subnet_id else None
    vpc_id = subnet.vpc_id if subnet is not None else backend.default_vpc.id
    for ids in sets:
        unique = dict.fromkeys(item for item in ids if isinstance(item, str))
        if len(unique) > GROUPS_PER_INTERFACE_MAX:
            raise EC2ClientError(
                "SecurityGroupsPerInstanceLimitExceeded",
                "The maximum number of security groups per instance has been reached.",
            )
        for group_id in unique:
            group = backend.get_security_group_from_id(group_id)
            if group is None:
                raise group_not_found(group_id)
            if group.vpc_id != vpc_id:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"Security group {group_id} and subnet {subnet_id} belong to different "
                    "networks.",
                )


def _mark_interfaces(instance: Any, nics: list[dict[str, Any]]) -> None:
    """An interface made at launch is deleted with its instance unless the request says otherwise."""
    asked = {int(nic.get("DeviceIndex") or 0): nic for nic in nics}
    for index, interface in instance.nics.items():
        spec = asked.get(index, {})
        if not spec.get("NetworkInterfaceId"):
            interface.delete_on_termination = spec.get("DeleteOnTermination") is not False


def _join_profile(backend: Any, reservation: Any, kwargs: dict[str, Any], data: dict[str, Any]) -> None:
    """Every instance gets the profile; moto's own answer does so for the first one only."""
    by_request = bool(
        kwargs.get("iam_instance_profile_name") or kwargs.get("iam_instance_profile_arn")
    )
    profile = data.get("IamInstanceProfile") or {}
    name = kwargs.get("iam_instance_profile_name") or (None if by_request else profile.get("Name"))
    arn = kwargs.get("iam_instance_profile_arn") or (None if by_request else profile.get("Arn"))
    if not (name or arn):
        return
    ensure_profile(backend.account_id, name, arn)
    for instance in reservation.instances[1 if by_request else 0 :]:
        backend.associate_iam_instance_profile(
            instance_id=instance.id, iam_instance_profile_name=name, iam_instance_profile_arn=arn
        )


@MENDS.mend(
    "launch",
    "template interfaces, groups and profile count, sets replace each other, instances begin pending",
    "moto.ec2.models.instances:InstanceBackend.run_instances",
    "moto.ec2.models.instances:Instance.prep_nics",
    "moto.ec2.responses.instances:InstanceResponse.run_instances",
    "moto.ec2.models.launch_templates:LaunchTemplateVersion.__init__",
)
def _launches_are_honoured() -> None:
    original = EC2Backend.run_instances

    def run(
        self: Any,
        image_id: str,
        count: int,
        user_data: Any,
        security_group_names: list[str],
        **kwargs: Any,
    ) -> Any:
        data = _template_data(self, kwargs)
        _take_interfaces(self, kwargs, data, list(security_group_names or []))
        _check_launch_groups(self, kwargs, data)
        before = set(self.reservations)
        try:
            reservation = original(
                self, image_id, count, user_data, security_group_names, **kwargs
            )
        except Exception:
            for made in set(self.reservations) - before:
                del self.reservations[made]
            raise
        for instance in reservation.instances:
            _mark_interfaces(instance, kwargs["nics"])
        _join_profile(self, reservation, kwargs, data)
        for instance in reservation.instances:
            begin(instance)
        return reservation

    prepare = Instance.prep_nics

    def prep(self: Any, nic_spec: list[Any], *args: Any, **kwargs: Any) -> None:
        if any(nic.get("Groups") for nic in nic_spec):
            kwargs["security_groups"] = []
        prepare(self, nic_spec, *args, **kwargs)

    EC2Backend.run_instances = run
    Instance.prep_nics = prep
