"""Security groups: on interfaces, their rules, their making and deleting."""

from __future__ import annotations

from ec2_world import EC2, World, client, tcp, unique


class InterfaceGroups(World):
    def test_the_set_is_replaced_and_the_instance_follows(self) -> None:
        first, second, third = (self.make_group() for _ in range(3))
        instance = self.run_instance([first])
        interface = self.interface_of(instance)["NetworkInterfaceId"]
        EC2.modify_network_interface_attribute(
            NetworkInterfaceId=interface, Groups=[second, third, second]
        )
        self.assertEqual(self.groups_of(interface), {second, third})
        shown = {group["GroupId"] for group in self.instance(instance)["SecurityGroups"]}
        self.assertEqual(shown, {second, third})

    def test_a_refused_change_changes_nothing(self) -> None:
        groups = [self.make_group() for _ in range(6)]
        foreign = self.make_group(self.make_vpc("172.20.0.0/16"))
        interface = self.interface_of(self.run_instance(groups[:1]))["NetworkInterfaceId"]
        modify = EC2.modify_network_interface_attribute
        refusals = [
            ("SecurityGroupsPerInterfaceLimitExceeded", groups),
            ("InvalidGroup.NotFound", [groups[1], "sg-00000000000000000"]),
            ("InvalidGroup.NotFound", [groups[1], foreign]),
            ("InvalidParameterCombination", []),
        ]
        for code, wanted in refusals:
            with self.subTest(code=code, wanted=len(wanted)):
                self.assert_refused(code, modify, NetworkInterfaceId=interface, Groups=wanted)
                self.assertEqual(self.groups_of(interface), {groups[0]})

    def test_a_group_of_another_network_is_named_as_such(self) -> None:
        interface = self.interface_of(self.run_instance([self.make_group()]))
        foreign = self.make_group(self.make_vpc("172.21.0.0/16"))
        message = self.assert_refused(
            "InvalidGroup.NotFound",
            EC2.modify_network_interface_attribute,
            NetworkInterfaceId=interface["NetworkInterfaceId"],
            Groups=[foreign],
        )
        self.assertIn("two resources that belong to different networks", message)

    def test_five_groups_fit(self) -> None:
        groups = [self.make_group() for _ in range(5)]
        interface = self.interface_of(self.run_instance(groups[:1]))["NetworkInterfaceId"]
        EC2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups)
        self.assertEqual(self.groups_of(interface), set(groups))

    def test_an_unknown_interface_is_not_found(self) -> None:
        self.assert_refused(
            "InvalidNetworkInterfaceID.NotFound",
            EC2.modify_network_interface_attribute,
            NetworkInterfaceId="eni-00000000000000000",
            Groups=[self.make_group()],
        )

    def test_an_interface_in_use_is_not_deleted(self) -> None:
        interface = self.interface_of(self.run_instance([self.make_group()]))["NetworkInterfaceId"]
        delete = EC2.delete_network_interface
        self.assert_refused("InvalidParameterValue", delete, NetworkInterfaceId=interface)
        self.assertEqual(len(self.groups_of(interface)), 1)


