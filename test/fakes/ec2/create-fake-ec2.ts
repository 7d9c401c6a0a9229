import type { ReaderClients } from '../../../aws/reader.ts';
import type { DescribeDocuments } from '../../../core/inventory/from-describe.ts';
import { DEFAULT_QUOTAS, type Quotas } from '../../../core/model/inventory.ts';
import { toAclView } from './acls.ts';
import { EC2_ACTIONS, type Ec2Action } from './actions.ts';
import { connect } from './clients.ts';
import { type AwsEvent, type Consistency, Estate } from './estate.ts';
import { type CallRecord, type Faults, Front, type Hooks } from './front.ts';
import { toGroupView } from './groups.ts';
import { toReservations } from './instances.ts';
import { giveToService, toInterfaceView } from './interfaces.ts';
import { quotaValues } from './lookups.ts';
import { toPeeringView, toRouteTableView, toSubnetView, toVpcView } from './networks.ts';
import { makeAwsPrefixList, toEntryView, toPrefixListView } from './prefix-lists.ts';
import type {
  AclRecord,
  GroupRecord,
  InstanceRecord,
  InterfaceRecord,
  PeeringRecord,
  PrefixListRecord,
  RouteTableRecord,
  Service,
  SubnetRecord,
  Tags,
  TaskRecord,
  VpcRecord,
} from './records.ts';
import { putTags } from './tags.ts';
import { type NewTask, runTask, stopTask, toTaskView } from './tasks.ts';

export type { AwsEvent } from './estate.ts';
export type { CallRecord, PendingCall } from './front.ts';

export interface FakeEc2Options {
  /** Milliseconds since 1970. The fake never waits; it looks at the clock when it is called. */
  readonly clock: { now(): number };
  /** 0 to 1. Needed by the knobs of `consistency`; without one these draw no lots. */
  readonly random?: () => number;
  readonly quotas?: Partial<Quotas>;
  readonly account?: string;
  readonly region?: string;
  /** Called while a call is under way, or while time is settled: queue it, do not act on it. */
  readonly onEvent?: (event: AwsEvent) => void;
}

/** EC2's actions as plain functions: done at once, without buckets, faults and hooks. */
type AdminActions = {
  readonly [Name in Ec2Action]: (
    input: Parameters<(typeof EC2_ACTIONS)[Name]>[1],
  ) => ReturnType<(typeof EC2_ACTIONS)[Name]>;
};

export interface Admin extends AdminActions {
  /** Makes an interface requester-managed: it refuses changes from now on. */
  giveToService(interfaceId: string, service: Service): void;
  /** Sets all tags of a resource, `aws:` keys included. */
  putTags(id: string, tags: Tags): void;
  /** An instance profile with its role's ARN. */
  addProfile(name: string, roleArn: string): void;
  /** One of AWS's own prefix lists; gives its id. */
  addAwsPrefixList(list: { name: string; cidrs: readonly string[]; weight: number }): string;
  /** The VPC is the Region's default one. */
  makeDefaultVpc(id: string): void;
  runTask(task: NewTask): TaskRecord;
  stopTask(arn: string): void;
}

/** All that exists, as it is: nothing hidden, nothing stale. Records are never changed in place. */
export interface Snapshot {
  readonly groups: readonly GroupRecord[];
  readonly interfaces: readonly InterfaceRecord[];
  readonly instances: readonly InstanceRecord[];
  readonly vpcs: readonly VpcRecord[];
  readonly subnets: readonly SubnetRecord[];
  readonly acls: readonly AclRecord[];
  readonly routeTables: readonly RouteTableRecord[];
  readonly peerings: readonly PeeringRecord[];
  readonly prefixLists: readonly PrefixListRecord[];
  readonly tasks: readonly TaskRecord[];
}

export interface FakeEc2 {
  /** SDK clients that call in this name (`api`, `enforce`, ...); the log and the hooks show it. */
  connect(principal: string): ReaderClients;
  readonly admin: Admin;
  /** May be changed at any time. */
  readonly quotas: { -readonly [Name in keyof Quotas]: Quotas[Name] };
  readonly consistency: Consistency;
  readonly hooks: Hooks;
  readonly faults: Faults;
  /** Whether clients draw from EC2's token buckets. On unless a test turns it off. */
  throttles: boolean;
  /** Every call, the admin's too. */
  readonly log: readonly CallRecord[];
  snapshot(): Snapshot;
  /** The snapshot as AWS's own documents, for core's inventoryFromDescribe. */
  documents(): DescribeDocuments;
  /** Lets happen what is due at the clock's time; each call does so first. */
  settle(): void;
  /** When something happens by itself next, in the clock's milliseconds. */
  readonly nextDueMs: number | undefined;
}

