"""Finding things in moto's EC2 backends by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends


def all_backends() -> Iterator[Any]:
    """Every EC2 backend that was ever used, over accounts and Regions."""
    for by_region in list(ec2_backends.values()):
        yield from list(by_region.values())


def active_peering(backend: Any, vpc: str, other: str) -> Any | None:
    """The active peering connection between two VPCs, whoever asked for it, or None."""
    for peering in backend.vpc_pcxs.values():
        ends = {peering.vpc.id, peering.peer_vpc.id}
        if peering._status.code == "active" and ends == {vpc, other}:
            return peering
    return None


def find_instance(backend: Any, instance_id: str) -> Any | None:
    for reservation in backend.reservations.values():
        for instance in reservation.instances:
            if instance.id == instance_id:
                return instance
    return None


def find_subnet(backend: Any, subnet_id: str) -> Any | None:
    for by_id in backend.subnets.values():
        if subnet_id in by_id:
            return by_id[subnet_id]
    return None


def find_resource(backend: Any, resource_id: str) -> Any | None:
    """The live resource behind an id of a kind that Bulkhead touches, or None."""
    if resource_id.startswith("i-"):
        return find_instance(backend, resource_id)
    if resource_id.startswith("eni-"):
        return backend.enis.get(resource_id)
    if resource_id.startswith("sg-"):
        return backend.get_security_group_from_id(resource_id)
    if resource_id.startswith("subnet-"):
        return find_subnet(backend, resource_id)
    if resource_id.startswith("vpc-"):
        return backend.vpcs.get(resource_id)
    if resource_id.startswith("pl-"):
        return backend.managed_prefix_lists.get(resource_id)
    if resource_id.startswith("acl-"):
        return backend.network_acls.get(resource_id)
    if resource_id.startswith("sgr-"):
        return find_rule(backend, resource_id)
    return None


def find_rule(backend: Any, rule_id: str) -> Any | None:
    for groups in backend.groups.values():
        for group in groups.values():
            for rule in (*group.ingress_rules, *group.egress_rules):
                if rule.id == rule_id:
                    return rule
    return None


def resource_type(resource_id: str) -> str | None:
    """AWS's name of the resource type in tag events and ARNs, of the kinds above."""
    prefix = resource_id.split("-", 1)[0]
    return {
        "i": "instance",
        "eni": "network-interface",
        "sg": "security-group",
        "subnet": "subnet",
        "vpc": "vpc",
        "pl": "prefix-list",
        "acl": "network-acl",
        "sgr": "security-group-rule",
    }.get(prefix)


def resource_arn(backend: Any, resource_id: str) -> str:
    kind = resource_type(resource_id)
    return f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:{kind}/{resource_id}"


def tags_of(backend: Any, resource_id: str) -> dict[str, str]:
    """A copy of the tags; does not create an entry for an id that has none."""
    return dict(backend.tags[resource_id]) if resource_id in backend.tags else {}
