import {
  AuthorizeSecurityGroupIngressCommand,
  CreateManagedPrefixListCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  type NetworkInterface,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';

/** An EC2 that the contract is held against. */
export interface ContractTarget {
  /** Repeats nothing, and draws from no budget. */
  readonly ec2: EC2Client;
  /** An ordinary caller's. */
  readonly budgeted: EC2Client;
  readonly image: string;
  /** Makes an interface in the subnet that a service other than ECS manages; gives its id. */
  makeServiceInterface(subnet: string): Promise<string>;
  /** The Region's default VPC. */
  defaultVpc(): Promise<string>;
  /** Lets a little time pass between two looks. */
  pass(): Promise<void>;
}

/** A case may fail on this generous limit, never on a latency. */
const LOOKS_MAX = 600;

export type Cases = Readonly<Record<string, (world: World) => Promise<void>>>;

let made = 0;

export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${process.pid}-${made}`;
}

export interface Launched {
  readonly instance: string;
  readonly interfaceId: string;
}

/** A VPC and two subnets of one case. */
export class World {
  readonly target: ContractTarget;
  readonly ec2: EC2Client;
  readonly vpc: string;
  readonly subnet: string;
  readonly otherSubnet: string;

  private constructor(target: ContractTarget, vpc: string, subnets: readonly [string, string]) {
    this.target = target;
    this.ec2 = target.ec2;
    this.vpc = vpc;
    [this.subnet, this.otherSubnet] = subnets;
  }

  static async make(target: ContractTarget): Promise<World> {
    const vpc = await makeVpc(target.ec2, '10.0.0.0/16');
    const subnet = async (CidrBlock: string, AvailabilityZone: string): Promise<string> => {
      const request = { VpcId: vpc, CidrBlock, AvailabilityZone };
      const { Subnet } = await target.ec2.send(new CreateSubnetCommand(request));
      return Subnet?.SubnetId ?? '';
    };
    return new World(target, vpc, [
      await subnet('10.0.1.0/24', 'us-east-1a'),
      await subnet('10.0.2.0/24', 'us-east-1b'),
    ]);
  }

  makeVpc(cidr: string): Promise<string> {
    return makeVpc(this.ec2, cidr);
  }

  async makeGroup(VpcId = this.vpc, GroupName = unique('group')): Promise<string> {
    const request = { VpcId, GroupName, Description: 'a case' };
    const { GroupId } = await this.ec2.send(new CreateSecurityGroupCommand(request));
    return GroupId ?? '';
  }

  async makeGroups(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let at = 0; at < count; at += 1) ids.push(await this.makeGroup());
    return ids;
  }

  async makeList(MaxEntries: number, cidrs: readonly string[] = []): Promise<string> {
    const { PrefixList } = await this.ec2.send(
      new CreateManagedPrefixListCommand({
        PrefixListName: unique('list'),
        AddressFamily: 'IPv4',
        MaxEntries,
        ...(cidrs.length === 0 ? {} : { Entries: cidrs.map((Cidr) => ({ Cidr })) }),
      }),
    );
    return PrefixList?.PrefixListId ?? '';
  }

  async launch(groups: readonly string[], SubnetId = this.subnet): Promise<Launched> {
    const { Instances } = await this.ec2.send(
      new RunInstancesCommand({
        ImageId: this.target.image,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        SubnetId,
        ...(groups.length === 0 ? {} : { SecurityGroupIds: [...groups] }),
      }),
    );
    const instance = Instances?.[0]?.InstanceId ?? '';
    const [nic] = await this.interfacesOf(instance);
    return { instance, interfaceId: nic?.NetworkInterfaceId ?? '' };
  }

  async interfacesOf(instance: string): Promise<readonly NetworkInterface[]> {
    const Filters = [{ Name: 'attachment.instance-id', Values: [instance] }];
    const answer = await this.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
    return answer.NetworkInterfaces ?? [];
  }

  async interface(id: string): Promise<NetworkInterface | undefined> {
    const answer = await this.ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }),
    );
    return answer.NetworkInterfaces?.[0];
  }

  async groupsOf(interfaceId: string): Promise<readonly string[]> {
    const nic = await this.interface(interfaceId);
    return (nic?.Groups ?? []).map((group) => group.GroupId ?? '').sort();
  }

  async stateOf(instance: string): Promise<string | undefined> {
    const answer = await this.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
    return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
  }

  async untilState(instance: string, state: string): Promise<void> {
    await this.until(
      `${instance} is ${state}`,
      async () => (await this.stateOf(instance)) === state,
    );
  }

  async until(what: string, probe: () => Promise<boolean>): Promise<void> {
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      if (await probe()) return;
      await this.target.pass();
    }
    throw new Error(`it never came about that ${what}`);
  }

  /** The rules of a group, one line each: `tcp 443-443 10.0.0.0/8`. Sorted. */
  async rules(group: string, direction: 'ingress' | 'egress' = 'ingress') {
    const answer = await this.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [group] }));
    const found = answer.SecurityGroups?.[0];
    const list = direction === 'ingress' ? found?.IpPermissions : found?.IpPermissionsEgress;
    return (list ?? []).flatMap(linesOf).sort();
  }

  async allow(group: string, ...permissions: IpPermission[]): Promise<void> {
    await this.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: permissions }),
    );
  }
}

async function makeVpc(ec2: EC2Client, CidrBlock: string): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock }));
  return Vpc?.VpcId ?? '';
}

function linesOf(permission: IpPermission): readonly string[] {
  const { FromPort, ToPort } = permission;
  const ports = FromPort === undefined ? '' : ` ${FromPort}-${ToPort}`;
  const peers = [
    ...(permission.IpRanges ?? []).map((one) => one.CidrIp),
    ...(permission.Ipv6Ranges ?? []).map((one) => one.CidrIpv6),
    ...(permission.UserIdGroupPairs ?? []).map((one) => one.GroupId),
    ...(permission.PrefixListIds ?? []).map((one) => one.PrefixListId),
  ];
  return peers.map((peer) => `${permission.IpProtocol}${ports} ${peer}`);
}

/** One IpPermission for a TCP port. */
export function tcp(port: number, ...cidrs: readonly string[]): IpPermission {
  const ports = { IpProtocol: 'tcp', FromPort: port, ToPort: port };
  return { ...ports, IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) };
}

export function fromGroup(port: number, GroupId: string): IpPermission {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, UserIdGroupPairs: [{ GroupId }] };
}

export function fromList(port: number, PrefixListId: string): IpPermission {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, PrefixListIds: [{ PrefixListId }] };
}

/** Different CIDRs of one length. */
export function cidrs(count: number, second = 0): readonly string[] {
  return Array.from({ length: count }, (_, at) => `10.${second}.${at}.0/24`);
}

/** Asserts that a call is refused with AWS's code. */
export async function refused(code: string, call: Promise<unknown>): Promise<void> {
  const name = await call.then(
    () => 'nothing: the call was answered',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
  expect(name).toBe(code);
}

/** Asserts that a call is refused where AWS says that it is, and not with which code. */
export async function refusedSomehow(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toThrow();
}
