"""IAM for EC2 and ECS calls: the caller's policies decide, with tags, VPCs and boundaries."""

from __future__ import annotations

import json
from typing import Any

from ec2_world import ACCOUNT, EC2, REGION, World, client, tcp, unique

PREFIX = f"arn:aws:ec2:{REGION}:{ACCOUNT}"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resources: Any = "*", **conditions: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": conditions} if conditions else statement


class Iam(World):
    def setUp(self) -> None:
        super().setUp()
        self.iam = client("iam")

    def user(self, *statements: dict[str, Any]) -> tuple[str, Any]:
        """An IAM user with an inline policy; gives its name and its EC2 client."""
        name = unique("user")
        self.iam.create_user(UserName=name)
        if statements:
            policy = document(*statements)
            self.iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=policy)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.key = key
        return name, client("ec2", key["AccessKeyId"], key["SecretAccessKey"])

    def owned_group(self, owner: str) -> str:
        tags = [{"Key": "bulkhead:owner", "Value": owner}]
        spec = [{"ResourceType": "security-group", "Tags": tags}]
        return self.make_group(TagSpecifications=spec)

    def test_nothing_is_allowed_that_no_policy_allows(self) -> None:
        _, ec2 = self.user(allow("ec2:DescribeVpcs"))
        ec2.describe_vpcs()
        self.assert_refused("UnauthorizedOperation", ec2.describe_instances)
        group = self.make_group()
        delete = ec2.delete_security_group
        self.assert_refused("UnauthorizedOperation", delete, GroupId=group)
        EC2.describe_security_groups(GroupIds=[group])

    def test_an_unknown_key_is_refused(self) -> None:
        stranger = client("ec2", "AKIAUNKNOWNUNKNOWN00", "x")
        self.assert_refused_at_all(stranger.describe_vpcs)

    def assert_refused_at_all(self, call: Any) -> None:
        from botocore.exceptions import ClientError

        with self.assertRaises(ClientError) as caught:
            call()
        self.assertGreaterEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)

    def test_every_group_of_the_new_set_must_be_allowed(self) -> None:
        owned, foreign = self.owned_group("Bulkhead"), self.make_group()
        interface = self.interface_of(self.run_instance([foreign]))["NetworkInterfaceId"]
        action = "ec2:ModifyNetworkInterfaceAttribute"
        vpc = {"ArnEquals": {"ec2:Vpc": f"{PREFIX}:vpc/{self.vpc}"}}
        tagged = {"StringEquals": {"aws:ResourceTag/bulkhead:owner": "Bulkhead"}}
        _, ec2 = self.user(
            allow(action, [f"{PREFIX}:network-interface/*", f"{PREFIX}:subnet/*"], **vpc),
            allow(action, f"{PREFIX}:instance/*"),
            allow(action, f"{PREFIX}:security-group/*", **tagged),
        )
        modify = ec2.modify_network_interface_attribute
        mixed = {"NetworkInterfaceId": interface, "Groups": [owned, foreign]}
        self.assert_refused("UnauthorizedOperation", modify, **mixed)
        self.assertEqual(self.groups_of(interface), {foreign})
        modify(NetworkInterfaceId=interface, Groups=[owned])
        self.assertEqual(self.groups_of(interface), {owned})

    def test_a_vpc_condition_keeps_to_its_vpc(self) -> None:
        owned = self.owned_group("Bulkhead")
        here = {"ArnEquals": {"ec2:Vpc": f"{PREFIX}:vpc/vpc-00000000000000000"}}
        _, ec2 = self.user(allow("ec2:AuthorizeSecurityGroupIngress", "*", **here))
        rule = {"GroupId": owned, "IpPermissions": [tcp(1, "10.0.0.0/8")]}
        self.assert_refused("UnauthorizedOperation", ec2.authorize_security_group_ingress, **rule)
        there = {"ArnLike": {"ec2:Vpc": f"{PREFIX}:vpc/{self.vpc[:-2]}*"}}
        _, ec2 = self.user(allow("ec2:AuthorizeSecurityGroupIngress", "*", **there))
        ec2.authorize_security_group_ingress(**rule)

    def test_a_wildcard_of_an_arn_condition_stays_in_its_part(self) -> None:
        owned = self.owned_group("Bulkhead")
        wide = {"ArnLike": {"ec2:Vpc": f"arn:aws:ec2:*{self.vpc}"}}
        _, ec2 = self.user(allow("ec2:AuthorizeSecurityGroupIngress", "*", **wide))
        rule = {"GroupId": owned, "IpPermissions": [tcp(1, "10.0.0.0/8")]}
        self.assert_refused("UnauthorizedOperation", ec2.authorize_security_group_ingress, **rule)

    def test_creating_a_group_asks_for_its_tags_and_its_vpc(self) -> None:
        owner = {"StringEquals": {"aws:RequestTag/bulkhead:owner": "Bulkhead"}}
        keys = {
            "ForAllValues:StringEquals": {"aws:TagKeys": ["bulkhead:owner", "bulkhead:group"]}
        }
        made_here = {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}
        _, ec2 = self.user(
            allow("ec2:CreateSecurityGroup", f"{PREFIX}:security-group/*", **owner, **keys),
            allow("ec2:CreateSecurityGroup", f"{PREFIX}:vpc/{self.vpc}"),
            allow("ec2:CreateTags", f"{PREFIX}:security-group/*", **made_here),
        )

        def request(tags: dict[str, str]) -> dict[str, Any]:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            return {
                "GroupName": unique("made"),
                "Description": "x",
                "VpcId": self.vpc,
                "TagSpecifications": [{"ResourceType": "security-group", "Tags": pairs}],
            }

        create, refused = ec2.create_security_group, "UnauthorizedOperation"
        self.assert_refused(refused, create, **request({"bulkhead:owner": "Other"}))
        strange = {"bulkhead:owner": "Bulkhead", "strange": "x"}
        self.assert_refused(refused, create, **request(strange))
        far = self.make_vpc("172.25.0.0/16")
        elsewhere = {**request({"bulkhead:owner": "Bulkhead"}), "VpcId": far}
        self.assert_refused(refused, create, **elsewhere)
        create(**request({"bulkhead:owner": "Bulkhead", "bulkhead:group": "web"}))

    def test_a_deny_and_a_boundary_win(self) -> None:
        deny = {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"}
        _, ec2 = self.user(allow("ec2:*"), deny)
        self.assert_refused("UnauthorizedOperation", ec2.describe_vpcs)
        ec2.describe_subnets()
        name, bounded = self.user(allow("ec2:*"))
        made = self.iam.create_policy(
            PolicyName=unique("boundary"), PolicyDocument=document(allow("ec2:DescribeSubnets"))
        )
        arn = made["Policy"]["Arn"]
        self.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
        self.assert_refused("UnauthorizedOperation", bounded.describe_vpcs)
        bounded.describe_subnets()

    def test_attached_policies_count_and_a_session_is_its_role(self) -> None:
        user_name, _ = self.user(allow("sts:AssumeRole"))
        role = unique("role")
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user_name}"},
            "Action": "sts:AssumeRole",
        }
        self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
        made = self.iam.create_policy(
            PolicyName=unique("managed"), PolicyDocument=document(allow("ec2:DescribeVpcs"))
        )
        self.iam.attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])
        sts = client("sts", self.key["AccessKeyId"], self.key["SecretAccessKey"])
        session = sts.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="case"
        )["Credentials"]
        keys = (session["AccessKeyId"], session["SecretAccessKey"])
        ec2 = client("ec2", *keys, session["SessionToken"])
        ec2.describe_vpcs()
        message = self.assert_refused("UnauthorizedOperation", ec2.describe_subnets)
        self.assertIn(f"assumed-role/{role}/case", message)
        self.assert_refused_at_all(client("ec2", *keys, "a wrong token").describe_vpcs)

    def test_ecs_calls_are_judged_too(self) -> None:
        self.user(allow("ecs:ListClusters"))
        ecs = client("ecs", self.key["AccessKeyId"], self.key["SecretAccessKey"])
        ecs.list_clusters()
        self.assert_refused_at_all(lambda: ecs.create_cluster(clusterName=unique("cluster")))
