import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  type EC2ClientConfig,
  type IpPermission,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { GROUP_TAG, OWNER_TAG } from '../core/compile/owned-groups.ts';
import type { GroupRule } from '../core/model/inventory.ts';
import { isAlreadyThere } from '../engine/ec2-errors.ts';
import type { Ec2Writer, NewGroup, ResolvedRule, WriteRole } from '../engine/ports.ts';

/** Shorter than what the write path leaves of its lease for a write (engine/write-path.ts). */
const WRITE_TIMEOUT_MS = 3_000;

/** In seconds. AWS's least for AssumeRole; the SDK renews in time. */
const SESSION_SECONDS = 900;

export interface WriterOptions {
  /** Name of the stack: the value of the tag `bulkhead:owner`. */
  readonly owner: string;
  /** ARNs of the two write roles; a function that has none cannot write as it. */
  readonly roles: Partial<Readonly<Record<WriteRole, string>>>;
  /** The client that acts as a role. Default: one that assumes it. */
  readonly clientOf?: (role: WriteRole) => EC2Client;
}

/** A function was given no role for what it tries: the deployment is broken, not the input. */
export class RoleAbsent extends Error {
  override readonly name = 'RoleAbsent';
}

/**
 * The port Ec2Writer. Every call is made once: whoever calls knows whether a repetition is safe, and
 * counts what was throttled.
 */
export function createWriter({ owner, roles, clientOf }: WriterOptions): Ec2Writer {
  const clients = new Map<WriteRole, EC2Client>();
  const as = (role: WriteRole): EC2Client => {
    const client = clients.get(role) ?? clientOf?.(role) ?? assume(role, roles[role]);
    clients.set(role, client);
    return client;
  };
  return {
    async setInterfaceGroups(id, groups, role) {
      await as(role).send(
        new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups: [...groups] }),
      );
    },
    createGroup: (group) => createGroup(as('enforce'), owner, group),
    async authorize(GroupId, direction, rules) {
      if (rules.length === 0) return;
      const IpPermissions = toPermissions(rules);
      await (direction === 'ingress'
        ? as('enforce').send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
        : as('enforce').send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions })));
    },
    async revoke(GroupId, direction, rules) {
      if (rules.length === 0) return;
      const IpPermissions = toPermissions(rules);
      await (direction === 'ingress'
        ? as('enforce').send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
        : as('enforce').send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions })));
    },
    async deleteGroup(GroupId) {
      await as('enforce').send(new DeleteSecurityGroupCommand({ GroupId }));
    },
  };
}

function assume(role: WriteRole, arn: string | undefined): EC2Client {
  if (arn === undefined) throw new RoleAbsent(`this function was given no role \`${role}\``);
  const config: EC2ClientConfig = {
    credentials: fromTemporaryCredentials({
      params: {
        RoleArn: arn,
        RoleSessionName: `bulkhead-${role}`,
        DurationSeconds: SESSION_SECONDS,
      },
    }),
    maxAttempts: 1,
    requestHandler: { requestTimeout: WRITE_TIMEOUT_MS, throwOnRequestTimeout: true },
  };
  return new EC2Client(config);
}

async function createGroup(client: EC2Client, owner: string, group: NewGroup): Promise<string> {
  try {
    const { GroupId } = await client.send(
      new CreateSecurityGroupCommand({
        GroupName: group.name,
        Description: group.description,
        VpcId: group.vpc,
        TagSpecifications: [
          {
            ResourceType: 'security-group',
            Tags: [
              { Key: OWNER_TAG, Value: owner },
              { Key: GROUP_TAG, Value: group.key },
              { Key: 'Name', Value: group.name },
            ],
          },
        ],
      }),
    );
    if (GroupId === undefined) throw new Error(`EC2 gave no id for group ${group.name}`);
    return GroupId;
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
    return await findByName(client, group, error);
  }
}

async function findByName(client: EC2Client, group: NewGroup, cause: unknown): Promise<string> {
  const { SecurityGroups = [] } = await client.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [group.vpc] },
        { Name: 'group-name', Values: [group.name] },
      ],
    }),
  );
  const id = SecurityGroups[0]?.GroupId;
  if (id === undefined) throw cause;
  return id;
}

type AnyRule = ResolvedRule | GroupRule;

/**
 * One IpPermission per protocol and ports, with all peers: EC2 counts rules, calls cost tokens.
 * Descriptions say what a rule is for; to revoke one, none is needed.
 */
export function toPermissions(rules: readonly AnyRule[]): IpPermission[] {
  const byPorts = Map.groupBy(rules, (rule) => `${rule.protocol} ${rule.fromPort} ${rule.toPort}`);
  return [...byPorts.values()].map((alike) => ({
    ...portsOf(alike[0]),
    ...peersOf(alike.map((rule) => ({ peer: rule.peer, ...descriptionOf(rule) }))),
  }));
}

/** What EC2 takes in the description of a rule (EC2 API reference, "IpRange"). */
const DESCRIPTION_MAX = 255;
const NOT_IN_DESCRIPTION = /[^a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]/g;

function descriptionOf(rule: AnyRule): { readonly Description?: string } {
  if (!('because' in rule) || rule.because.length === 0) return {};
  const text = rule.because.join(', ').replace(NOT_IN_DESCRIPTION, '_');
  return { Description: text.slice(0, DESCRIPTION_MAX) };
}

function portsOf(
  rule: AnyRule | undefined,
): Pick<IpPermission, 'IpProtocol' | 'FromPort' | 'ToPort'> {
  if (rule === undefined || rule.protocol === -1) return { IpProtocol: '-1' };
  const IpProtocol = PROTOCOL_NAMES[rule.protocol] ?? String(rule.protocol);
  // Protocols without ports are given without them.
  if (PROTOCOL_NAMES[rule.protocol] === undefined) return { IpProtocol };
  return { IpProtocol, FromPort: rule.fromPort, ToPort: rule.toPort };
}

/** Those that EC2 gives by name, which are those with ports or types. */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
};

interface DescribedPeer {
  readonly peer: GroupRule['peer'];
  readonly Description?: string;
}

function peersOf(peers: readonly DescribedPeer[]): Partial<IpPermission> {
  const IpRanges = peers.flatMap(({ peer, ...rest }) =>
    peer.kind === 'ipv4' ? [{ CidrIp: peer.cidr, ...rest }] : [],
  );
  const Ipv6Ranges = peers.flatMap(({ peer, ...rest }) =>
    peer.kind === 'ipv6' ? [{ CidrIpv6: peer.cidr, ...rest }] : [],
  );
  const PrefixListIds = peers.flatMap(({ peer, ...rest }) =>
    peer.kind === 'prefixList' ? [{ PrefixListId: peer.id, ...rest }] : [],
  );
  const UserIdGroupPairs = peers.flatMap(({ peer, ...rest }) =>
    peer.kind === 'group' ? [{ GroupId: peer.id, ...rest }] : [],
  );
  return {
    ...(IpRanges.length === 0 ? {} : { IpRanges }),
    ...(Ipv6Ranges.length === 0 ? {} : { Ipv6Ranges }),
    ...(PrefixListIds.length === 0 ? {} : { PrefixListIds }),
    ...(UserIdGroupPairs.length === 0 ? {} : { UserIdGroupPairs }),
  };
}
