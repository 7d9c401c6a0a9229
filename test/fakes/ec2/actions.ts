import * as acls from './acls.ts';
import * as groups from './groups.ts';
import * as instances from './instances.ts';
import * as interfaces from './interfaces.ts';
import * as lookups from './lookups.ts';
import * as networks from './networks.ts';
import * as prefixLists from './prefix-lists.ts';
import * as tags from './tags.ts';
import * as tasks from './tasks.ts';

/** Every EC2 action that the fake answers, by AWS's name. */
export const EC2_ACTIONS = {
  AcceptVpcPeeringConnection: networks.acceptVpcPeeringConnection,
  AssociateRouteTable: networks.associateRouteTable,
  AttachNetworkInterface: interfaces.attachNetworkInterface,
  AuthorizeSecurityGroupEgress: groups.authorize(true),
  AuthorizeSecurityGroupIngress: groups.authorize(false),
  CreateManagedPrefixList: prefixLists.createManagedPrefixList,
  CreateNetworkAcl: acls.createNetworkAcl,
  CreateNetworkAclEntry: acls.createNetworkAclEntry,
  CreateNetworkInterface: interfaces.createNetworkInterface,
  CreateRoute: networks.createRoute,
  CreateRouteTable: networks.createRouteTable,
  CreateSecurityGroup: groups.createSecurityGroup,
  CreateSubnet: networks.createSubnet,
  CreateTags: tags.createTags,
  CreateVpc: networks.createVpc,
  CreateVpcPeeringConnection: networks.createVpcPeeringConnection,
  DeleteManagedPrefixList: prefixLists.deleteManagedPrefixList,
  DeleteNetworkAclEntry: acls.deleteNetworkAclEntry,
  DeleteNetworkInterface: interfaces.deleteNetworkInterface,
  DeleteSecurityGroup: groups.deleteSecurityGroup,
  DeleteTags: tags.deleteTags,
  DeleteVpcPeeringConnection: networks.deleteVpcPeeringConnection,
  DescribeInstances: instances.describeInstances,
  DescribeManagedPrefixLists: prefixLists.describeManagedPrefixLists,
  DescribeNetworkAcls: acls.describeNetworkAcls,
  DescribeNetworkInterfaces: interfaces.describeNetworkInterfaces,
  DescribeRouteTables: networks.describeRouteTables,
  DescribeSecurityGroups: groups.describeSecurityGroups,
  DescribeSubnets: networks.describeSubnets,
  DescribeVpcPeeringConnections: networks.describeVpcPeeringConnections,
  DescribeVpcs: networks.describeVpcs,
  DetachNetworkInterface: interfaces.detachNetworkInterface,
  GetManagedPrefixListEntries: prefixLists.getManagedPrefixListEntries,
  ModifyManagedPrefixList: prefixLists.modifyManagedPrefixList,
  ModifyNetworkInterfaceAttribute: interfaces.modifyNetworkInterfaceAttribute,
  ReplaceNetworkAclAssociation: acls.replaceNetworkAclAssociation,
  ReplaceNetworkAclEntry: acls.replaceNetworkAclEntry,
  RevokeSecurityGroupEgress: groups.revoke(true),
  RevokeSecurityGroupIngress: groups.revoke(false),
  RunInstances: instances.runInstances,
  StartInstances: instances.startInstances,
  StopInstances: instances.stopInstances,
  TerminateInstances: instances.terminateInstances,
} as const;

/** What the reader asks of other services. They have no token buckets here. */
export const OTHER_ACTIONS = {
  DescribeTaskDefinition: tasks.describeTaskDefinition,
  DescribeTasks: tasks.describeTasks,
  GetInstanceProfile: lookups.getInstanceProfile,
  GetServiceQuota: lookups.getServiceQuota,
  ListClusters: tasks.listClusters,
  ListInstanceProfiles: lookups.listInstanceProfiles,
  ListTasks: tasks.listTasks,
} as const;

export type Ec2Action = keyof typeof EC2_ACTIONS;

/** Also of the other services, in which the reader looks things up. */
export type Action = Ec2Action | keyof typeof OTHER_ACTIONS;
