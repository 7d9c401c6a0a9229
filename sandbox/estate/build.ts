import { AutoScalingClient, CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import {
  AcceptVpcPeeringConnectionCommand,
  AssociateRouteTableCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcPeeringConnectionCommand,
  DescribeImagesCommand,
  DescribeNetworkAclsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
  ReplaceNetworkAclAssociationCommand,
  type ResourceType,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { FLEETS, type FleetBlueprint, INSIDE, VPCS, type VpcBlueprint } from './blueprint.ts';

/** How to reach AWS; the sandbox's endpoint and credentials, or the environment's own. */
export interface EstateTarget {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Ids of what was made, by the names of the blueprint. */
export interface Estate {
  readonly vpcs: Readonly<Record<string, string>>;
  readonly subnets: Readonly<Record<string, string>>;
  readonly flatGroups: Readonly<Record<string, string>>;
  /** Instances of each fleet made one by one. */
  readonly instances: Readonly<Record<string, readonly string[]>>;
}

interface Clients {
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly iam: IAMClient;
  readonly scaling: AutoScalingClient;
}

const CLUSTER = 'shop';

/** Makes the estate of the blueprint through the public AWS APIs, as a user's Terraform would. */
export async function buildEstate(
  target: EstateTarget,
  onProgress: (text: string) => void,
): Promise<Estate> {
  const clients: Clients = {
    ec2: new EC2Client(target),
    ecs: new ECSClient(target),
    iam: new IAMClient(target),
    scaling: new AutoScalingClient(target),
  };
  const network = await buildNetwork(clients.ec2, onProgress);
  await buildRoles(clients.iam, onProgress);
  const image = await findImage(clients.ec2);
  const instances: Record<string, readonly string[]> = {};
  for (const fleet of FLEETS) {
    onProgress(`${fleet.count} x ${fleet.name}`);
    if (fleet.by === 'single')
      instances[fleet.name] = await runSingles(clients, network, fleet, image);
    if (fleet.by === 'auto-scaling-group') await buildScalingGroup(clients, network, fleet, image);
    if (fleet.by === 'fargate-service') await buildService(clients, network, fleet);
  }
  return { ...network, instances };
}

type Network = Omit<Estate, 'instances'>;

async function buildNetwork(ec2: EC2Client, onProgress: (text: string) => void): Promise<Network> {
  const vpcs: Record<string, string> = {};
  const subnets: Record<string, string> = {};
  const flatGroups: Record<string, string> = {};
  const routeTables: string[] = [];
  for (const vpc of VPCS) {
    onProgress(`VPC ${vpc.name} (${vpc.cidr}) with ${vpc.subnets.length} subnets`);
    const id = await buildVpc(ec2, vpc);
    vpcs[vpc.name] = id;
    const table = await buildSubnets(ec2, vpc, id, subnets);
    routeTables.push(table);
    flatGroups[vpc.name] = await buildFlatGroup(ec2, vpc, id);
  }
  await peer(ec2, vpcs, routeTables);
  await buildZoneAcl(ec2, vpcs, subnets);
  return { vpcs, subnets, flatGroups };
}

async function buildVpc(ec2: EC2Client, vpc: VpcBlueprint): Promise<string> {
  const made = await ec2.send(
    new CreateVpcCommand({
      CidrBlock: vpc.cidr,
      TagSpecifications: tagged('vpc', { Name: vpc.name, segmentation: 'bulkhead' }),
    }),
  );
  const id = required(made.Vpc?.VpcId, 'CreateVpc');
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsSupport: { Value: true } }));
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsHostnames: { Value: true } }));
  return id;
}

/** Gives the id of the route table that the VPC's subnets use. */
async function buildSubnets(
  ec2: EC2Client,
  vpc: VpcBlueprint,
  vpcId: string,
  subnets: Record<string, string>,
): Promise<string> {
  const made = await ec2.send(
    new CreateRouteTableCommand({
      VpcId: vpcId,
      TagSpecifications: tagged('route-table', { Name: vpc.name }),
    }),
  );
  const table = required(made.RouteTable?.RouteTableId, 'CreateRouteTable');
  for (const subnet of vpc.subnets) {
    const answer = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: subnet.cidr,
        AvailabilityZone: subnet.availabilityZone,
        TagSpecifications: tagged('subnet', {
          Name: subnet.name,
          ...(subnet.zone === undefined ? {} : { zone: subnet.zone }),
        }),
      }),
    );
    const id = required(answer.Subnet?.SubnetId, 'CreateSubnet');
    subnets[subnet.name] = id;
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId: table, SubnetId: id }));
  }
  return table;
}

