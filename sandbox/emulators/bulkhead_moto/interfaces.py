"""Interfaces: their groups, their addresses, and who may touch them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from . import MENDS
from .errors import different_networks, group_not_found, too_many_groups
from .lookup import find_subnet

GROUPS_PER_INTERFACE_MAX = 5
MODEL = "moto.ec2.models.elastic_network_interfaces"


def checked_groups(backend: Any, group_ids: list[str], vpc_id: str) -> list[Any]:
    """The groups behind ids that are to be put on one interface of a VPC, as AWS would accept them.

    Raises what EC2 answers: too many, unknown, or of another VPC. Repeats count once.
    """
    unique = list(dict.fromkeys(group_ids))
    if len(unique) > GROUPS_PER_INTERFACE_MAX:
        raise too_many_groups()
    groups = []
    for group_id in unique:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            raise group_not_found(group_id)
        if group.vpc_id != vpc_id:
            raise different_networks()
        groups.append(group)
    return groups


def refuse_if_service_owned(interface: Any) -> None:
    """Requester-managed interfaces take tags and nothing else (EC2 guide, requester-managed)."""
    if not interface.requester_managed:
        return
    if getattr(interface, "owning_service", "") == "ecs":
        raise EC2ClientError(
            "AuthFailure", "You do not have permission to access the specified resource."
        )
    attachment = interface.attachment_id or interface.id
    raise EC2ClientError(
        "OperationNotPermitted", f"You are not allowed to manage '{attachment}' attachments."
    )


@MENDS.mend(
    "interface groups",
    "ModifyNetworkInterfaceAttribute replaces the set, alone: one to five known groups of the same VPC",
    f"{MODEL}:NetworkInterface.group_set",
    f"{MODEL}:NetworkInterfaceBackend.modify_network_interface_attribute",
    "moto.ec2.responses.elastic_network_interfaces:"
    "ElasticNetworkInterfaces.modify_network_interface_attribute",
)
def _groups_are_replaced() -> None:
    NetworkInterface.group_set = property(lambda self: self._group_set)
    original = EC2Backend.modify_network_interface_attribute

    def modify(
        self: Any,
        eni_id: str,
        group_ids: list[str],
        source_dest_check: bool | None = None,
        description: str | None = None,
    ) -> None:
        interface = self.get_network_interface(eni_id)
        refuse_if_service_owned(interface)
        checked_groups(self, group_ids, interface.vpc_id)
        unique = list(dict.fromkeys(group_ids))
        original(self, eni_id, unique, source_dest_check, description)

    EC2Backend.modify_network_interface_attribute = modify
    answer = ElasticNetworkInterfaces.modify_network_interface_attribute

    def modify_something(self: Any) -> Any:
        asked = set(self._get_params()) - {"NetworkInterfaceId", "DryRun", "Action", "Version"}
        if not asked:
            raise EC2ClientError("InvalidParameterCombination", "No attributes specified.")
        if len(asked) > 1:
            raise EC2ClientError(
                "InvalidParameterCombination", "Only one attribute can be modified at a time."
            )
        return answer(self)

    ElasticNetworkInterfaces.modify_network_interface_attribute = modify_something


@MENDS.mend(
    "interface creation",
    "groups are checked and the address comes from the subnet and is nobody else's",
    f"{MODEL}:NetworkInterface.__init__",
    f"{MODEL}:NetworkInterfaceBackend.create_network_interface",
    "moto.ec2.models.subnets:Subnet.get_available_subnet_ip",
)
def _interfaces_are_made_in_their_subnet() -> None:
    original = EC2Backend.create_network_interface

    def create(
        self: Any,
        subnet: Any,
        private_ip_address: Any,
        private_ip_addresses: Any = None,
        group_ids: list[str] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        home = find_subnet(self, subnet) if isinstance(subnet, str) else subnet
        if home is None:
            return original(self, subnet, private_ip_address, private_ip_addresses, group_ids)
        checked_groups(self, group_ids or [], home.vpc_id)
        address = private_ip_address or None
        if address is None and not private_ip_addresses:
            address = home.get_available_subnet_ip(None)
        made = original(
            self,
            home,
            address,
            private_ip_addresses,
            list(dict.fromkeys(group_ids or [])),
            *args,
            **kwargs,
        )
        home._subnet_ips.setdefault(made.private_ip_address, made)
        return made

    EC2Backend.create_network_interface = create


@MENDS.mend(
    "interface deletion",
    "an interface in use is not deleted, and its address becomes free again",
    f"{MODEL}:NetworkInterfaceBackend.delete_network_interface",
    f"{MODEL}:NetworkInterface.delete",
    f"{MODEL}:NetworkInterfaceBackend.detach_network_interface",
    f"{MODEL}:NetworkInterface.attachment",
)
def _interfaces_in_use_stay() -> None:
    original = EC2Backend.delete_network_interface
    detach = EC2Backend.detach_network_interface
    attachment = NetworkInterface.attachment

    def delete(self: Any, eni_id: str) -> None:
        interface = self.get_network_interface(eni_id)
        refuse_if_service_owned(interface)
        if interface.attachment_id:
            raise EC2ClientError(
                "InvalidParameterValue", f"Network interface '{eni_id}' is currently in use."
            )
        original(self, eni_id)
        interface.subnet.del_subnet_ip(interface.private_ip_address)
        self.tags.pop(eni_id, None)

    def detach_unless_owned(self: Any, attachment_id: str) -> None:
        for interface in self.enis.values():
            if interface.attachment_id == attachment_id:
                refuse_if_service_owned(interface)
        detach(self, attachment_id)

    def attached(self: Any) -> Any:
        held = getattr(self, "service_attachment", None)
        return held if held is not None else attachment.fget(self)

    EC2Backend.delete_network_interface = delete
    EC2Backend.detach_network_interface = detach_unless_owned
    NetworkInterface.attachment = property(attached)


def give_to_service(interface: Any, service: str, requester: str, attachment_id: str) -> None:
    """Makes an interface requester-managed and attached to something the account does not see."""
    interface.requester_managed = True
    interface.owning_service = service
    interface.requester_id = requester
    interface.status = "in-use"
    interface.attachment_id = attachment_id
    interface.service_attachment = SimpleNamespace(
        attach_time=None,
        attachment_id=attachment_id,
        delete_on_termination=False,
        device_index=1,
        network_card_index=0,
        instance_id=None,
        instance_owner_id=requester,
        status="attached",
    )


def remove_for_service(backend: Any, interface: Any) -> None:
    """Deletes a service-owned interface, as the service that owns it may."""
    if backend.enis.pop(interface.id, None) is not None:
        interface.subnet.del_subnet_ip(interface.private_ip_address)
        backend.tags.pop(interface.id, None)


@MENDS.mend(
    "service-owned interfaces",
    "interfaces of NAT gateways and VPC endpoints are requester-managed and refuse changes",
    "moto.ec2.models.nat_gateways:NatGateway.__init__",
    "moto.ec2.models.vpcs:VPCBackend.create_vpc_endpoint",
)
def _services_own_their_interfaces() -> None:
    nat_init = NatGateway.__init__
    create_endpoint = EC2Backend.create_vpc_endpoint

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        nat_init(self, *args, **kwargs)
        _readdress(self._eni)
        give_to_service(self._eni, "nat", "amazon-elb", f"ela-attach-{self._eni.id[4:]}")
        self._eni.interface_type = "nat_gateway"

    def endpoint(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = create_endpoint(self, *args, **kwargs)
        for interface_id in made.network_interface_ids or []:
            interface = self.enis.get(interface_id)
            if interface is not None:
                _readdress(interface)
                give_to_service(interface, "endpoint", "amazon-aws", f"ela-attach-{interface_id}")
                interface.interface_type = "vpc_endpoint"
                _put_groups(self, interface, made)
        return made

    NatGateway.__init__ = init
    EC2Backend.create_vpc_endpoint = endpoint


def _readdress(interface: Any) -> None:
    """moto gives these interfaces an address of no subnet; take one of their own."""
    interface.private_ip_address = interface.subnet.get_available_subnet_ip(interface)
    interface.private_ip_addresses = [
        {"Primary": True, "PrivateIpAddress": interface.private_ip_address}
    ]


def _put_groups(backend: Any, interface: Any, endpoint: Any) -> None:
    named = [group for group in endpoint.security_group_ids or [] if isinstance(group, str)]
    if not named:
        return
    interface._group_set = checked_groups(backend, named, interface.vpc_id)
