import {
  DEFAULT_QUOTAS,
  type Inventory,
  type InventoryGap,
  type NetworkInterface,
  type QuotaName,
  type Quotas,
  type Workload,
} from '../model/inventory.ts';
import { ownValue } from '../model/own-value.ts';
import { toSecurityGroup, unreadablePermissions } from './groups.ts';
import { toNetworkInterface, unreadableGroups } from './interfaces.ts';
import {
  toNetworkAcl,
  toPeering,
  toPrefixList,
  toRouteTable,
  toSubnet,
  toVpc,
  unreadableEntries,
  unreadableRoutes,
} from './networks.ts';
import { list, number, parts, type Raw, record, records, sortedById, text, textOf } from './raw.ts';
import {
  type Lookups,
  taskInterfaceIds,
  taskWorkloadId,
  toInstanceWorkload,
  toInterfaceWorkload,
  toTaskWorkload,
} from './workloads.ts';

/**
 * Output of the AWS API as the SDK and `aws ... describe-*` give it: each key is the list of that
 * name in the answer. A kind that is absent was not read; it counts as empty.
 */
export interface DescribeDocuments {
  readonly Reservations?: unknown;
  readonly NetworkInterfaces?: unknown;
  readonly SecurityGroups?: unknown;
  readonly Vpcs?: unknown;
  readonly Subnets?: unknown;
  readonly NetworkAcls?: unknown;
  readonly RouteTables?: unknown;
  readonly VpcPeeringConnections?: unknown;
  readonly PrefixLists?: unknown;
  /** GetManagedPrefixListEntries by list id. */
  readonly PrefixListEntries?: Readonly<Record<string, readonly unknown[]>>;
  /** ECS DescribeTasks with TAGS. */
  readonly Tasks?: unknown;
  /** `aws service-quotas list-service-quotas --service-code vpc`. */
  readonly Quotas?: unknown;
}

export interface DescribeOptions extends Partial<Lookups> {
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly gaps?: readonly InventoryGap[];
}

/** Raw output of the AWS API as an Inventory. Total: what has an unknown shape becomes a gap. */
export function inventoryFromDescribe(
  documents: DescribeDocuments,
  options: DescribeOptions,
): Inventory {
  const { account = accountOf(documents), region = '' } = options;
  const lookups: Lookups = {
    account,
    region,
    roleByProfile: options.roleByProfile ?? {},
    roleByTaskDefinition: options.roleByTaskDefinition ?? {},
  };
  const tasks = entriesOf(documents, 'Tasks');
  const rawNics = entriesOf(documents, 'NetworkInterfaces');
  const taskByInterface = taskIdsByInterface(tasks);
  const owners = new Set([...instanceIds(documents), ...taskByInterface.values()]);
  const interfaces = sortedById(
    rawNics.map((raw) => ownedBy(owners, toNetworkInterface(raw, taskByInterface))),
  );
  const entries = documents.PrefixListEntries ?? {};
  return {
    takenAt: options.takenAt,
    account,
    region,
    gaps: [...(options.gaps ?? []), ...unreadable(documents), ...unreadableParts(documents)],
    vpcs: sortedById(entriesOf(documents, 'Vpcs').map(toVpc)),
    subnets: sortedById(entriesOf(documents, 'Subnets').map(toSubnet)),
    interfaces,
    workloads: toWorkloads({ documents, tasks, rawNics, interfaces, lookups }),
    groups: sortedById(entriesOf(documents, 'SecurityGroups').map(toSecurityGroup)),
    prefixLists: sortedById(
      entriesOf(documents, 'PrefixLists').map((raw) =>
        toPrefixList(raw, ownValue(entries, textOf(raw.PrefixListId)) ?? []),
      ),
    ),
    networkAcls: sortedById(entriesOf(documents, 'NetworkAcls').map(toNetworkAcl)),
    routeTables: sortedById(entriesOf(documents, 'RouteTables').map(toRouteTable)),
    peerings: sortedById(entriesOf(documents, 'VpcPeeringConnections').map(toPeering)),
    quotas: toQuotas(documents.Quotas),
  };
}

/** Where each kind has its id, and how AWS begins it; whatever is called otherwise is none of them. */
const IDS = {
  NetworkInterfaces: ['NetworkInterfaceId', 'eni-'],
  SecurityGroups: ['GroupId', 'sg-'],
  Vpcs: ['VpcId', 'vpc-'],
  Subnets: ['SubnetId', 'subnet-'],
  NetworkAcls: ['NetworkAclId', 'acl-'],
  RouteTables: ['RouteTableId', 'rtb-'],
  VpcPeeringConnections: ['VpcPeeringConnectionId', 'pcx-'],
  PrefixLists: ['PrefixListId', 'pl-'],
  Tasks: ['taskArn', 'arn:'],
} as const satisfies Partial<Record<keyof DescribeDocuments, readonly [string, string]>>;

/** The entries of a kind that can be told apart by their id. */
function entriesOf(documents: DescribeDocuments, kind: keyof typeof IDS): readonly Raw[] {
  const [id, beginning] = IDS[kind];
  return records(documents[kind]).filter((raw) => textOf(raw[id]).startsWith(beginning));
}