async function buildFlatGroup(ec2: EC2Client, vpc: VpcBlueprint, vpcId: string): Promise<string> {
  const made = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `${vpc.name}-internal`,
      Description: 'allow everything inside',
      VpcId: vpcId,
      TagSpecifications: tagged('security-group', { Name: `${vpc.name}-internal` }),
    }),
  );
  const id = required(made.GroupId, 'CreateSecurityGroup');
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: id,
      IpPermissions: [
        { IpProtocol: '-1', IpRanges: [{ CidrIp: INSIDE, Description: 'everything inside' }] },
      ],
    }),
  );
  return id;
}

async function peer(
  ec2: EC2Client,
  vpcs: Readonly<Record<string, string>>,
  routeTables: readonly string[],
): Promise<void> {
  const [left, right] = VPCS;
  if (left === undefined || right === undefined) throw new Error('the blueprint has two VPCs');
  const made = await ec2.send(
    new CreateVpcPeeringConnectionCommand({
      VpcId: vpcs[left.name],
      PeerVpcId: vpcs[right.name],
      TagSpecifications: tagged('vpc-peering-connection', { Name: 'shop-data' }),
    }),
  );
  const id = required(
    made.VpcPeeringConnection?.VpcPeeringConnectionId,
    'CreateVpcPeeringConnection',
  );
  await ec2.send(new AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
  const destinations = [right.cidr, left.cidr];
  for (const [index, table] of routeTables.entries()) {
    await ec2.send(
      new CreateRouteCommand({
        RouteTableId: table,
        DestinationCidrBlock: destinations[index],
        VpcPeeringConnectionId: id,
      }),
    );
  }
}

/** The zone's subnets have a NACL of their own, as PCI assessors like to see; it lets all inside. */
async function buildZoneAcl(
  ec2: EC2Client,
  vpcs: Readonly<Record<string, string>>,
  subnets: Readonly<Record<string, string>>,
): Promise<void> {
  const zoned = VPCS.flatMap((vpc) =>
    vpc.subnets.filter((subnet) => subnet.zone !== undefined).map((subnet) => subnets[subnet.name]),
  );
  const made = await ec2.send(
    new CreateNetworkAclCommand({
      VpcId: vpcs.data,
      TagSpecifications: tagged('network-acl', { Name: 'pci' }),
    }),
  );
  const acl = required(made.NetworkAcl?.NetworkAclId, 'CreateNetworkAcl');
  for (const Egress of [false, true]) {
    await ec2.send(
      new CreateNetworkAclEntryCommand({
        NetworkAclId: acl,
        RuleNumber: 100,
        Protocol: '-1',
        RuleAction: 'allow',
        CidrBlock: INSIDE,
        Egress,
      }),
    );
  }
  const present = await ec2.send(new DescribeNetworkAclsCommand({}));
  for (const association of (present.NetworkAcls ?? []).flatMap((one) => one.Associations ?? [])) {
    if (!zoned.includes(association.SubnetId)) continue;
    await ec2.send(
      new ReplaceNetworkAclAssociationCommand({
        AssociationId: association.NetworkAclAssociationId,
        NetworkAclId: acl,
      }),
    );
  }
}

async function buildRoles(iam: IAMClient, onProgress: (text: string) => void): Promise<void> {
  const instanceRoles = FLEETS.filter((fleet) => fleet.by !== 'fargate-service');
  const names = new Set(FLEETS.flatMap((fleet) => fleet.role ?? []));
  const profiles = new Set(instanceRoles.flatMap((fleet) => fleet.role ?? []));
  onProgress(`${names.size} IAM roles, ${profiles.size} instance profiles`);
  for (const name of names) {
    const Service = profiles.has(name) ? 'ec2.amazonaws.com' : 'ecs-tasks.amazonaws.com';
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
    };
    const AssumeRolePolicyDocument = JSON.stringify(document);
    await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
    if (!profiles.has(name)) continue;
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await iam.send(
      new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }),
    );
  }
}

