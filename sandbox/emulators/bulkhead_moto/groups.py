"""Making and deleting security groups."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from . import MENDS
from .errors import invalid_value

NAME_LENGTH_MAX = 255
MODEL = "moto.ec2.models.security_groups"


@MENDS.mend(
    "group creation",
    "names are unique per VPC whatever their case, 255 characters at most and not like an id",
    f"{MODEL}:SecurityGroupBackend.create_security_group",
    f"{MODEL}:SecurityGroup.__init__",
)
def _names_are_checked() -> None:
    original = EC2Backend.create_security_group

    def create(
        self: Any,
        name: str,
        description: str,
        vpc_id: str | None = None,
        tags: dict[str, str] | None = None,
        force: bool = False,
        is_default: bool | None = None,
    ) -> Any:
        if not is_default:
            _check_names(self, name, description, vpc_id)
        made = original(self, name, description, vpc_id, tags, force, is_default)
        if is_default:
            itself = {"GroupId": made.id, "UserId": self.account_id}
            made.ingress_rules.append(
                SecurityGroupRule(self, "-1", made.id, None, None, None, itself, is_egress=False)
            )
        return made

    EC2Backend.create_security_group = create


def _check_names(backend: Any, name: str, description: str, vpc_id: str | None) -> None:
    home = vpc_id or backend.default_vpc.id
    backend.get_vpc(home)
    if name.lower().startswith("sg-") or len(name) > NAME_LENGTH_MAX:
        raise invalid_value(f"Value ({name}) for parameter GroupName is invalid.")
    if len(description or "") > NAME_LENGTH_MAX:
        raise invalid_value("Value for parameter GroupDescription is invalid. Too long.")
    taken = {group.name.lower() for group in backend.groups[home].values()}
    if name.lower() in taken:
        raise EC2ClientError(
            "InvalidGroup.Duplicate",
            f"The security group '{name}' already exists for VPC '{home}'",
        )


@MENDS.mend(
    "group deletion",
    "DependencyViolation while an interface or another group of the VPC names it",
    f"{MODEL}:SecurityGroupBackend.delete_security_group",
    "moto.ec2.responses.security_groups:SecurityGroups.delete_security_group",
)
def _groups_in_use_stay() -> None:
    original = EC2Backend.delete_security_group

    def delete(self: Any, name: str | None = None, group_id: str | None = None) -> None:
        group = self.get_security_group_by_name_or_id(group_id or name or "")
        if group is not None:
            if _is_needed(self, group):
                raise DependencyViolationError(f"resource {group.id} has a dependent object")
        original(self, name, group_id)
        if group is not None:
            for rule in (*group.ingress_rules, *group.egress_rules):
                self.tags.pop(rule.id, None)
            self.tags.pop(group.id, None)

    EC2Backend.delete_security_group = delete
    answer = SecurityGroups.delete_security_group

    def delete_for_user(self: Any) -> Any:
        named = self._get_param("GroupId") or self._get_param("GroupName") or ""
        group = self.ec2_backend.get_security_group_by_name_or_id(named)
        if group is not None and group.is_default:
            what = f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            raise EC2ClientError("CannotDelete", what)
        return answer(self)

    SecurityGroups.delete_security_group = delete_for_user


def _is_needed(backend: Any, group: Any) -> bool:
    if any(held.id == group.id for eni in backend.enis.values() for held in eni._group_set):
        return True
    return any(
        (rule.source_group or {}).get("GroupId") == group.id
        for other in backend.groups[group.vpc_id].values()
        if other.id != group.id
        for rule in (*other.ingress_rules, *other.egress_rules)
    )


@MENDS.mend(
    "group filters",
    "a filter of groups or rules that EC2 does not know is an error, not HTTP 500",
    f"{MODEL}:SecurityGroup.matches_filter",
    f"{MODEL}:SecurityGroupRule.matches_filter",
)
def _unknown_filters_are_refused() -> None:
    def checked(original: Any) -> Any:
        def matches(self: Any, key: str, filter_value: Any) -> Any:
            if not key.startswith("tag") and key not in self.filters:
                raise invalid_value(f"The filter '{key}' is invalid")
            return original(self, key, filter_value)

        return matches

    SecurityGroup.matches_filter = checked(SecurityGroup.matches_filter)
    SecurityGroupRule.matches_filter = checked(SecurityGroupRule.matches_filter)
