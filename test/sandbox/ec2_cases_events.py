"""Events of EC2, tags and ECS in AWS's shapes, through a rule on the default bus into a queue."""

from __future__ import annotations

import re
import unittest
from typing import Any

from ec2_world import ACCOUNT, EC2, REGION, EventTap, World, client, unique, until

WHOLE_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ENVELOPE = {
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
}


class Events(World):
    def tap(self, pattern: dict[str, Any]) -> EventTap:
        tap = EventTap(pattern)
        self.addCleanup(tap.close)
        return tap

    def assert_envelope(self, event: dict[str, Any], source: str, kind: str) -> None:
        self.assertEqual(set(event), ENVELOPE)
        self.assertEqual((event["source"], event["detail-type"]), (source, kind))
        self.assertEqual((event["account"], event["region"]), (ACCOUNT, REGION))
        self.assertRegex(event["time"], WHOLE_SECONDS)

    def test_every_state_of_an_instance_is_announced_in_order(self) -> None:
        tap = self.tap({"source": ["aws.ec2"]})
        instance = self.run_instance([self.make_group()])
        interface = self.interface_of(instance)["NetworkInterfaceId"]
        self.until_state(instance, "running")
        EC2.stop_instances(InstanceIds=[instance])
        self.until_state(instance, "stopped")
        EC2.start_instances(InstanceIds=[instance])
        self.until_state(instance, "running")
        EC2.terminate_instances(InstanceIds=[instance])

        def of_it(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [one for one in seen if one["detail"].get("instance-id") == instance]

        states = "pending running stopping stopped pending running shutting-down terminated".split()
        seen = of_it(tap.until("termination", lambda seen: len(of_it(seen)) >= len(states)))
        self.assertEqual([event["detail"]["state"] for event in seen], states)
        for event in seen:
            self.assert_envelope(event, "aws.ec2", "EC2 Instance State-change Notification")
            arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"
            self.assertEqual(event["resources"], [arn])
            self.assertEqual(set(event["detail"]), {"instance-id", "state"})
        self.assertEqual(len({event["id"] for event in seen}), len(states))
        describe = EC2.describe_network_interfaces
        code = "InvalidNetworkInterfaceID.NotFound"
        self.assert_refused(code, describe, NetworkInterfaceIds=[interface])

    def test_a_tag_change_carries_all_tags_and_a_rising_version(self) -> None:
        tap = self.tap({"source": ["aws.tag"]})
        instance = self.run_instance([self.make_group()], {"app": "shop", "tier": "web"})
        EC2.create_tags(Resources=[instance], Tags=[{"Key": "tier", "Value": "api"}])
        EC2.create_tags(Resources=[instance], Tags=[{"Key": "tier", "Value": "api"}])
        EC2.delete_tags(Resources=[instance], Tags=[{"Key": "app"}])

        def of_it(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [one for one in seen if one["resources"][0].endswith(instance)]

        first, second = of_it(tap.until("two changes", lambda seen: len(of_it(seen)) >= 2))
        self.assert_envelope(first, "aws.tag", "Tag Change on Resource")
        changed = {"changed-tag-keys": ["tier"], "service": "ec2", "resource-type": "instance"}
        self.assertEqual(
            first["detail"], {**changed, "version": 1, "tags": {"app": "shop", "tier": "api"}}
        )
        self.assertEqual(second["detail"]["changed-tag-keys"], ["app"])
        self.assertEqual(second["detail"]["tags"], {"tier": "api"})
        self.assertEqual(second["detail"]["version"], 2)

    def test_tags_of_interfaces_groups_subnets_and_vpcs_are_announced(self) -> None:
        tap = self.tap({"source": ["aws.tag"]})
        group = self.make_group()
        interface = self.interface_of(self.run_instance([group]))["NetworkInterfaceId"]
        kinds = {
            interface: "network-interface",
            group: "security-group",
            self.subnet: "subnet",
            self.vpc: "vpc",
        }
        EC2.create_tags(Resources=list(kinds), Tags=[{"Key": "zone", "Value": "pci"}])

        def found(seen: list[dict[str, Any]]) -> dict[str, str]:
            ids = {one["resources"][0].split("/")[-1]: one["detail"] for one in seen}
            return {one: ids[one]["resource-type"] for one in kinds if one in ids}

        seen = tap.until("four changes", lambda seen: len(found(seen)) == len(kinds))
        self.assertEqual(found(seen), kinds)

    def test_reserved_and_absent_are_refused(self) -> None:
        tag = [{"Key": "aws:mine", "Value": "x"}]
        self.assert_refused("InvalidParameterValue", EC2.create_tags, Resources=[self.vpc], Tags=tag)
        for absent, code in [
            ("i-00000000000000000", "InvalidInstanceID.NotFound"),
            ("eni-00000000000000000", "InvalidNetworkInterfaceID.NotFound"),
        ]:
            tags = [{"Key": "a", "Value": "b"}]
            self.assert_refused(code, EC2.create_tags, Resources=[absent], Tags=tags)


class OnlyAwsSpeaksForAws(unittest.TestCase):
    def test_an_ordinary_user_cannot_put_events_of_aws(self) -> None:
        iam = client("iam")
        name = unique("speaker")
        iam.create_user(UserName=name)
        document = (
            '{"Version":"2012-10-17","Statement":'
            '[{"Effect":"Allow","Action":"events:PutEvents","Resource":"*"}]}'
        )
        iam.put_user_policy(UserName=name, PolicyName="put", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        events = client("events", key["AccessKeyId"], key["SecretAccessKey"])
        entry = {"DetailType": "x", "Detail": "{}"}
        answer = events.put_events(
            Entries=[{**entry, "Source": "aws.ec2"}, {**entry, "Source": "shop"}]
        )
        codes = [one.get("ErrorCode") for one in answer["Entries"]]
        self.assertEqual(codes, ["NotAuthorizedForSourceException", None])


class Tasks(World):
    def setUp(self) -> None:
        super().setUp()
        self.ecs = client("ecs")
        self.cluster = unique("cluster")
        self.family = unique("family")
        self.group = self.make_group()
        self.ecs.create_cluster(clusterName=self.cluster)
        self.ecs.register_task_definition(
            family=self.family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": "app", "essential": True}],
        )
        self.tap = EventTap({"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]})
        self.addCleanup(self.tap.close)

    def make_service(self, count: int) -> None:
        network = {"subnets": [self.subnet, self.other_subnet], "securityGroups": [self.group]}
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName="shop",
            taskDefinition=self.family,
            desiredCount=count,
            launchType="FARGATE",
            propagateTags="SERVICE",
            tags=[{"key": "app", "value": "shop"}],
            networkConfiguration={"awsvpcConfiguration": network},
        )

    def running(self) -> list[dict[str, Any]]:
        names = self.ecs.list_tasks(cluster=self.cluster, serviceName="shop")["taskArns"]
        if not names:
            return []
        found = self.ecs.describe_tasks(cluster=self.cluster, tasks=names, include=["TAGS"])
        return [task for task in found["tasks"] if task["lastStatus"] == "RUNNING"]

    def until_running(self, count: int) -> list[dict[str, Any]]:
        until(f"{count} tasks", lambda: len(self.running()) == count)
        return self.running()

    def interfaces(self) -> list[dict[str, Any]]:
        wanted = [{"Name": "group-id", "Values": [self.group]}]
        return EC2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]

    def test_a_service_makes_tasks_with_interfaces_that_ecs_owns(self) -> None:
        self.make_service(3)
        tasks = self.until_running(3)
        self.assertEqual({task["group"] for task in tasks}, {"service:shop"})
        self.assertEqual(tasks[0]["tags"], [{"key": "app", "value": "shop"}])
        details = tasks[0]["attachments"][0]["details"]
        named = {one["name"]: one["value"] for one in details}
        found = EC2.describe_network_interfaces(NetworkInterfaceIds=[named["networkInterfaceId"]])
        interface = found["NetworkInterfaces"][0]
        self.assertEqual(interface["SubnetId"], named["subnetId"])
        self.assertEqual(interface["PrivateIpAddress"], named["privateIPv4Address"])
        self.assertTrue(interface["RequesterManaged"])
        self.assertNotIn("InstanceId", interface["Attachment"])
        subnets = {one["SubnetId"] for one in self.interfaces()}
        self.assertEqual(subnets, {self.subnet, self.other_subnet})
        refused = {"NetworkInterfaceId": interface["NetworkInterfaceId"]}
        other = self.make_group()
        modify = EC2.modify_network_interface_attribute
        self.assert_refused("AuthFailure", modify, **refused, Groups=[other])
        self.assert_refused("AuthFailure", EC2.delete_network_interface, **refused)
        EC2.create_tags(
            Resources=[interface["NetworkInterfaceId"]], Tags=[{"Key": "a", "Value": "b"}]
        )
        self.assertEqual(self.groups_of(interface["NetworkInterfaceId"]), {self.group})

    def test_a_service_grows_shrinks_and_replaces(self) -> None:
        self.make_service(1)
        first = self.until_running(1)[0]["taskArn"]
        self.ecs.update_service(cluster=self.cluster, service="shop", desiredCount=3)
        self.until_running(3)
        self.ecs.update_service(cluster=self.cluster, service="shop", desiredCount=1)
        until("one interface", lambda: len(self.interfaces()) == 1 and len(self.running()) == 1)
        self.assertEqual(self.running()[0]["taskArn"], first)
        self.ecs.stop_task(cluster=self.cluster, task=first, reason="a case")
        until("a replacement", lambda: [one["taskArn"] for one in self.running()] not in ([], [first]))
        until("one interface", lambda: len(self.interfaces()) == 1)
        newer = self.make_group()
        network = {"subnets": [self.subnet], "securityGroups": [newer]}
        self.ecs.update_service(
            cluster=self.cluster,
            service="shop",
            networkConfiguration={"awsvpcConfiguration": network},
        )
        until("the old group's interfaces go", lambda: self.interfaces() == [])
        self.group = newer
        until("the new group's come", lambda: len(self.interfaces()) == 1)
        self.ecs.delete_service(cluster=self.cluster, service="shop", force=True)
        until("nothing is left", lambda: self.interfaces() == [])

    def test_task_events_rise_in_version_and_name_the_interface(self) -> None:
        self.make_service(1)
        task = self.until_running(1)[0]
        self.ecs.stop_task(cluster=self.cluster, task=task["taskArn"])

        def of_it(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [one for one in seen if one["detail"]["taskArn"] == task["taskArn"]]

        def stopped(seen: list[dict[str, Any]]) -> bool:
            return any(one["detail"]["lastStatus"] == "STOPPED" for one in of_it(seen))

        seen = of_it(self.tap.until("the task stops", stopped))
        versions = [event["detail"]["version"] for event in seen]
        self.assertEqual(versions, sorted(set(versions)))
        running = next(one for one in seen if one["detail"]["lastStatus"] == "RUNNING")
        self.assertEqual(running["resources"], [task["taskArn"]])
        detail = running["detail"]
        attachment = detail["attachments"][0]
        self.assertEqual((attachment["type"], attachment["status"]), ("eni", "ATTACHED"))
        names = {one["name"] for one in attachment["details"]}
        self.assertLessEqual({"subnetId", "networkInterfaceId", "privateIPv4Address"}, names)
        self.assertEqual(detail["group"], "service:shop")
        self.assertEqual(detail["desiredStatus"], "RUNNING")
        inner = detail["containers"][0]["networkInterfaces"][0]
        self.assertEqual(inner["attachmentId"], attachment["id"])
        self.assertEqual(seen[-1]["detail"]["attachments"][0]["status"], "DELETED")

    def test_a_missing_task_is_a_failure_not_an_error(self) -> None:
        answer = self.ecs.describe_tasks(cluster=self.cluster, tasks=["0" * 32])
        self.assertEqual(answer["tasks"], [])
        self.assertEqual(answer["failures"][0]["reason"], "MISSING")