async function findImage(ec2: EC2Client): Promise<string> {
  const answer = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  return required(answer.Images?.[0]?.ImageId, 'DescribeImages');
}

async function runSingles(
  clients: Clients,
  network: Network,
  fleet: FleetBlueprint,
  image: string,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < fleet.count; index += 1) {
    const subnet = fleet.subnets[index % fleet.subnets.length] ?? '';
    const answer = await clients.ec2.send(
      new RunInstancesCommand({
        ImageId: image,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: network.subnets[subnet],
        SecurityGroupIds: [network.flatGroups[fleet.vpc] ?? ''],
        ...(fleet.role === undefined ? {} : { IamInstanceProfile: { Name: fleet.role } }),
        TagSpecifications: tagged('instance', {
          Name: `${fleet.name}-${index + 1}`,
          ...fleet.tags,
        }),
      }),
    );
    ids.push(required(answer.Instances?.[0]?.InstanceId, 'RunInstances'));
  }
  return ids;
}

async function buildScalingGroup(
  clients: Clients,
  network: Network,
  fleet: FleetBlueprint,
  image: string,
): Promise<void> {
  await clients.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: fleet.name,
      LaunchTemplateData: {
        ImageId: image,
        InstanceType: 't3.micro',
        SecurityGroupIds: [network.flatGroups[fleet.vpc] ?? ''],
      },
    }),
  );
  await clients.scaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: fleet.name,
      LaunchTemplate: { LaunchTemplateName: fleet.name, Version: '$Latest' },
      MinSize: 0,
      MaxSize: 40,
      DesiredCapacity: fleet.count,
      VPCZoneIdentifier: fleet.subnets.map((name) => network.subnets[name]).join(','),
      Tags: Object.entries({ Name: fleet.name, ...fleet.tags }).map(([Key, Value]) => ({
        Key,
        Value,
        PropagateAtLaunch: true,
        ResourceId: fleet.name,
        ResourceType: 'auto-scaling-group',
      })),
    }),
  );
}

async function buildService(
  clients: Clients,
  network: Network,
  fleet: FleetBlueprint,
): Promise<void> {
  const made = await clients.ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `${fleet.name}-service`,
      Description: `ECS service ${fleet.name}`,
      VpcId: network.vpcs[fleet.vpc],
      TagSpecifications: tagged('security-group', { Name: `${fleet.name}-service` }),
    }),
  );
  const group = required(made.GroupId, 'CreateSecurityGroup');
  await clients.ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: group,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, IpRanges: [{ CidrIp: INSIDE }] },
      ],
    }),
  );
  await clients.ecs.send(new CreateClusterCommand({ clusterName: CLUSTER }));
  await clients.ecs.send(
    new RegisterTaskDefinitionCommand({
      family: fleet.name,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      ...(fleet.role === undefined
        ? {}
        : { taskRoleArn: `arn:aws:iam::000000000000:role/${fleet.role}` }),
      containerDefinitions: [{ name: fleet.name, image: 'app', memory: 512, essential: true }],
    }),
  );
  await clients.ecs.send(
    new CreateServiceCommand({
      cluster: CLUSTER,
      serviceName: fleet.name,
      taskDefinition: fleet.name,
      desiredCount: fleet.count,
      launchType: 'FARGATE',
      propagateTags: 'SERVICE',
      tags: Object.entries(fleet.tags).map(([key, value]) => ({ key, value })),
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: fleet.subnets.map((name) => network.subnets[name] ?? ''),
          securityGroups: [group],
        },
      },
    }),
  );
}

function tagged(type: ResourceType, tags: Readonly<Record<string, string>>) {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return [{ ResourceType: type, Tags }];
}

function required(value: string | undefined, call: string): string {
  if (value === undefined) throw new Error(`${call} answered without an id`);
  return value;
}
