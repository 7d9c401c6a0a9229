"""What the cases share: clients of the sandbox, a small network each, and readable refusals."""

from __future__ import annotations

import itertools
import json
import os
import time
import unittest
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = "us-east-1"
ACCOUNT = "000000000000"
LIVENESS_SECONDS = 60
"""A case may fail on this generous limit, never on a latency."""

_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def client(service: str, key: str = "test", secret: str = "test", token: str | None = None) -> Any:
    """A client of the sandbox; as the account's root unless keys are given. It never retries."""
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 1}, parameter_validation=False),
    )


EC2 = client("ec2")


def until(what: str, probe: Callable[[], Any]) -> Any:
    """The first true answer of `probe`; fails after the liveness limit, naming `what`."""
    deadline = time.monotonic() + LIVENESS_SECONDS
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {LIVENESS_SECONDS} s")
        time.sleep(0.05)


class World(unittest.TestCase):
    """A case with a VPC and two subnets of its own."""

    def setUp(self) -> None:
        self.number = next(_numbers)
        self.vpc = self.make_vpc(f"10.{self.number % 200}.0.0/16")
        self.subnet = self.make_subnet(f"10.{self.number % 200}.1.0/24", "us-east-1a")
        self.other_subnet = self.make_subnet(f"10.{self.number % 200}.2.0/24", "us-east-1b")

    def make_vpc(self, cidr: str, **more: Any) -> str:
        return EC2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]

    def make_subnet(self, cidr: str, zone: str, vpc: str | None = None) -> str:
        made = EC2.create_subnet(VpcId=vpc or self.vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return made["Subnet"]["SubnetId"]

    def make_group(self, vpc: str | None = None, **more: Any) -> str:
        made = EC2.create_security_group(
            GroupName=unique("group"), Description="a case", VpcId=vpc or self.vpc, **more
        )
        return made["GroupId"]

    def run_instance(self, groups: list[str], tags: dict[str, str] | None = None, **more: Any) -> str:
        request: dict[str, Any] = {
            "ImageId": image(),
            "InstanceType": "t3.micro",
            "MinCount": 1,
            "MaxCount": 1,
            "SubnetId": self.subnet,
            "SecurityGroupIds": groups,
            **more,
        }
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            request["TagSpecifications"] = [{"ResourceType": "instance", "Tags": pairs}]
        return EC2.run_instances(**request)["Instances"][0]["InstanceId"]

    def interface_of(self, instance: str) -> dict[str, Any]:
        wanted = [{"Name": "attachment.instance-id", "Values": [instance]}]
        return EC2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"][0]

    def groups_of(self, interface: str) -> set[str]:
        found = EC2.describe_network_interfaces(NetworkInterfaceIds=[interface])
        return {group["GroupId"] for group in found["NetworkInterfaces"][0]["Groups"]}

    def instance(self, instance: str) -> dict[str, Any]:
        found = EC2.describe_instances(InstanceIds=[instance])
        return found["Reservations"][0]["Instances"][0]

    def until_state(self, instance: str, state: str) -> None:
        until(f"{instance} {state}", lambda: self.instance(instance)["State"]["Name"] == state)

    def rules_of(self, group: str, egress: bool = False) -> list[dict[str, Any]]:
        wanted = [{"Name": "group-id", "Values": [group]}]
        found = EC2.describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
        return [rule for rule in found if rule["IsEgress"] == egress]

    def assert_refused(self, code: str, call: Callable[..., Any], **request: Any) -> str:
        """Asserts that the call is refused with AWS's code; gives the message."""
        with self.assertRaises(ClientError) as caught:
            call(**request)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error["Message"])
        return str(error["Message"])


_image: list[str] = []


def image() -> str:
    if not _image:
        _image.append(EC2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"])
    return _image[0]


def tcp(port: int, *cidrs: str, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    """One IpPermission for a TCP port."""
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    if cidrs:
        permission["IpRanges"] = [{"CidrIp": cidr} for cidr in cidrs]
    if groups:
        permission["UserIdGroupPairs"] = [{"GroupId": group} for group in groups]
    return permission


class EventTap:
    """Collects the events that a rule matches, in the order of a queue behind the default bus."""

    def __init__(self, pattern: dict[str, Any]) -> None:
        self._sqs, self._events = client("sqs"), client("events")
        self._rule = unique("tap")
        self._queue = self._sqs.create_queue(QueueName=self._rule)["QueueUrl"]
        names = ["QueueArn"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=names)
        self._events.put_rule(Name=self._rule, EventPattern=json.dumps(pattern))
        target = {"Id": "tap", "Arn": found["Attributes"]["QueueArn"]}
        self._events.put_targets(Rule=self._rule, Targets=[target])
        self.seen: list[dict[str, Any]] = []

    def until(self, what: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        def probe() -> bool:
            if enough(self.seen):
                return True
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                self.seen.append(json.loads(message["Body"]))
                handle = message["ReceiptHandle"]
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=handle)
            return enough(self.seen)

        until(what, probe)
        return self.seen

    def close(self) -> None:
        self._events.remove_targets(Rule=self._rule, Ids=["tap"])
        self._events.delete_rule(Name=self._rule)
        self._sqs.delete_queue(QueueUrl=self._queue)
