"""Filters of DescribeInstances and DescribeNetworkInterfaces as EC2 defines them.

A filter's values are alternatives, filters must all hold, `*` and `?` are wildcards, and a name that
EC2 does not know is an error. A filter on something that has several values (groups, interfaces)
holds if any of them fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from moto.ec2 import utils
from moto.ec2.exceptions import InvalidNetworkInterfaceIdError
from moto.ec2.models import EC2Backend

from . import MENDS
from .errors import invalid_value

Values = Callable[[Any], Iterable[Any]]


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> re.Pattern[str]:
    parts = [".*" if char == "*" else "." if char == "?" else re.escape(char) for char in glob]
    return re.compile("".join(parts), re.DOTALL)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def fits(values: Iterable[Any], wanted: list[str]) -> bool:
    """Whether any of a resource's values is any of the wanted ones."""
    present = [_text(value) for value in values if value is not None]
    return any(_pattern(glob).fullmatch(value) for glob in wanted for value in present)


def _tag_values(resource: Any, name: str) -> list[str] | None:
    tags = resource.get_tags()
    if name.startswith("tag:"):
        return [tag["value"] for tag in tags if tag["key"] == name[4:]]
    if name == "tag-key":
        return [tag["key"] for tag in tags]
    if name == "tag-value":
        return [tag["value"] for tag in tags]
    return None


INTERFACE_VALUES: dict[str, Values] = {
    "addresses.primary": lambda eni: [True],
    "addresses.private-ip-address": lambda eni: [
        one.get("PrivateIpAddress") for one in eni.private_ip_addresses
    ],
    "attachment.attachment-id": lambda eni: [eni.attachment_id],
    "attachment.delete-on-termination": lambda eni: _attachment(eni, "delete_on_termination"),
    "attachment.device-index": lambda eni: _attachment(eni, "device_index"),
    "attachment.instance-id": lambda eni: _attachment(eni, "instance_id"),
    "attachment.instance-owner-id": lambda eni: _attachment(eni, "instance_owner_id"),
    "attachment.status": lambda eni: _attachment(eni, "status"),
    "availability-zone": lambda eni: [eni.availability_zone],
    "description": lambda eni: [eni.description],
    "group-id": lambda eni: [group.id for group in eni._group_set],
    "group-name": lambda eni: [group.name for group in eni._group_set],
    "interface-type": lambda eni: [eni.interface_type],
    "ipv6-addresses.ipv6-address": lambda eni: eni.ipv6_addresses,
    "mac-address": lambda eni: [eni.mac_address],
    "network-interface-id": lambda eni: [eni.id],
    "operator.managed": lambda eni: [False],
    "owner-id": lambda eni: [eni.owner_id],
    "private-dns-name": lambda eni: [getattr(eni, "private_dns_name", None)],
    "private-ip-address": lambda eni: [eni.private_ip_address],
    "requester-id": lambda eni: [eni.requester_id],
    "requester-managed": lambda eni: [eni.requester_managed],
    "source-dest-check": lambda eni: [eni.source_dest_check],
    "status": lambda eni: [eni.status],
    "subnet-id": lambda eni: [eni.subnet.id],
    "vpc-id": lambda eni: [eni.vpc_id],
}


def _attachment(eni: Any, name: str) -> list[Any]:
    return [getattr(eni.attachment, name)] if eni.attachment is not None else []


def _profile_arn(instance: Any) -> str | None:
    profile = instance.iam_instance_profile
    return profile.get("Arn") if isinstance(profile, dict) else None


INSTANCE_VALUES: dict[str, Values] = {
    "availability-zone": lambda i: [i.availability_zone],
    "group-id": lambda i: [group.id for group in i.security_groups],
    "iam-instance-profile.arn": lambda i: [_profile_arn(i)],
    "image-id": lambda i: [i.image_id],
    "instance.group-id": lambda i: [group.id for group in i.security_groups],
    "instance.group-name": lambda i: [group.name for group in i.security_groups],
    "instance-id": lambda i: [i.id],
    "instance-state-code": lambda i: [i._state.code],
    "instance-state-name": lambda i: [i._state.name],
    "instance-type": lambda i: [i.instance_type],
    "owner-id": lambda i: [i.owner_id],
    "private-dns-name": lambda i: [i.private_dns_name],
    "private-ip-address": lambda i: [i.private_ip_address],
    "subnet-id": lambda i: [i.subnet_id],
    "vpc-id": lambda i: [i.vpc_id],
}


def _instance_values(instance: Any, name: str) -> Iterable[Any] | None:
    tags = _tag_values(instance, name)
    if tags is not None:
        return tags
    if name in INSTANCE_VALUES:
        return INSTANCE_VALUES[name](instance)
    inner = INTERFACE_VALUES.get(name.removeprefix("network-interface."))
    if name.startswith("network-interface.") and inner is not None:
        return [value for nic in instance.nics.values() for value in inner(nic)]
    return None


@MENDS.mend(
    "interface filters",
    "every documented filter works, with alternatives and wildcards; unknown names are errors",
    "moto.ec2.models.elastic_network_interfaces:NetworkInterfaceBackend.get_all_network_interfaces",
)
def _interface_filters() -> None:
    def get_all(self: Any, eni_ids: list[str] | None = None, filters: Any = None) -> list[Any]:
        found = list(self.enis.values())
        if eni_ids:
            for missing in eni_ids:
                if missing not in self.enis:
                    raise InvalidNetworkInterfaceIdError(missing)
            found = [self.enis[eni_id] for eni_id in dict.fromkeys(eni_ids)]
        for name, wanted in (filters or {}).items():
            found = [eni for eni in found if fits(_interface_values(eni, name), wanted)]
        return found

    EC2Backend.get_all_network_interfaces = get_all


def _interface_values(eni: Any, name: str) -> Iterable[Any]:
    tags = _tag_values(eni, name)
    if tags is not None:
        return tags
    if name not in INTERFACE_VALUES:
        raise invalid_value(f"The filter '{name}' is invalid")
    return INTERFACE_VALUES[name](eni)


@MENDS.mend(
    "instance filters",
    "network-interface.*, iam-instance-profile.arn and wildcards work",
    "moto.ec2.utils:passes_filter_dict",
    "moto.ec2.utils:filter_reservations",
)
def _instance_filters() -> None:
    original = utils.passes_filter_dict

    def passes(instance: Any, filter_dict: dict[str, list[str]]) -> bool:
        rest = {}
        for name, wanted in filter_dict.items():
            values = _instance_values(instance, name)
            if values is None:
                if name not in utils.filter_dict_attribute_mapping:
                    raise invalid_value(f"The filter '{name}' is invalid")
                rest[name] = wanted
            elif not fits(values, wanted):
                return False
        return original(instance, rest)

    utils.passes_filter_dict = passes
