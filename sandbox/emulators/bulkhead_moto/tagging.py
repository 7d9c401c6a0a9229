"""Tags: quick reads, AWS's refusals, and `Tag Change on Resource` events."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses.tags import TagResponse

from . import MENDS
from .errors import invalid_value
from .lookup import find_resource, resource_arn, resource_type, tags_of
from .outbox import OUTBOX

NOT_FOUND_CODES = {
    "instance": "InvalidInstanceID.NotFound",
    "network-interface": "InvalidNetworkInterfaceID.NotFound",
    "security-group": "InvalidGroup.NotFound",
    "security-group-rule": "InvalidSecurityGroupRuleId.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "vpc": "InvalidVpcID.NotFound",
    "prefix-list": "InvalidPrefixListID.NotFound",
    "network-acl": "InvalidNetworkAclID.NotFound",
}

_versions: dict[str, int] = {}


@MENDS.mend(
    "tag reads",
    "tags of one resource are looked up, not searched for among all (speed only)",
    "moto.ec2.models.core:TaggedEC2Resource.get_tags",
    "moto.ec2.models.tags:TagBackend.describe_tags",
)
def _tags_are_looked_up() -> None:
    def get_tags(self: Any) -> list[dict[str, str]]:
        kind = resource_type(self.id) if self.id else None
        if kind is None:
            return original(self)
        return [
            {"resource_id": self.id, "key": key, "value": value, "resource_type": kind}
            for key, value in tags_of(self.ec2_backend, self.id).items()
        ]

    original = TaggedEC2Resource.get_tags
    TaggedEC2Resource.get_tags = get_tags


@MENDS.mend(
    "tag changes",
    "CreateTags and DeleteTags send one event per changed resource, with all its tags and a version",
    "moto.ec2.responses.tags:TagResponse.create_tags",
    "moto.ec2.responses.tags:TagResponse.delete_tags",
    "moto.ec2.models.tags:TagBackend.create_tags",
    "moto.ec2.models.tags:TagBackend.delete_tags",
)
def _changes_are_announced() -> None:
    def announced(original: Any) -> Any:
        def call(self: Any) -> Any:
            backend = self.ec2_backend
            ids = list(self._get_param("Resources", []))
            keys = [tag.get("Key", "") for tag in self._get_param("Tags", [])]
            _check(backend, ids, keys)
            before = {resource_id: tags_of(backend, resource_id) for resource_id in ids}
            answer = original(self)
            for resource_id in ids:
                announce(backend, resource_id, before[resource_id])
            return answer

        return call

    TagResponse.create_tags = announced(TagResponse.create_tags)
    TagResponse.delete_tags = announced(TagResponse.delete_tags)


def _check(backend: Any, ids: list[str], keys: list[str]) -> None:
    if any(key.lower().startswith("aws:") for key in keys):
        raise invalid_value("Tag keys starting with 'aws:' are reserved for internal use")
    for resource_id in ids:
        kind = resource_type(resource_id)
        code = NOT_FOUND_CODES.get(kind or "")
        if code is not None and find_resource(backend, resource_id) is None:
            raise EC2ClientError(code, f"The ID '{resource_id}' does not exist")


def announce(backend: Any, resource_id: str, before: dict[str, str]) -> None:
    """Sends the event if the tags differ from `before`; the version rises by one per event."""
    kind = resource_type(resource_id)
    after = tags_of(backend, resource_id)
    changed = sorted(
        key for key in {*before, *after} if before.get(key) != after.get(key)
    )
    if kind is None or not changed:
        return
    _versions[resource_id] = _versions.get(resource_id, 0) + 1
    detail = {
        "changed-tag-keys": changed,
        "service": "ec2",
        "resource-type": kind,
        "version": _versions[resource_id],
        "tags": after,
    }
    OUTBOX.put("aws.tag", "Tag Change on Resource", [resource_arn(backend, resource_id)], detail)
