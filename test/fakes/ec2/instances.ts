import type {
  DescribeInstancesCommandInput,
  Instance,
  InstanceNetworkInterfaceSpecification,
  RunInstancesCommandInput,
  StartInstancesCommandInput,
  StopInstancesCommandInput,
  TerminateInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { describe, type Fields, toTagList } from './describing.ts';
import type { Estate } from './estate.ts';
import {
  checkedGroups,
  findInterface,
  findSubnet,
  groupViews,
  makeInterface,
  toInterfaceView,
} from './interfaces.ts';
import type { InstanceRecord, InstanceState, InterfaceRecord, SubnetRecord } from './records.ts';
import { missing, notFound, refusal } from './refusal.ts';
import { tagsFor } from './tags.ts';

/** EC2 shows a terminated instance for about an hour (EC2 guide, "Terminate"). */
const TERMINATED_SHOWN_MS = 3_600_000;

const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const FIELDS: Fields<InstanceRecord> = {
  'instance-id': (instance) => [instance.id],
  'instance-state-name': (instance) => [instance.state],
  'iam-instance-profile.arn': (instance) => [instance.profile],
  'subnet-id': (instance) => [instance.subnet],
  'vpc-id': (instance) => [instance.vpc],
};

export function describeInstances(estate: Estate, input: DescribeInstancesCommandInput) {
  const { items, next } = describe(input, {
    shelf: estate.instances,
    fields: FIELDS,
    ids: input.InstanceIds,
    absent: ['InvalidInstanceID.NotFound', 'instance ID'],
    pageMin: 5,
    pageMax: 1_000,
    refusesIdsWithPages: true,
  });
  return { Reservations: toReservations(estate, items), ...next };
}

export function toReservations(estate: Estate, instances: readonly InstanceRecord[]) {
  const shown = new Set(instances.map((one) => one.id));
  const attached = estate.interfaces
    .lookAll()
    .filter((nic) => nic.attachment?.instance !== undefined && shown.has(nic.attachment.instance));
  const byInstance = Map.groupBy(attached, (nic) => nic.attachment?.instance ?? '');
  const byReservation = Map.groupBy(instances, (one) => one.reservation);
  return [...byReservation].map(([ReservationId, together]) => ({
    ReservationId,
    OwnerId: estate.account,
    Instances: together.map((one) => toInstanceView(estate, one, byInstance.get(one.id) ?? [])),
  }));
}

function toInstanceView(
  estate: Estate,
  instance: InstanceRecord,
  interfaces: readonly InterfaceRecord[],
): Instance {
  const primary = interfaces.find((nic) => nic.attachment?.deviceIndex === 0);
  return {
    InstanceId: instance.id,
    State: { Name: instance.state, Code: STATE_CODES[instance.state] },
    LaunchTime: new Date(instance.launchedAtMs),
    VpcId: instance.vpc,
    SubnetId: instance.subnet,
    ...(instance.profile === undefined
      ? {}
      : { IamInstanceProfile: { Arn: instance.profile, Id: 'AIPAFAKE' } }),
    ...(primary?.ipv4[0] === undefined ? {} : { PrivateIpAddress: primary.ipv4[0] }),
    SecurityGroups: primary === undefined ? [] : groupViews(estate, primary.groups),
    NetworkInterfaces: interfaces.map((nic) => toInterfaceView(estate, nic)) as NonNullable<
      Instance['NetworkInterfaces']
    >,
    Tags: toTagList(instance.tags),
  };
}

export function runInstances(estate: Estate, input: RunInstancesCommandInput) {
  const specifications = input.NetworkInterfaces ?? [];
  const groups = input.SecurityGroupIds ?? [];
  if (specifications.length > 0 && (groups.length > 0 || input.SubnetId !== undefined)) {
    throw refusal(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level security groups may not be specified on the ' +
        'same request',
    );
  }
  const wanted: readonly InstanceNetworkInterfaceSpecification[] =
    specifications.length > 0
      ? specifications
      : [{ DeviceIndex: 0, Groups: groups, ...subnetOf(input.SubnetId) }];
  const count = input.MaxCount ?? 1;
  const checked = wanted.map((one) => checkSpecification(estate, one));
  const profile = profileArn(estate, input.IamInstanceProfile);
  const tags = tagsFor('instance', input.TagSpecifications);
  const interfaceTags = tagsFor('network-interface', input.TagSpecifications);
  const reservation = estate.nextId('r');
  const made = Array.from({ length: count }, () => {
    const [primary] = checked;
    if (primary === undefined) throw missing('networkInterface');
    const instance = estate.instances.put({
      id: estate.nextId('i'),
      reservation,
      vpc: primary.vpc,
      subnet: primary.subnet,
      state: 'pending',
      launchedAtMs: estate.sight.nowMs,
      tags,
      ...(profile === undefined ? {} : { profile }),
    });
    for (const one of checked) one.attach(instance, interfaceTags);
    estate.hide(estate.instances, instance.id);
    emitState(estate, instance);
    estate.afterTransition(() => move(estate, instance.id, 'pending', 'running'));
    return instance;
  });
  const [reserved] = toReservations(estate, made);
  // The answer tells of the new instances, even while other calls know nothing of them yet.
  return reserved ?? { ReservationId: reservation, OwnerId: estate.account, Instances: [] };
}

function subnetOf(SubnetId: string | undefined) {
  return SubnetId === undefined ? {} : { SubnetId };
}

interface Checked {
  readonly vpc: string;
  readonly subnet: string;
  attach(instance: InstanceRecord, tags: InterfaceRecord['tags']): void;
}

/** Everything is checked before anything is made: a refused launch leaves nothing behind. */
function checkSpecification(estate: Estate, one: InstanceNetworkInterfaceSpecification): Checked {
  const deviceIndex = one.DeviceIndex ?? 0;
  const attachmentTo = (instance: InstanceRecord, deleteOnTermination: boolean) => ({
    id: estate.nextId('eni-attach'),
    instance: instance.id,
    owner: estate.account,
    deviceIndex,
    deleteOnTermination,
  });
  if (one.NetworkInterfaceId !== undefined) {
    const nic = findInterface(estate, one.NetworkInterfaceId);
    if (nic.attachment !== undefined) {
      throw refusal('InvalidNetworkInterface.InUse', `Interface '${nic.id}' is in use`);
    }
    return {
      vpc: nic.vpc,
      subnet: nic.subnet,
      attach(instance) {
        const attachment = attachmentTo(instance, false);
        estate.interfaces.put({ ...nic, attachment });
      },
    };
  }
  const subnet: SubnetRecord = findSubnet(estate, one.SubnetId);
  const tooMany = 'SecurityGroupsPerInstanceLimitExceeded';
  const groups = checkedGroups(estate, one.Groups ?? [], subnet.vpc, tooMany);
  return {
    vpc: subnet.vpc,
    subnet: subnet.id,
    attach(instance, tags) {
      const attachment = attachmentTo(instance, one.DeleteOnTermination ?? true);
      makeInterface(estate, subnet, { groups, tags, attachment });
    },
  };
}

function profileArn(
  estate: Estate,
  given: RunInstancesCommandInput['IamInstanceProfile'],
): string | undefined {
  const name = given?.Name ?? given?.Arn?.split('/').at(-1);
  if (name === undefined) return undefined;
  if (!estate.profiles.has(name)) {
    throw refusal('InvalidParameterValue', `Invalid IAM Instance Profile name: ${name}`);
  }
  return `arn:aws:iam::${estate.account}:instance-profile/${name}`;
}

export function stopInstances(estate: Estate, input: StopInstancesCommandInput) {
  const StoppingInstances = change(estate, input.InstanceIds ?? [], ['running'], 'stopping', [
    'stopping',
    'stopped',
  ]);
  for (const { InstanceId } of StoppingInstances) {
    estate.afterTransition(() => move(estate, InstanceId, 'stopping', 'stopped'));
  }
  return { StoppingInstances };
}

export function startInstances(estate: Estate, input: StartInstancesCommandInput) {
  const StartingInstances = change(estate, input.InstanceIds ?? [], ['stopped'], 'pending', [
    'pending',
    'running',
  ]);
  for (const { InstanceId } of StartingInstances) {
    estate.afterTransition(() => move(estate, InstanceId, 'pending', 'running'));
  }
  return { StartingInstances };
}

const LIVING: readonly InstanceState[] = ['pending', 'running', 'stopping', 'stopped'];

/** Idempotent: an instance that is terminated stays so. */
export function terminateInstances(estate: Estate, input: TerminateInstancesCommandInput) {
  const ids = input.InstanceIds ?? [];
  const TerminatingInstances = change(estate, ids, LIVING, 'shutting-down', [
    'shutting-down',
    'terminated',
  ]);
  for (const { InstanceId } of TerminatingInstances) {
    estate.afterTransition(() => {
      move(estate, InstanceId, 'shutting-down', 'terminated');
      releaseInterfaces(estate, InstanceId);
      estate.after(TERMINATED_SHOWN_MS, () => estate.instances.remove(InstanceId));
    });
  }
  return { TerminatingInstances };
}

function releaseInterfaces(estate: Estate, instance: string): void {
  for (const nic of estate.interfaces.all()) {
    if (nic.attachment?.instance !== instance) continue;
    const { attachment, ...rest } = nic;
    if (attachment.deleteOnTermination) estate.interfaces.remove(nic.id);
    else estate.interfaces.put(rest);
  }
}

/** All of the instances change their state, or none. Those that are there already stay. */
function change(
  estate: Estate,
  ids: readonly string[],
  from: readonly InstanceState[],
  to: InstanceState,
  there: readonly InstanceState[] = [],
) {
  if (ids.length === 0) throw missing('InstanceId');
  const found = [...new Set(ids)].map((id) => {
    const instance = estate.instances.find(id);
    if (instance === undefined) throw notFound('InvalidInstanceID.NotFound', 'instance ID', id);
    if (![...from, ...there].includes(instance.state)) {
      throw refusal('IncorrectInstanceState', `The instance '${id}' is ${instance.state}`);
    }
    return instance;
  });
  return found.map((instance) => {
    const next = there.includes(instance.state) ? instance.state : to;
    move(estate, instance.id, instance.state, next);
    return {
      InstanceId: instance.id,
      PreviousState: { Name: instance.state, Code: STATE_CODES[instance.state] },
      CurrentState: { Name: next, Code: STATE_CODES[next] },
    };
  });
}

/** Nothing, when the instance has gone another way meanwhile. */
function move(estate: Estate, id: string, from: InstanceState, to: InstanceState): void {
  const instance = estate.instances.get(id);
  if (instance === undefined || instance.state !== from || from === to) return;
  emitState(estate, estate.instances.put({ ...instance, state: to }));
}

function emitState(estate: Estate, { id, state }: InstanceRecord): void {
  const type = 'EC2 Instance State-change Notification';
  estate.emit('aws.ec2', type, estate.arn('instance', id), { 'instance-id': id, state });
}