/**
 * A stateful EC2 of one account and Region behind real SDK clients. test/fakes/spec.md says rule by
 * rule what it does, after which page of AWS, and what it leaves out.
 *
 *     const fake = createFakeEc2({ clock: { now: () => nowMs } });
 *     const { Vpc } = fake.admin.CreateVpc({ CidrBlock: '10.0.0.0/16' });
 *     await new AwsReader('Bulkhead', fake.connect('reader')).collectInventory();
 */
export function createFakeEc2(options: FakeEc2Options): FakeEc2 {
  const { clock, random = () => 0, quotas = {}, onEvent = () => {} } = options;
  const account = options.account ?? '111122223333';
  const region = options.region ?? 'us-east-1';
  const estate = new Estate({
    account,
    region,
    clock,
    random,
    quotas: { ...DEFAULT_QUOTAS, ...quotas },
    onEvent,
  });
  const front = new Front(estate);
  const clients = new Map<string, ReaderClients>();
  return {
    connect(principal) {
      const known = clients.get(principal) ?? connect(front, region, principal);
      clients.set(principal, known);
      return known;
    },
    admin: createAdmin(estate, front),
    quotas: estate.quotas,
    consistency: estate.consistency,
    hooks: front.hooks,
    faults: front.faults,
    get throttles() {
      return front.throttles;
    },
    set throttles(on: boolean) {
      front.throttles = on;
    },
    log: front.log,
    snapshot: () => snapshotOf(estate),
    documents: () => documentsOf(estate),
    settle: () => estate.settle(),
    get nextDueMs() {
      return estate.nextDueMs;
    },
  };
}

function createAdmin(estate: Estate, front: Front): Admin {
  const names = Object.keys(EC2_ACTIONS) as Ec2Action[];
  const actions = Object.fromEntries(
    names.map((name) => [name, (input: object) => front.callAsAdmin(name, input)]),
  ) as unknown as AdminActions;
  const now = <Arguments extends readonly unknown[], Result>(
    act: (...given: Arguments) => Result,
  ) => {
    return (...given: Arguments): Result => {
      estate.begin('admin');
      return act(...given);
    };
  };
  return {
    ...actions,
    giveToService: now((id: string, service: Service) => giveToService(estate, id, service)),
    putTags: now((id: string, tags: Tags) => putTags(estate, id, tags)),
    addProfile: (name, roleArn) => {
      estate.profiles.set(name, roleArn);
    },
    addAwsPrefixList: now((list: Parameters<Admin['addAwsPrefixList']>[0]) =>
      makeAwsPrefixList(estate, list),
    ),
    makeDefaultVpc: now((id: string) => {
      const vpc = estate.vpcs.get(id);
      if (vpc !== undefined) estate.vpcs.put({ ...vpc, isDefault: true });
    }),
    runTask: now((task: NewTask) => runTask(estate, task)),
    stopTask: now((arn: string) => stopTask(estate, arn)),
  };
}

function snapshotOf(estate: Estate): Snapshot {
  estate.settle();
  return {
    groups: estate.groups.all(),
    interfaces: estate.interfaces.all(),
    instances: estate.instances.all(),
    vpcs: estate.vpcs.all(),
    subnets: estate.subnets.all(),
    acls: estate.acls.all(),
    routeTables: estate.routeTables.all(),
    peerings: estate.peerings.all(),
    prefixLists: estate.prefixLists.all(),
    tasks: estate.tasks.all(),
  };
}

/** Instances that are terminated and tasks that have stopped are left out, as the reader does. */
function documentsOf(estate: Estate): DescribeDocuments {
  const found = snapshotOf(estate);
  const living = found.instances.filter((one) => one.state !== 'terminated');
  return {
    Reservations: toReservations(estate, living),
    NetworkInterfaces: found.interfaces.map((nic) => toInterfaceView(estate, nic)),
    SecurityGroups: found.groups.map((group) => toGroupView(estate, group)),
    Vpcs: found.vpcs.map((vpc) => toVpcView(estate, vpc)),
    Subnets: found.subnets.map((subnet) => toSubnetView(estate, subnet)),
    NetworkAcls: found.acls.map((acl) => toAclView(estate, acl)),
    RouteTables: found.routeTables.map((table) => toRouteTableView(estate, table)),
    VpcPeeringConnections: found.peerings.map((one) => toPeeringView(estate, one)),
    PrefixLists: found.prefixLists.map((list) => toPrefixListView(estate, list)),
    PrefixListEntries: Object.fromEntries(
      found.prefixLists.map((list) => [list.id, list.entries.map(toEntryView)]),
    ),
    Tasks: found.tasks
      .filter((task) => task.status === 'RUNNING')
      .map((task) => toTaskView(estate, task)),
    Quotas: Object.entries(quotaValues(estate)).map(([QuotaCode, Value]) => ({ QuotaCode, Value })),
  };
}