/** A kind that is there but is no list, or an entry without an id, could hide anything. */
function unreadable(documents: DescribeDocuments): readonly InventoryGap[] {
  const noLists = Object.entries(documents)
    .filter(([kind, value]) => kind !== 'PrefixListEntries' && value !== undefined)
    .filter(([, value]) => !Array.isArray(value))
    .map(([kind]) => ({ kind, reason: 'is not a list' }));
  const unnamed = (Object.keys(IDS) as (keyof typeof IDS)[]).flatMap((kind) => {
    const count = list(documents[kind]).length - entriesOf(documents, kind).length;
    const reason = `${count} of the entries have no ${IDS[kind][0]} that begins with ${IDS[kind][1]}`;
    return count === 0 ? [] : [{ kind, reason }];
  });
  const unknown = instanceEntries(documents).length - instancesOf(documents).length;
  const reason = `${unknown} of the instances have no InstanceId that begins with i-`;
  return [...noLists, ...unnamed, ...(unknown === 0 ? [] : [{ kind: 'Reservations', reason }])];
}

/** A group, rule, entry or route of an unknown shape is left out, and what it does is not known. */
function unreadableParts(documents: DescribeDocuments): readonly InventoryGap[] {
  const gapsOf = (kind: keyof typeof IDS, count: (raw: Raw) => number) =>
    entriesOf(documents, kind).flatMap((raw): InventoryGap[] => {
      const unread = count(raw);
      const what = `${unread} of the entries of ${textOf(raw[IDS[kind][0]])} cannot be read`;
      return unread === 0 ? [] : [{ kind, reason: what }];
    });
  return [
    ...gapsOf('NetworkInterfaces', unreadableGroups),
    ...gapsOf('SecurityGroups', unreadablePermissions),
    ...gapsOf('NetworkAcls', unreadableEntries),
    ...gapsOf('RouteTables', unreadableRoutes),
  ];
}

function accountOf(documents: DescribeDocuments): string {
  const [first] = records(documents.SecurityGroups);
  return text(first?.OwnerId) ?? '';
}

/** An interface whose instance was not described (gone, or too new) is a workload of its own. */
function ownedBy(owners: ReadonlySet<string>, nic: NetworkInterface): NetworkInterface {
  return owners.has(nic.workload) ? nic : { ...nic, workload: nic.id };
}

function instanceIds(documents: DescribeDocuments): readonly string[] {
  return instancesOf(documents).map((raw) => textOf(raw.InstanceId));
}

/** Whatever stands where an instance should; a reservation without a list hides one at least. */
function instanceEntries({ Reservations }: DescribeDocuments): readonly Raw[] {
  return list(Reservations).flatMap((one) => parts(record(one).Instances ?? null));
}

function instancesOf(documents: DescribeDocuments): readonly Raw[] {
  return instanceEntries(documents).filter((raw) => textOf(raw.InstanceId).startsWith('i-'));
}

function taskIdsByInterface(tasks: readonly Raw[]): ReadonlyMap<string, string> {
  return new Map(
    tasks.flatMap((raw) => taskInterfaceIds(raw).map((id) => [id, taskWorkloadId(raw)] as const)),
  );
}

interface WorkloadSources {
  readonly documents: DescribeDocuments;
  readonly tasks: readonly Raw[];
  readonly rawNics: readonly Raw[];
  readonly interfaces: readonly NetworkInterface[];
  readonly lookups: Lookups;
}

function toWorkloads(sources: WorkloadSources): readonly Workload[] {
  const { documents, tasks, rawNics, interfaces, lookups } = sources;
  const byWorkload = Map.groupBy(interfaces, (nic) => nic.workload);
  const rawById = new Map(rawNics.map((raw) => [textOf(raw.NetworkInterfaceId), raw]));
  const instances = instancesOf(documents).map((raw) =>
    toInstanceWorkload(raw, byWorkload.get(textOf(raw.InstanceId)) ?? [], lookups),
  );
  const ecs = tasks.map((raw) =>
    toTaskWorkload(raw, byWorkload.get(taskWorkloadId(raw)) ?? [], lookups),
  );
  const { account, region } = lookups;
  const alone = interfaces
    .filter((nic) => nic.workload === nic.id)
    .map((nic) => toInterfaceWorkload(rawById.get(nic.id) ?? {}, nic, { account, region }));
  return [...instances, ...ecs, ...alone].sort((a, b) =>
    a.identity.workload < b.identity.workload ? -1 : 1,
  );
}

/** Codes of the Service Quotas of Amazon VPC. */
export const QUOTA_CODES = {
  groupsPerInterface: 'L-2AFB9258',
  rulesPerGroup: 'L-0EA8095F',
  groupsPerRegion: 'L-E79EC296',
} as const satisfies Readonly<Record<QuotaName, string>>;

const QUOTA_NAMES = ['groupsPerInterface', 'rulesPerGroup', 'groupsPerRegion'] as const;

function toQuotas(quotas: unknown): Quotas {
  const read = records(quotas);
  const quotaOf = (name: QuotaName): number | undefined => {
    const value = number(read.find((one) => one.QuotaCode === QUOTA_CODES[name])?.Value);
    // AWS counts in whole things and from one on.
    return value !== undefined && Number.isInteger(value) && value >= 1 ? value : undefined;
  };
  const assumed = QUOTA_NAMES.filter((name) => quotaOf(name) === undefined);
  return {
    groupsPerInterface: quotaOf('groupsPerInterface') ?? DEFAULT_QUOTAS.groupsPerInterface,
    rulesPerGroup: quotaOf('rulesPerGroup') ?? DEFAULT_QUOTAS.rulesPerGroup,
    groupsPerRegion: quotaOf('groupsPerRegion') ?? DEFAULT_QUOTAS.groupsPerRegion,
    ...(assumed.length === 0 ? {} : { assumed }),
  };
}