class Rules(World):
    def test_every_rule_comes_back_with_its_id_canonical_and_described(self) -> None:
        group, peer = self.make_group(), self.make_group()
        asked = [
            {**tcp(443), "IpRanges": [{"CidrIp": "10.1.2.3/8", "Description": "inside"}]},
            {
                **tcp(80),
                "UserIdGroupPairs": [{"GroupId": peer, "Description": "storefront"}],
            },
            {"IpProtocol": "58", "Ipv6Ranges": [{"CidrIpv6": "2001:DB8:0:0::1/32"}]},
            {"IpProtocol": "50", "IpRanges": [{"CidrIp": "192.0.2.0/24"}]},
        ]
        answer = EC2.authorize_security_group_ingress(GroupId=group, IpPermissions=asked)
        rules = answer["SecurityGroupRules"]
        self.assertEqual(len({rule["SecurityGroupRuleId"] for rule in rules}), 4)
        self.assertEqual(rules[0]["CidrIpv4"], "10.0.0.0/8")
        self.assertEqual(rules[1]["ReferencedGroupInfo"]["GroupId"], peer)
        self.assertEqual(rules[2]["CidrIpv6"], "2001:db8::/32")
        self.assertEqual(rules[2]["IpProtocol"], "icmpv6")
        held = {rule["SecurityGroupRuleId"]: rule for rule in self.rules_of(group)}
        self.assertEqual(set(held), {rule["SecurityGroupRuleId"] for rule in rules})
        described = [held[rule["SecurityGroupRuleId"]].get("Description") for rule in rules]
        self.assertEqual(described, ["inside", "storefront", None, None])
        shown = EC2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        pairs = [pair for one in shown["IpPermissions"] for pair in one["UserIdGroupPairs"]]
        self.assertEqual([pair.get("Description") for pair in pairs], ["storefront"])

    def test_one_duplicate_refuses_the_whole_batch(self) -> None:
        for egress in (False, True):
            with self.subTest(egress=egress):
                group = self.make_group()
                authorize = _authorize(egress)
                authorize(GroupId=group, IpPermissions=[tcp(443, "10.0.0.0/8")])
                before = self.rules_of(group, egress)
                self.assert_refused(
                    "InvalidPermission.Duplicate",
                    authorize,
                    GroupId=group,
                    IpPermissions=[tcp(444, "10.2.0.0/16"), tcp(443, "10.99.0.0/8")],
                )
                self.assertEqual(self.rules_of(group, egress), before)

    def test_a_rule_named_twice_in_one_call_is_refused(self) -> None:
        group = self.make_group()
        self.assert_refused(
            "InvalidParameterValue",
            EC2.authorize_security_group_ingress,
            GroupId=group,
            IpPermissions=[tcp(443, "10.0.0.0/8"), tcp(443, "10.1.0.0/8")],
        )
        self.assertEqual(self.rules_of(group), [])

    def test_the_61st_rule_of_a_family_is_refused_with_its_batch(self) -> None:
        for egress in (False, True):
            with self.subTest(egress=egress):
                group = self.make_group()
                room = 60 - len(self.rules_of(group, egress))
                cidrs = [f"10.0.{number}.0/24" for number in range(room)]
                authorize = _authorize(egress)
                authorize(GroupId=group, IpPermissions=[tcp(443, *cidrs[:-1])])
                more = [tcp(443, cidrs[-1], "10.1.0.0/16")]
                code = "RulesPerSecurityGroupLimitExceeded"
                self.assert_refused(code, authorize, GroupId=group, IpPermissions=more)
                self.assertEqual(len(self.rules_of(group, egress)), 59)
                authorize(GroupId=group, IpPermissions=[tcp(443, cidrs[-1])])
                sixth = {**tcp(443), "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}
                authorize(GroupId=group, IpPermissions=[sixth])

    def test_a_prefix_list_counts_its_maximum(self) -> None:
        made = EC2.create_managed_prefix_list(
            PrefixListName=unique("list"), MaxEntries=59, AddressFamily="IPv4"
        )
        listed = made["PrefixList"]["PrefixListId"]
        group = self.make_group()
        names_list = {**tcp(443), "PrefixListIds": [{"PrefixListId": listed}]}
        authorize = EC2.authorize_security_group_ingress
        authorize(GroupId=group, IpPermissions=[names_list, tcp(443, "10.0.0.0/8")])
        code = "RulesPerSecurityGroupLimitExceeded"
        one_more = [tcp(444, "10.0.0.0/8")]
        self.assert_refused(code, authorize, GroupId=group, IpPermissions=one_more)

    def test_peers_must_exist_and_be_reachable(self) -> None:
        group = self.make_group()
        far_vpc = self.make_vpc("172.22.0.0/16")
        far = self.make_group(far_vpc)
        authorize = EC2.authorize_security_group_ingress
        absent_list = {**tcp(443), "PrefixListIds": [{"PrefixListId": "pl-00000000000000000"}]}
        for code, permission in [
            ("InvalidGroup.NotFound", tcp(443, groups=("sg-00000000000000000",))),
            ("InvalidGroup.NotFound", tcp(443, groups=(far,))),
            ("InvalidPrefixListID.NotFound", absent_list),
            ("InvalidParameterValue", tcp(443, "10.0.0.0")),
            ("InvalidParameterValue", tcp(443, "10.0.0.0/40")),
        ]:
            with self.subTest(code=code, permission=permission):
                batch = [tcp(22, "10.0.0.0/8"), permission]
                self.assert_refused(code, authorize, GroupId=group, IpPermissions=batch)
                self.assertEqual(self.rules_of(group), [])
        peering = EC2.create_vpc_peering_connection(VpcId=self.vpc, PeerVpcId=far_vpc)
        peering_id = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        EC2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        authorize(GroupId=group, IpPermissions=[tcp(443, groups=(far,))])
        back = EC2.authorize_security_group_egress
        back(GroupId=far, IpPermissions=[tcp(443, groups=(group,))])
        self.assertEqual(len(self.rules_of(group)), 1)

    def test_revoking_an_absent_rule_revokes_nothing(self) -> None:
        group = self.make_group()
        EC2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[tcp(443, "10.0.0.0/8"), tcp(80, "10.0.0.0/8")]
        )
        revoke = EC2.revoke_security_group_ingress
        batch = [tcp(443, "10.0.0.0/8"), tcp(9, "10.0.0.0/8")]
        self.assert_refused("InvalidPermission.NotFound", revoke, GroupId=group, IpPermissions=batch)
        self.assertEqual(len(self.rules_of(group)), 2)
        answer = revoke(GroupId=group, IpPermissions=[tcp(443, "10.9.9.9/8")])
        self.assertEqual(answer["RevokedSecurityGroupRules"][0]["CidrIpv4"], "10.0.0.0/8")
        rule_id = self.rules_of(group)[0]["SecurityGroupRuleId"]
        revoke(GroupId=group, SecurityGroupRuleIds=[rule_id])
        self.assertEqual(self.rules_of(group), [])
        code = "InvalidSecurityGroupRuleId.NotFound"
        self.assert_refused(code, revoke, GroupId=group, SecurityGroupRuleIds=[rule_id])

    def test_revoking_an_absent_rule_in_a_default_vpc_is_no_error(self) -> None:
        wanted = [{"Name": "is-default", "Values": ["true"]}]
        default = EC2.describe_vpcs(Filters=wanted)["Vpcs"][0]["VpcId"]
        group = self.make_group(default)
        answer = EC2.revoke_security_group_ingress(
            GroupId=group, IpPermissions=[tcp(443, "10.0.0.0/8")]
        )
        self.assertEqual(len(answer["UnknownIpPermissions"]), 1)


