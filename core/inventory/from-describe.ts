import {
  DEFAULT_QUOTAS,
  type Inventory,
  type InventoryGap,
  type NetworkInterface,
  type QuotaName,
  type Quotas,
  type Workload,
} from '../model/inventory.ts';
import { toSecurityGroup, unreadablePermissions } from './groups.ts';
import { toNetworkInterface } from './interfaces.ts';
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
import { list, number, type Raw, record, records, sortedById, text, textOf } from './raw.ts';
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
  const tasks = records(documents.Tasks);
  const rawNics = records(documents.NetworkInterfaces);
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
    vpcs: sortedById(records(documents.Vpcs).map(toVpc)),
    subnets: sortedById(records(documents.Subnets).map(toSubnet)),
    interfaces,
    workloads: toWorkloads({ documents, tasks, rawNics, interfaces, lookups }),
    groups: sortedById(records(documents.SecurityGroups).map(toSecurityGroup)),
    prefixLists: sortedById(
      records(documents.PrefixLists).map((raw) =>
        toPrefixList(raw, entries[textOf(raw.PrefixListId)] ?? []),
      ),
    ),
    networkAcls: sortedById(records(documents.NetworkAcls).map(toNetworkAcl)),
    routeTables: sortedById(records(documents.RouteTables).map(toRouteTable)),
    peerings: sortedById(records(documents.VpcPeeringConnections).map(toPeering)),
    quotas: toQuotas(documents.Quotas),
  };
}

/** A kind that is there but is no list could hide anything. */
function unreadable(documents: DescribeDocuments): readonly InventoryGap[] {
  return Object.entries(documents)
    .filter(([kind, value]) => kind !== 'PrefixListEntries' && !Array.isArray(value))
    .filter(([, value]) => value !== undefined)
    .map(([kind]) => ({ kind, reason: 'is not a list' }));
}

/** A rule, entry or route of an unknown shape is left out, and what it does is not known. */
function unreadableParts(documents: DescribeDocuments): readonly InventoryGap[] {
  const gapsOf = (kind: keyof DescribeDocuments, id: string, count: (raw: Raw) => number) =>
    records(documents[kind]).flatMap((raw): InventoryGap[] => {
      const unread = count(raw);
      const what = `${unread} of the entries of ${textOf(raw[id])} cannot be read`;
      return unread === 0 ? [] : [{ kind, reason: what }];
    });
  return [
    ...gapsOf('SecurityGroups', 'GroupId', unreadablePermissions),
    ...gapsOf('NetworkAcls', 'NetworkAclId', unreadableEntries),
    ...gapsOf('RouteTables', 'RouteTableId', unreadableRoutes),
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

function instancesOf(documents: DescribeDocuments): readonly Raw[] {
  return records(documents.Reservations)
    .flatMap((one) => list(one.Instances))
    .map(record)
    .filter((raw) => text(raw.InstanceId) !== undefined);
}

function taskIdsByInterface(tasks: readonly Raw[]): ReadonlyMap<string, string> {
  return new Map(
    tasks.flatMap((raw) => {
      const cluster = textOf(raw.clusterArn).split('/').at(-1) ?? '';
      const workload = taskWorkloadId(textOf(raw.taskArn), cluster);
      return taskInterfaceIds(raw).map((id) => [id, workload] as const);
    }),
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
  const ecs = tasks.map((raw) => {
    const cluster = textOf(raw.clusterArn).split('/').at(-1) ?? '';
    const id = taskWorkloadId(textOf(raw.taskArn), cluster);
    return toTaskWorkload(raw, byWorkload.get(id) ?? [], lookups);
  });
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
  const quotaOf = (name: QuotaName): number | undefined =>
    number(read.find((one) => one.QuotaCode === QUOTA_CODES[name])?.Value);
  const assumed = QUOTA_NAMES.filter((name) => quotaOf(name) === undefined);
  return {
    groupsPerInterface: quotaOf('groupsPerInterface') ?? DEFAULT_QUOTAS.groupsPerInterface,
    rulesPerGroup: quotaOf('rulesPerGroup') ?? DEFAULT_QUOTAS.rulesPerGroup,
    groupsPerRegion: quotaOf('groupsPerRegion') ?? DEFAULT_QUOTAS.groupsPerRegion,
    ...(assumed.length === 0 ? {} : { assumed }),
  };
}
