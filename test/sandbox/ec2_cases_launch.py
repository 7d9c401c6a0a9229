"""Launches: templates, profiles, Auto Scaling, states that forbid, and what a failed launch leaves."""

from __future__ import annotations

import json
from typing import Any

from ec2_world import ACCOUNT, EC2, EventTap, World, client, image, unique, until


class Launches(World):
    def template(self, **data: Any) -> str:
        name = unique("template")
        content = {"ImageId": image(), "InstanceType": "t3.micro", **data}
        EC2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=content)
        return name

    def launch(self, template: str, **more: Any) -> str:
        named = {"LaunchTemplateName": template, "Version": "$Latest"}
        answer = EC2.run_instances(
            LaunchTemplate=named, MinCount=1, MaxCount=1, SubnetId=self.subnet, **more
        )
        return answer["Instances"][0]["InstanceId"]

    def groups_at_launch(self, instance: str) -> set[str]:
        return self.groups_of(self.interface_of(instance)["NetworkInterfaceId"])

    def test_a_template_gives_groups_and_a_request_replaces_them(self) -> None:
        first, second = self.make_group(), self.make_group()
        plain = self.template(SecurityGroupIds=[first])
        nics = self.template(NetworkInterfaces=[{"DeviceIndex": 0, "Groups": [first]}])
        for template in (plain, nics):
            self.assertEqual(self.groups_at_launch(self.launch(template)), {first})
            replaced = self.launch(template, SecurityGroupIds=[second])
            self.assertEqual(self.groups_at_launch(replaced), {second})

    def test_a_refused_launch_leaves_nothing(self) -> None:
        far = self.make_group(self.make_vpc("172.24.0.0/16"))
        many = [self.make_group() for _ in range(6)]
        for code, groups in [
            ("InvalidParameter", [far]),
            ("InvalidGroup.NotFound", ["sg-00000000000000000"]),
            ("SecurityGroupsPerInstanceLimitExceeded", many),
        ]:
            with self.subTest(code=code):
                self.assert_refused(code, self.run_instance, groups=groups)
        wanted = [{"Name": "vpc-id", "Values": [self.vpc]}]
        self.assertEqual(EC2.describe_instances(Filters=wanted)["Reservations"], [])
        self.assertEqual(EC2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"], [])

    def test_addresses_are_of_the_subnet_and_nobody_elses(self) -> None:
        group = self.make_group()
        self.run_instance([group], MinCount=4, MaxCount=4)
        EC2.create_network_interface(SubnetId=self.subnet, Groups=[group])
        wanted = [{"Name": "group-id", "Values": [group]}]
        found = EC2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
        addresses = [one["PrivateIpAddress"] for one in found]
        self.assertEqual(len(set(addresses)), 5)
        prefix = f"10.{self.number % 200}.1."
        self.assertTrue(all(address.startswith(prefix) for address in addresses), addresses)

    def test_a_profile_that_iam_knows_is_on_every_instance(self) -> None:
        iam = client("iam")
        name = unique("profile")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"
        group = self.make_group()
        self.run_instance([group], MinCount=2, MaxCount=2, IamInstanceProfile={"Name": name})
        template = self.template(SecurityGroupIds=[group], IamInstanceProfile={"Arn": arn})
        self.launch(template)
        wanted = [
            {"Name": "iam-instance-profile.arn", "Values": [arn]},
            {"Name": "vpc-id", "Values": [self.vpc]},
        ]
        found = EC2.describe_instances(Filters=wanted)["Reservations"]
        self.assertEqual(sum(len(one["Instances"]) for one in found), 3)

    def test_states_forbid(self) -> None:
        instance = self.run_instance([self.make_group()])
        self.until_state(instance, "running")
        EC2.stop_instances(InstanceIds=[instance])
        start = EC2.start_instances
        self.assert_refused("IncorrectInstanceState", start, InstanceIds=[instance])
        EC2.terminate_instances(InstanceIds=[instance])
        self.until_state(instance, "terminated")
        self.assert_refused("IncorrectInstanceState", start, InstanceIds=[instance])
        gone = self.instance(instance)
        self.assertEqual(gone.get("NetworkInterfaces", []), [])
        self.assertNotIn("PrivateIpAddress", gone)
        EC2.terminate_instances(InstanceIds=[instance])

    def test_an_interface_that_was_there_before_outlives_the_instance(self) -> None:
        made = EC2.create_network_interface(SubnetId=self.subnet, Groups=[self.make_group()])
        interface = made["NetworkInterface"]["NetworkInterfaceId"]
        nic = {"DeviceIndex": 0, "NetworkInterfaceId": interface}
        answer = EC2.run_instances(
            ImageId=image(), InstanceType="t3.micro", MinCount=1, MaxCount=1, NetworkInterfaces=[nic]
        )
        instance = answer["Instances"][0]["InstanceId"]
        EC2.terminate_instances(InstanceIds=[instance])
        self.until_state(instance, "terminated")
        found = EC2.describe_network_interfaces(NetworkInterfaceIds=[interface])
        self.assertEqual(found["NetworkInterfaces"][0]["Status"], "available")


class Scaling(Launches):
    def setUp(self) -> None:
        super().setUp()
        self.scaling = client("autoscaling")
        self.name = unique("fleet")
        self.group = self.make_group()
        nics = [{"DeviceIndex": 0, "Groups": [self.group]}]
        tag = {"Key": "app", "Value": "shop", "PropagateAtLaunch": True}
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=self.name,
            LaunchTemplate={
                "LaunchTemplateName": self.template(NetworkInterfaces=nics),
                "Version": "$Latest",
            },
            MinSize=0,
            MaxSize=10,
            DesiredCapacity=2,
            VPCZoneIdentifier=f"{self.subnet},{self.other_subnet}",
            Tags=[{**tag, "ResourceId": self.name, "ResourceType": "auto-scaling-group"}],
        )

    def members(self) -> list[dict[str, Any]]:
        wanted = [
            {"Name": "tag:aws:autoscaling:groupName", "Values": [self.name]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ]
        found = EC2.describe_instances(Filters=wanted)["Reservations"]
        return [instance for one in found for instance in one["Instances"]]

    def resize(self, count: int) -> None:
        self.scaling.set_desired_capacity(AutoScalingGroupName=self.name, DesiredCapacity=count)
        until(f"{count} members", lambda: len(self.members()) == count)

    def test_it_grows_over_its_subnets_with_tags_and_groups_and_events(self) -> None:
        tap = EventTap({"source": ["aws.ec2"], "detail": {"state": ["running"]}})
        self.addCleanup(tap.close)
        before = {one["InstanceId"] for one in self.members()}
        self.resize(7)
        members = self.members()
        subnets = [one["SubnetId"] for one in members]
        counts = sorted((subnets.count(self.subnet), subnets.count(self.other_subnet)))
        self.assertEqual(counts, [3, 4])
        for one in members:
            tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            self.assertEqual(tags["app"], "shop")
            self.assertEqual(
                [group["GroupId"] for group in one["SecurityGroups"]], [self.group]
            )
        grown = {one["InstanceId"] for one in members} - before

        def announced(seen: list[dict[str, Any]]) -> bool:
            return grown <= {one["detail"]["instance-id"] for one in seen}

        tap.until("all are running", announced)

    def test_it_shrinks_and_replaces_what_was_terminated(self) -> None:
        self.resize(1)
        lost = self.members()[0]["InstanceId"]
        EC2.terminate_instances(InstanceIds=[lost])
        until("a replacement", lambda: [one["InstanceId"] for one in self.members()] not in ([], [lost]))
        self.resize(0)

    def test_a_hook_is_announced(self) -> None:
        tap = EventTap({"source": ["aws.autoscaling"]})
        self.addCleanup(tap.close)
        self.scaling.put_lifecycle_hook(
            AutoScalingGroupName=self.name,
            LifecycleHookName="segment",
            LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        )
        self.resize(3)
        event = tap.until("the hook's event", lambda seen: len(seen) > 0)[0]
        self.assertEqual(event["detail-type"], "EC2 Instance-launch Lifecycle Action")
        self.assertEqual(event["detail"]["AutoScalingGroupName"], self.name)
        self.assertEqual(event["detail"]["LifecycleHookName"], "segment")
        members = {one["InstanceId"] for one in self.members()}
        self.assertIn(event["detail"]["EC2InstanceId"], members)


# Scaling inherits helpers; the cases of Launches run once, in Launches.
for _name in [name for name in dir(Launches) if name.startswith("test_")]:
    setattr(Scaling, _name, None)
