"""Rules of security groups in AWS's terms: one rule, one peer, one canonical key."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, NamedTuple

from moto.ec2.exceptions import EC2ClientError, InvalidCIDRSubnetError
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

from .errors import different_networks, group_not_found, invalid_value
from .lookup import active_peering

PROTOCOL_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
RULES_PER_GROUP_MAX = 60
"""Per direction and per IP family (EC2 quotas, security groups)."""


class RuleKey(NamedTuple):
    """What makes two rules of one group and direction the same; descriptions do not."""

    protocol: str
    from_port: int | None
    to_port: int | None
    peer: tuple[str, str]


def rule_key(rule: SecurityGroupRule) -> RuleKey:
    if rule.source_group:
        peer = ("group", rule.source_group.get("GroupId", ""))
    elif rule.prefix_list_id:
        peer = ("prefix-list", rule.prefix_list_id)
    else:
        peer = ("cidr", rule.cidr_ipv4 or rule.cidr_ipv6 or "")
    return RuleKey(str(rule.ip_protocol), rule.from_port, rule.to_port, peer)


def canonical_cidr(given: str, family: int) -> str:
    """Host bits cleared and IPv6 compressed, as EC2 stores it. Raises what EC2 answers."""
    try:
        if "/" not in given:
            raise ValueError(given)
        network = ipaddress.ip_network(given, strict=False)
    except ValueError:
        raise InvalidCIDRSubnetError(cidr=given) from None
    if network.version != family:
        raise InvalidCIDRSubnetError(cidr=given)
    return str(network)


def canonical_protocol(given: Any) -> str:
    protocol = str(given if given is not None else "").lower()
    protocol = PROTOCOL_NAMES.get(protocol, protocol)
    known = protocol in {"-1", "tcp", "udp", "icmp", "icmpv6"}
    if not known and not (protocol.isdigit() and int(protocol) < 256):
        raise invalid_value(f"Invalid value '{given}' for IP protocol. Unknown protocol.")
    return protocol


def canonical_ports(protocol: str, first: Any, last: Any) -> tuple[int | None, int | None]:
    """Ports as EC2 stores them; for ICMP they are type and code, and -1 means all."""
    if protocol not in {"tcp", "udp", "icmp", "icmpv6"}:
        return None, None
    if protocol in {"icmp", "icmpv6"}:
        return (-1 if first is None else int(first)), (-1 if last is None else int(last))
    if first is None or last is None:
        raise invalid_value(
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        )
    low, high = int(first), int(last)
    if not 0 <= low <= high <= 65535:
        raise invalid_value(f"Invalid TCP/UDP port range ({low}:{high})")
    return low, high


def build_rules(
    backend: Any,
    group: SecurityGroup,
    permission: dict[str, Any],
    egress: bool,
    held_peers: frozenset[str] = frozenset(),
) -> list[Any]:
    """The rules that one IpPermission stands for, canonical, each with its peer checked.

    `permission` is what moto's query parser yields: ip_protocol, from_port, to_port, ip_ranges,
    source_groups, prefix_list_ids, sgrule_tags. `held_peers`: groups that may be named although they
    are gone, or out of reach by now (to revoke what is stale).
    """
    protocol = canonical_protocol(permission["ip_protocol"])
    ports = canonical_ports(protocol, permission["from_port"], permission["to_port"])
    tags = permission.get("sgrule_tags") or {}
    built = []
    for source in permission["ip_ranges"] or []:
        built.append(_rule(backend, group, protocol, ports, egress, tags, ip_range=_range(source)))
    for source in permission["source_groups"] or []:
        pair = _group_pair(backend, group, source, held_peers)
        built.append(_rule(backend, group, protocol, ports, egress, tags, source_group=pair))
    for source in permission["prefix_list_ids"] or []:
        listed = _prefix_list(backend, source)
        rule = _rule(backend, group, protocol, ports, egress, tags, prefix_list=listed)
        rule.prefix_list_description = source.get("Description")
        built.append(rule)
    return built


def _rule(
    backend: Any,
    group: SecurityGroup,
    protocol: str,
    ports: tuple[int | None, int | None],
    egress: bool,
    tags: dict[str, str],
    ip_range: dict[str, str] | None = None,
    source_group: dict[str, str] | None = None,
    prefix_list: dict[str, str] | None = None,
) -> SecurityGroupRule:
    # Built for all traffic first: moto's constructor cannot take a protocol without ports.
    rule = SecurityGroupRule(
        backend, "-1", group.id, None, None, ip_range, source_group, prefix_list, egress, tags
    )
    rule.ip_protocol = protocol
    rule.from_port, rule.to_port = ports
    return rule


def _range(source: dict[str, str]) -> dict[str, str]:
    described = {"Description": source["Description"]} if source.get("Description") else {}
    if source.get("CidrIpv6"):
        return {"CidrIpv6": canonical_cidr(source["CidrIpv6"], 6), **described}
    return {"CidrIp": canonical_cidr(source.get("CidrIp", ""), 4), **described}


def _group_pair(
    backend: Any, group: SecurityGroup, source: dict[str, str], held_peers: frozenset[str]
) -> dict[str, str]:
    named = source.get("GroupId")
    if named in held_peers:
        return {"GroupId": named, "UserId": backend.account_id}
    peer = backend.get_security_group_from_id(named) if named else None
    if peer is None and source.get("GroupName"):
        peer = backend.get_security_group_from_name(source["GroupName"], group.vpc_id)
    if peer is None:
        raise group_not_found(named or source.get("GroupName", ""))
    pair = {"GroupId": peer.id, "UserId": backend.account_id}
    if peer.vpc_id != group.vpc_id:
        peering = active_peering(backend, str(group.vpc_id), str(peer.vpc_id))
        if peering is None:
            raise different_networks()
        pair |= {"VpcId": str(peer.vpc_id), "VpcPeeringConnectionId": peering.id}
        pair["PeeringStatus"] = "active"
    if source.get("Description"):
        pair["Description"] = source["Description"]
    return pair


def _prefix_list(backend: Any, source: dict[str, str]) -> dict[str, str]:
    wanted = source.get("PrefixListId", "")
    if wanted not in backend.managed_prefix_lists:
        raise EC2ClientError(
            "InvalidPrefixListID.NotFound", f"The prefix list ID '{wanted}' does not exist"
        )
    return {"PrefixListId": wanted}


def weights(
    backend: Any, rules: Iterable[SecurityGroupRule], sizes: dict[str, int] | None = None
) -> tuple[int, int]:
    """How much the rules count against the IPv4 and the IPv6 quota.

    A group counts for both; a prefix list counts its maximum of entries for its own family. `sizes`:
    maxima that lists are to have, by id, where they differ from those that they have.
    """
    counted = {4: 0, 6: 0}
    for rule in rules:
        if rule.prefix_list_id:
            listed = backend.managed_prefix_lists.get(rule.prefix_list_id)
            family = 6 if listed is not None and listed.address_family == "IPv6" else 4
            size = (sizes or {}).get(rule.prefix_list_id) or (listed and listed.max_entries)
            counted[family] += max(1, int(size or 1))
        elif rule.cidr_ipv6:
            counted[6] += 1
        elif rule.cidr_ipv4:
            counted[4] += 1
        else:
            counted[4] += 1
            counted[6] += 1
    return counted[4], counted[6]


def describe_key(key: RuleKey) -> str:
    """The rule in the words of EC2's duplicate error."""
    ports = "" if key.from_port is None else f", from port: {key.from_port}, to port: {key.to_port}"
    protocol = "ALL" if key.protocol == "-1" else key.protocol.upper()
    return f'"peer: {key.peer[1]}, {protocol}{ports}, ALLOW"'
