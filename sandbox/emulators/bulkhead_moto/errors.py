"""EC2 errors that moto lacks, with AWS's codes."""

from __future__ import annotations

from moto.ec2.exceptions import EC2ClientError

DIFFERENT_NETWORKS = "You have specified two resources that belong to different networks."


def different_networks() -> EC2ClientError:
    """A group of another VPC, on an interface or in a rule: AWS answers InvalidGroup.NotFound.

    Seen in kubernetes-sigs/cluster-api-provider-aws issue 3943 (ModifyNetworkInterfaceAttribute).
    """
    return EC2ClientError("InvalidGroup.NotFound", DIFFERENT_NETWORKS)


def group_not_found(group_id: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
    )


def too_many_groups() -> EC2ClientError:
    return EC2ClientError(
        "SecurityGroupsPerInterfaceLimitExceeded",
        "The maximum number of security groups per interface has been reached.",
    )


def invalid_value(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)