class MakingAndDeleting(World):
    def test_a_new_group_lets_everything_out(self) -> None:
        rules = self.rules_of(self.make_group(), egress=True)
        self.assertEqual([rule.get("CidrIpv4") for rule in rules], ["0.0.0.0/0"])
        dual = self.make_vpc("172.23.0.0/16", AmazonProvidedIpv6CidrBlock=True)
        rules = self.rules_of(self.make_group(dual), egress=True)
        peers = {rule.get("CidrIpv4") or rule.get("CidrIpv6") for rule in rules}
        self.assertEqual(peers, {"0.0.0.0/0", "::/0"})

    def test_names_are_unique_in_a_vpc_whatever_their_case(self) -> None:
        name = unique("Name")
        create = EC2.create_security_group
        create(GroupName=name, Description="one", VpcId=self.vpc)
        for taken in (name, name.lower()):
            request = {"GroupName": taken, "Description": "two", "VpcId": self.vpc}
            self.assert_refused("InvalidGroup.Duplicate", create, **request)
        request = {"GroupName": "sg-like-an-id", "Description": "x", "VpcId": self.vpc}
        self.assert_refused("InvalidParameterValue", create, **request)

    def test_a_group_in_use_is_not_deleted(self) -> None:
        attached, named, naming = (self.make_group() for _ in range(3))
        interface = self.interface_of(self.run_instance([attached]))["NetworkInterfaceId"]
        EC2.authorize_security_group_ingress(
            GroupId=naming, IpPermissions=[tcp(443, groups=(named,))]
        )
        for group in (attached, named):
            self.assert_refused("DependencyViolation", EC2.delete_security_group, GroupId=group)
        EC2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[naming])
        EC2.delete_security_group(GroupId=attached)
        EC2.revoke_security_group_ingress(
            GroupId=naming, IpPermissions=[tcp(443, groups=(named,))]
        )
        EC2.delete_security_group(GroupId=named)
        self.assert_refused("InvalidGroup.NotFound", EC2.delete_security_group, GroupId=named)

    def test_a_group_that_names_itself_can_be_deleted(self) -> None:
        group = self.make_group()
        EC2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, groups=(group,))])
        EC2.delete_security_group(GroupId=group)

    def test_the_default_group_stays(self) -> None:
        wanted = [
            {"Name": "vpc-id", "Values": [self.vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        found = EC2.describe_security_groups(Filters=wanted)["SecurityGroups"]
        self.assertEqual(len(found), 1)
        group = found[0]["GroupId"]
        self.assertEqual(len(self.rules_of(group)), 1)
        self.assert_refused("CannotDelete", EC2.delete_security_group, GroupId=group)


class Describing(World):
    def test_pages_hold_everything_once(self) -> None:
        groups = {self.make_group() for _ in range(11)}
        wanted = [{"Name": "vpc-id", "Values": [self.vpc]}]
        pages = list(
            EC2.get_paginator("describe_security_groups").paginate(
                Filters=wanted, PaginationConfig={"PageSize": 5}
            )
        )
        seen = [group["GroupId"] for page in pages for group in page["SecurityGroups"]]
        self.assertEqual([len(page["SecurityGroups"]) for page in pages], [5, 5, 2])
        self.assertEqual(len(seen), len(set(seen)))
        self.assertTrue(groups <= set(seen))

    def test_interfaces_and_rules_page_too(self) -> None:
        group = self.make_group()
        self.run_instance([group], MinCount=6, MaxCount=6)
        for call, key, name in [
            ("describe_network_interfaces", "NetworkInterfaces", "group-id"),
            ("describe_security_group_rules", "SecurityGroupRules", "group-id"),
        ]:
            if key == "SecurityGroupRules":
                cidrs = [f"10.0.{number}.0/24" for number in range(5)]
                EC2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, *cidrs)])
            filters = [{"Name": name, "Values": [group]}]
            first = getattr(EC2, call)(Filters=filters, MaxResults=5)
            self.assertEqual(len(first[key]), 5)
            rest = getattr(EC2, call)(Filters=filters, NextToken=first["NextToken"])
            self.assertEqual(len(rest[key]), 1)
            self.assertNotIn("NextToken", rest)

    def test_page_sizes_are_checked(self) -> None:
        for size in (4, 1001):
            for call in (
                EC2.describe_network_interfaces,
                EC2.describe_security_groups,
                EC2.describe_security_group_rules,
            ):
                self.assert_refused("InvalidParameterValue", call, MaxResults=size)

    def test_interfaces_are_found_by_every_filter_that_bulkhead_uses(self) -> None:
        group = self.make_group()
        instance = self.run_instance([group])
        interface = self.interface_of(instance)["NetworkInterfaceId"]
        tag = unique("tag")
        EC2.create_tags(Resources=[interface], Tags=[{"Key": "kind", "Value": tag}])
        for name, value in [
            ("attachment.instance-id", instance),
            ("attachment.status", "attached"),
            ("group-id", group),
            ("network-interface-id", interface),
            ("requester-managed", "false"),
            ("subnet-id", self.subnet),
            ("tag:kind", tag[:-1] + "?"),
            ("vpc-id", self.vpc),
        ]:
            both = [{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [self.vpc]}]
            found = EC2.describe_network_interfaces(Filters=both)["NetworkInterfaces"]
            self.assertEqual([one["NetworkInterfaceId"] for one in found], [interface], name)
        unknown = [{"Name": "no-such-filter", "Values": ["x"]}]
        call = EC2.describe_network_interfaces
        self.assert_refused("InvalidParameterValue", call, Filters=unknown)

    def test_instances_are_found_by_their_interfaces(self) -> None:
        group = self.make_group()
        instance = self.run_instance([group])
        address = self.interface_of(instance)["PrivateIpAddress"]
        for name, value in [
            ("network-interface.addresses.private-ip-address", address),
            ("network-interface.group-id", group),
            ("instance.group-id", group),
        ]:
            both = [{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [self.vpc]}]
            found = EC2.describe_instances(Filters=both)["Reservations"]
            self.assertEqual([one["Instances"][0]["InstanceId"] for one in found], [instance], name)
        nothing = [{"Name": "iam-instance-profile.arn", "Values": ["arn:aws:iam::*:x"]}]
        self.assertEqual(EC2.describe_instances(Filters=nothing)["Reservations"], [])


