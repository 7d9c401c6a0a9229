"""Authorize, revoke and describe rules: each call does all of what it was asked, or nothing."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidPermissionNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
    MissingParameter,
    RulesPerSecurityGroupLimitExceededError,
)
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from . import MENDS
from .errors import group_not_found, invalid_value
from .rules import RULES_PER_GROUP_MAX, build_rules, describe_key, rule_key, weights

RESPONSES = "moto.ec2.responses.security_groups"
MODEL = "moto.ec2.models.security_groups"


def _group(response: Any) -> SecurityGroup:
    named = response._get_param("GroupId") or response._get_param("GroupName") or ""
    group = response.ec2_backend.get_security_group_by_name_or_id(named)
    if group is None:
        raise group_not_found(named)
    return group


def _asked_rules(
    response: Any,
    group: SecurityGroup,
    egress: bool,
    held_peers: frozenset[str] = frozenset(),
) -> list[SecurityGroupRule]:
    backend = response.ec2_backend
    rules = [
        rule
        for permission in response._process_rules_from_querystring()
        if permission["ip_protocol"] is not None
        for rule in build_rules(backend, group, permission, egress, held_peers)
    ]
    keys = [rule_key(rule) for rule in rules]
    if len(set(keys)) < len(keys):
        raise invalid_value("The same permission must not appear multiple times")
    return rules


def _held(group: SecurityGroup, egress: bool) -> list[SecurityGroupRule]:
    return group.egress_rules if egress else group.ingress_rules


def _authorize(response: Any, egress: bool) -> ActionResult:
    response.error_on_dryrun()
    group = _group(response)
    asked = _asked_rules(response, group, egress)
    if not asked:
        raise MissingParameter("The request must contain the parameter ipPermissions")
    held = _held(group, egress)
    present = {rule_key(rule) for rule in held}
    for rule in asked:
        if rule_key(rule) in present:
            raise EC2ClientError(
                "InvalidPermission.Duplicate",
                f"the specified rule {describe_key(rule_key(rule))} already exists",
            )
    if max(weights(response.ec2_backend, [*held, *asked])) > RULES_PER_GROUP_MAX:
        raise RulesPerSecurityGroupLimitExceededError
    held.extend(asked)
    return ActionResult({"Return": True, "SecurityGroupRules": asked})


def _revoke(response: Any, egress: bool) -> ActionResult:
    response.error_on_dryrun()
    group = _group(response)
    held = _held(group, egress)
    rule_ids = response._get_param("SecurityGroupRuleIds", [])
    if rule_ids:
        by_id = {rule.id: rule for rule in held}
        for rule_id in rule_ids:
            if rule_id not in by_id:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        return _removed(response, group, egress, [by_id[rule_id] for rule_id in rule_ids], [])
    by_key = {rule_key(rule): rule for rule in held}
    peers = frozenset((rule.source_group or {}).get("GroupId", "") for rule in held)
    asked = _asked_rules(response, group, egress, peers)
    unknown = [rule for rule in asked if rule_key(rule) not in by_key]
    vpc = response.ec2_backend.vpcs.get(group.vpc_id)
    if unknown and not (vpc is not None and vpc.is_default is True):
        raise InvalidPermissionNotFoundError
    found = [by_key[rule_key(rule)] for rule in asked if rule_key(rule) in by_key]
    return _removed(response, group, egress, found, unknown)


def _removed(
    response: Any,
    group: SecurityGroup,
    egress: bool,
    gone: list[SecurityGroupRule],
    unknown: list[SecurityGroupRule],
) -> ActionResult:
    lost = {rule.id for rule in gone}
    kept = [rule for rule in _held(group, egress) if rule.id not in lost]
    if egress:
        group.egress_rules = kept
    else:
        group.ingress_rules = kept
    for rule_id in lost:
        response.ec2_backend.tags.pop(rule_id, None)
    revoked = [_revoked_view(rule) for rule in gone]
    return ActionResult(
        {
            "Return": True,
            "RevokedSecurityGroupRules": revoked,
            "UnknownIpPermissions": group._flattened_rules(unknown),
        }
    )


def _revoked_view(rule: SecurityGroupRule) -> dict[str, Any]:
    view = {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group_id,
        "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        "CidrIpv4": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupId": (rule.source_group or {}).get("GroupId"),
        "Description": rule.description,
    }
    return {key: value for key, value in view.items() if value is not None}


def _describe_again(response: Any, egress: bool) -> ActionResult:
    """UpdateSecurityGroupRuleDescriptions*: by permissions, none changed unless all are there."""
    response.error_on_dryrun()
    group = _group(response)
    by_key = {rule_key(rule): rule for rule in _held(group, egress)}
    asked = _asked_rules(response, group, egress)
    if any(rule_key(rule) not in by_key for rule in asked):
        raise InvalidPermissionNotFoundError
    for rule in asked:
        _set_description(by_key[rule_key(rule)], rule.description)
    return ActionResult({"Return": True})


def _set_description(rule: SecurityGroupRule, text: str | None) -> None:
    if rule.prefix_list_id:
        rule.prefix_list_description = text
        return
    holder = rule.source_group or rule.ip_range
    holder.pop("Description", None)
    if text:
        holder["Description"] = text


@MENDS.mend(
    "rules",
    "authorize and revoke are all or nothing, canonical, checked, and answer with every rule",
    f"{RESPONSES}:SecurityGroups._process_rules_from_querystring",
    f"{RESPONSES}:SecurityGroups.authorize_security_group_ingress",
    f"{RESPONSES}:SecurityGroups.authorize_security_group_egress",
    f"{RESPONSES}:SecurityGroups.revoke_security_group_ingress",
    f"{RESPONSES}:SecurityGroups.revoke_security_group_egress",
    f"{RESPONSES}:SecurityGroups.update_security_group_rule_descriptions_ingress",
    f"{RESPONSES}:SecurityGroups.update_security_group_rule_descriptions_egress",
    f"{MODEL}:SecurityGroupRule.__init__",
)
def _rule_calls_are_atomic() -> None:
    SecurityGroups.authorize_security_group_ingress = lambda self: _authorize(self, egress=False)
    SecurityGroups.authorize_security_group_egress = lambda self: _authorize(self, egress=True)
    SecurityGroups.revoke_security_group_ingress = lambda self: _revoke(self, egress=False)
    SecurityGroups.revoke_security_group_egress = lambda self: _revoke(self, egress=True)
    SecurityGroups.update_security_group_rule_descriptions_ingress = lambda self: _describe_again(
        self, egress=False
    )
    SecurityGroups.update_security_group_rule_descriptions_egress = lambda self: _describe_again(
        self, egress=True
    )


@MENDS.mend(
    "rule descriptions",
    "descriptions of group pairs and prefix lists are kept and shown",
    f"{MODEL}:SecurityGroupRule.description",
    f"{MODEL}:SecurityGroup._flattened_rules",
    f"{MODEL}:GroupedSecurityRuleView.__init__",
)
def _descriptions_are_kept() -> None:
    flattened = SecurityGroup._flattened_rules

    def description(self: Any) -> str | None:
        holder = self.source_group or self.ip_range
        return holder.get("Description") or getattr(self, "prefix_list_description", None)

    def with_descriptions(self: Any, rules: list[Any]) -> list[Any]:
        views = flattened(self, rules)
        by_list = {rule_key(rule): rule.description for rule in rules if rule.prefix_list_id}
        for view in views:
            for listed in view.prefix_list_ids:
                for key, text in by_list.items():
                    same = (key.protocol, key.from_port, key.to_port) == (
                        view.ip_protocol,
                        view.from_port,
                        view.to_port,
                    )
                    if same and text and key.peer[1] == listed["PrefixListId"]:
                        listed["Description"] = text
        return views

    SecurityGroupRule.description = property(description)
    SecurityGroup._flattened_rules = with_descriptions
