"""Network ACLs and prefix lists: AWS's limits, refusals and version lock."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidParameterCombination
from moto.ec2.models import EC2Backend
from moto.ec2.responses.vpcs import VPCs

from . import MENDS
from .errors import invalid_value
from .rules import RULES_PER_GROUP_MAX, canonical_cidr, weights

ENTRIES_PER_DIRECTION_MAX = 20
RULE_NUMBER_MAX = 32766
CHANGES_PER_CALL_MAX = 100
MODEL = "moto.ec2.models.network_acls:NetworkAclBackend"
LISTS = "moto.ec2.models.managed_prefixes:ManagedPrefixListBackend"
ANSWERS = "moto.ec2.responses.vpcs:VPCs"


@MENDS.mend(
    "network ACLs",
    "20 entries per direction, canonical CIDRs, a last entry that denies, and errors for HTTP 500",
    f"{MODEL}.create_network_acl",
    f"{MODEL}.create_network_acl_entry",
    f"{MODEL}.delete_network_acl_entry",
    f"{MODEL}.replace_network_acl_entry",
    f"{MODEL}.replace_network_acl_association",
)
def _acls_have_limits() -> None:
    create = EC2Backend.create_network_acl_entry
    delete = EC2Backend.delete_network_acl_entry
    replace = EC2Backend.replace_network_acl_entry
    associate = EC2Backend.replace_network_acl_association

    def create_entry(self: Any, **entry: Any) -> Any:
        acl = self.get_network_acl(entry["network_acl_id"])
        number = int(entry["rule_number"])
        if entry.get("rule_number") is not None and number <= RULE_NUMBER_MAX:
            _check_room(acl, number, entry["egress"])
        elif number != RULE_NUMBER_MAX + 1:
            raise invalid_value(f"Value ({number}) for parameter ruleNumber is invalid.")
        return create(self, **_with_canonical_cidrs(entry))

    def replace_entry(self: Any, **entry: Any) -> Any:
        # Everything that can be refused is refused before the old entry goes.
        return replace(self, **_with_canonical_cidrs(entry))

    def delete_entry(self: Any, network_acl_id: str, rule_number: int, egress: bool) -> Any:
        acl = self.get_network_acl(network_acl_id)
        here = [(one.egress, one.rule_number) for one in acl.network_acl_entries]
        if (egress, rule_number) not in here:
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound",
                f"The specified network acl entry {rule_number} does not exist",
            )
        return delete(self, network_acl_id, rule_number, egress)

    def replace_association(self: Any, association_id: str, network_acl_id: str) -> Any:
        self.get_network_acl(network_acl_id)
        if not any(association_id in acl._associations for acl in self.network_acls.values()):
            raise EC2ClientError(
                "InvalidAssociationID.NotFound",
                f"The association ID '{association_id}' does not exist",
            )
        return associate(self, association_id, network_acl_id)

    create_acl = EC2Backend.create_network_acl

    def create_with_last_entries(
        self: Any, vpc_id: str, tags: Any = None, default: bool = False
    ) -> Any:
        acl = create_acl(self, vpc_id, tags, default)
        if not default:
            # Every ACL ends with the entry that denies what no other decided; moto's own do not.
            for egress in (True, False):
                nothing = dict.fromkeys(
                    ("icmp_code", "icmp_type", "port_range_from", "port_range_to", "ipv6_cidr_block")
                )
                create(
                    self,
                    network_acl_id=acl.id,
                    rule_number=RULE_NUMBER_MAX + 1,
                    protocol="-1",
                    rule_action="deny",
                    egress=egress,
                    cidr_block="0.0.0.0/0",
                    **nothing,
                )
        return acl

    EC2Backend.create_network_acl = create_with_last_entries
    EC2Backend.create_network_acl_entry = create_entry
    EC2Backend.delete_network_acl_entry = delete_entry
    EC2Backend.replace_network_acl_entry = replace_entry
    EC2Backend.replace_network_acl_association = replace_association


def _with_canonical_cidrs(entry: dict[str, Any]) -> dict[str, Any]:
    canonical = dict(entry)
    for key, family in (("cidr_block", 4), ("ipv6_cidr_block", 6)):
        if entry.get(key):
            canonical[key] = canonical_cidr(entry[key], family)
    return canonical


def _check_room(acl: Any, number: int, egress: bool) -> None:
    if number < 1:
        raise invalid_value(f"Value ({number}) for parameter ruleNumber is invalid.")
    held = [
        entry.rule_number
        for entry in acl.network_acl_entries
        if entry.egress == egress and entry.rule_number <= RULE_NUMBER_MAX
    ]
    if number not in held and len(held) >= ENTRIES_PER_DIRECTION_MAX:
        raise EC2ClientError(
            "NetworkAclEntryLimitExceeded",
            "The maximum number of network acl entries has been reached.",
        )


@MENDS.mend(
    "prefix lists",
    "a stale version is refused, a change keeps the name, and at most MaxEntries fit",
    f"{LISTS}.modify_managed_prefix_list",
    f"{LISTS}.create_managed_prefix_list",
)
def _lists_have_versions() -> None:
    modify = EC2Backend.modify_managed_prefix_list

    def modify_list(
        self: Any,
        add_entry: list[dict[str, str]],
        remove_entry: list[dict[str, str]],
        prefix_list_id: str | None = None,
        current_version: str | None = None,
        prefix_list_name: str | None = None,
    ) -> Any:
        listed = self.managed_prefix_lists.get(prefix_list_id)
        if listed is None:
            raise EC2ClientError(
                "InvalidPrefixListID.NotFound",
                f"The prefix list ID '{prefix_list_id}' does not exist",
            )
        added, removed = add_entry or [], remove_entry or []
        if len(added) > CHANGES_PER_CALL_MAX or len(removed) > CHANGES_PER_CALL_MAX:
            raise invalid_value("Too many entries in one request; the maximum is 100.")
        if current_version is not None and int(current_version) != listed.version:
            raise EC2ClientError(
                "PrefixListVersionMismatch",
                f"The prefix list has the version {listed.version}, not {current_version}.",
            )
        held = {entry["Cidr"] for entry in listed.entries.get(listed.version) or []}
        after = (held - {entry["Cidr"] for entry in removed}) | {entry["Cidr"] for entry in added}
        if len(after) > int(listed.max_entries or 0):
            raise EC2ClientError(
                "PrefixListMaxEntriesExceeded",
                "The number of entries would exceed the maximum of the prefix list.",
            )
        name = prefix_list_name or listed.prefix_list_name
        return modify(self, added, removed, prefix_list_id, None, name)

    EC2Backend.modify_managed_prefix_list = modify_list


@MENDS.mend(
    "prefix list sizes",
    "MaxEntries can be changed, as far as the groups that name the list have room; absent lists are errors",
    f"{ANSWERS}.modify_managed_prefix_list",
    f"{ANSWERS}.get_managed_prefix_list_entries",
)
def _lists_have_sizes() -> None:
    answer = VPCs.modify_managed_prefix_list
    entries = VPCs.get_managed_prefix_list_entries

    def modify(self: Any) -> ActionResult:
        size = self._get_param("MaxEntries")
        if size is None:
            return answer(self)
        if self._get_param("AddEntries", []) or self._get_param("RemoveEntries", []):
            raise InvalidParameterCombination(
                "You cannot modify the entries and the size of a prefix list in the same request."
            )
        result = answer(self)
        _resize(self.ec2_backend, result.result["PrefixList"], int(size))
        return result

    def get_entries(self: Any) -> ActionResult:
        named = self._get_param("PrefixListId")
        if named not in self.ec2_backend.managed_prefix_lists:
            raise EC2ClientError(
                "InvalidPrefixListID.NotFound", f"The prefix list ID '{named}' does not exist"
            )
        return entries(self)

    VPCs.modify_managed_prefix_list = modify
    VPCs.get_managed_prefix_list_entries = get_entries


def _resize(backend: Any, listed: Any, size: int) -> None:
    """Fails by state, not by an error, where a group that names the list has no room for more."""
    full = [
        group.id
        for groups in backend.groups.values()
        for group in groups.values()
        for rules in (group.ingress_rules, group.egress_rules)
        if any(rule.prefix_list_id == listed.id for rule in rules)
        and max(weights(backend, rules, {listed.id: size})) > RULES_PER_GROUP_MAX
    ]
    if full:
        listed.state = "modify-failed"
        listed.state_message = f"no room in {', '.join(full[:10])}"
        return
    listed.max_entries = size
    listed.state_message = None
