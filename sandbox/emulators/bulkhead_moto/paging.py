"""MaxResults and NextToken for the Describe calls that moto answers whole."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidNextToken, InvalidParameterCombination
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces
from moto.ec2.responses.security_groups import SecurityGroups

from . import MENDS
from .errors import invalid_value

PAGE_MIN, PAGE_MAX = 5, 1000
TOKENS_MAX = 512

_left: OrderedDict[str, list[str]] = OrderedDict()
"""What is left to tell, by token: ids, so that nothing is told twice or missed when others go."""


def page_size(response: Any) -> int | None:
    """MaxResults of the request, checked as EC2 does (5 to 1000), or None."""
    given = response._get_param("MaxResults")
    if given is None:
        return None
    size = int(given)
    if size < PAGE_MIN:
        raise invalid_value(
            f"Value ( {size} ) for parameter maxResults is invalid. "
            f"Expecting a value greater than or equal to {PAGE_MIN}."
        )
    if size > PAGE_MAX:
        raise invalid_value(
            f"Value ( {size} ) for parameter maxResults is invalid. "
            f"Expecting a value less than or equal to {PAGE_MAX}."
        )
    return size


def cut(items: list[Any], size: int | None, token: str | None) -> tuple[list[Any], str | None]:
    """One page of the items, each with an `id`, and the token of the next page."""
    if token is not None:
        if token not in _left:
            raise InvalidNextToken(token)
        by_id = {item.id: item for item in items}
        items = [by_id[wanted] for wanted in _left[token] if wanted in by_id]
    if size is None or len(items) <= size:
        return items, None
    following = uuid.uuid4().hex
    _left[following] = [item.id for item in items[size:]]
    while len(_left) > TOKENS_MAX:
        _left.popitem(last=False)
    return items[:size], following


def _paged(original: Any, key: str, ids_parameter: str | None) -> Any:
    def call(self: Any) -> ActionResult:
        size = page_size(self)
        if size is not None and ids_parameter and self._get_param(ids_parameter, []):
            raise InvalidParameterCombination(
                f"The parameter {ids_parameter} cannot be used with the parameter MaxResults"
            )
        whole = original(self).result[key]
        page, following = cut(whole, size, self._get_param("NextToken"))
        result = {key: page}
        if following is not None:
            result["NextToken"] = following
        return ActionResult(result)

    return call


@MENDS.mend(
    "paging",
    "DescribeNetworkInterfaces, DescribeSecurityGroups and DescribeSecurityGroupRules page",
    "moto.ec2.responses.elastic_network_interfaces:"
    "ElasticNetworkInterfaces.describe_network_interfaces",
    "moto.ec2.responses.security_groups:SecurityGroups.describe_security_groups",
    "moto.ec2.responses.security_groups:SecurityGroups.describe_security_group_rules",
    "moto.core.responses:ActionResult.result",
)
def _describes_page() -> None:
    interfaces, groups = ElasticNetworkInterfaces, SecurityGroups
    interfaces.describe_network_interfaces = _paged(
        interfaces.describe_network_interfaces, "NetworkInterfaces", "NetworkInterfaceIds"
    )
    groups.describe_security_groups = _paged(
        groups.describe_security_groups, "SecurityGroups", None
    )
    groups.describe_security_group_rules = _paged(
        groups.describe_security_group_rules, "SecurityGroupRules", "SecurityGroupRuleIds"
    )