class Limits(World):
    def test_a_network_acl_holds_twenty_entries_a_direction(self) -> None:
        acl = EC2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        entry = {"NetworkAclId": acl, "Protocol": "-1", "RuleAction": "allow"}
        entry["CidrBlock"] = "10.0.0.7/8"
        create = EC2.create_network_acl_entry
        for number in range(1, 21):
            create(**entry, RuleNumber=number, Egress=False)
        code = "NetworkAclEntryLimitExceeded"
        self.assert_refused(code, create, **entry, RuleNumber=21, Egress=False)
        create(**entry, RuleNumber=21, Egress=True)
        held = EC2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
        self.assertIn("10.0.0.0/8", {one.get("CidrBlock") for one in held})
        taken = {**entry, "RuleNumber": 1, "Egress": False}
        self.assert_refused("NetworkAclEntryAlreadyExists", create, **taken)
        absent = {"NetworkAclId": acl, "RuleNumber": 77, "Egress": True}
        delete = EC2.delete_network_acl_entry
        self.assert_refused("InvalidNetworkAclEntry.NotFound", delete, **absent)

    def test_a_prefix_list_refuses_a_stale_version_and_an_entry_too_many(self) -> None:
        made = EC2.create_managed_prefix_list(
            PrefixListName=unique("list"), MaxEntries=2, AddressFamily="IPv4"
        )
        listed = made["PrefixList"]["PrefixListId"]
        modify = EC2.modify_managed_prefix_list
        entries = [{"Cidr": "10.0.0.0/8"}, {"Cidr": "192.0.2.0/24"}]
        modify(PrefixListId=listed, CurrentVersion=1, AddEntries=entries)
        stale = {"PrefixListId": listed, "CurrentVersion": 1}
        more = [{"Cidr": "198.51.100.0/24"}]
        self.assert_refused("PrefixListVersionMismatch", modify, **stale, AddEntries=more)
        fresh = {"PrefixListId": listed, "CurrentVersion": 2}
        self.assert_refused("PrefixListMaxEntriesExceeded", modify, **fresh, AddEntries=more)
        found = client("ec2").get_managed_prefix_list_entries(PrefixListId=listed)["Entries"]
        self.assertEqual({one["Cidr"] for one in found}, {"10.0.0.0/8", "192.0.2.0/24"})


def _authorize(egress: bool):  # type: ignore[no-untyped-def]
    return EC2.authorize_security_group_egress if egress else EC2.authorize_security_group_ingress
