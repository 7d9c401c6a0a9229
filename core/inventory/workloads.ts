import type { Identity } from '../model/identity.ts';
import type { NetworkInterface, Workload } from '../model/inventory.ts';
import { ownValue } from '../model/own-value.ts';
import { controlOf } from './interfaces.ts';
import { type Raw, record, records, tagsOf, text, textOf } from './raw.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface Lookups extends Place {
  /** ARN of the role by ARN of the instance profile. */
  readonly roleByProfile: Readonly<Record<string, string>>;
  /** ARN of the task role by ARN of the task definition. */
  readonly roleByTaskDefinition: Readonly<Record<string, string>>;
}

/** One instance of DescribeInstances; `interfaces` are those attached to it, by id. */
export function toInstanceWorkload(
  raw: Raw,
  interfaces: readonly NetworkInterface[],
  lookups: Lookups,
): Workload {
  const tags = tagsOf(raw);
  const profile = text(record(raw.IamInstanceProfile).Arn);
  const iamRole = profile === undefined ? undefined : roleOf(profile, lookups);
  const group = tags['aws:autoscaling:groupName'];
  const vpc = text(raw.VpcId) ?? interfaces[0]?.vpc;
  const identity: Identity = {
    workload: textOf(raw.InstanceId),
    kind: 'instance',
    tags,
    ...(iamRole === undefined ? {} : { iamRole }),
    account: lookups.account,
    region: lookups.region,
    ...(vpc === undefined ? {} : { vpc }),
    subnets: subnetsOf(interfaces, text(raw.SubnetId)),
    ...(group === undefined ? {} : { autoScalingGroup: group }),
    ...(tags.Name === undefined ? {} : { name: tags.Name }),
  };
  const managed = controlOf({ Operator: raw.Operator });
  return {
    identity,
    interfaces: interfaces.map((nic) => nic.id),
    state: textOf(record(raw.State).Name),
    control: managed.control,
    ...(managed.reason === undefined ? {} : { controlReason: managed.reason }),
  };
}

/** Where the profile cannot be looked up, its own name stands for the role's: most tools pair them. */
function roleOf(profile: string, { roleByProfile }: Lookups): string {
  return ownValue(roleByProfile, profile) ?? profile.replace(':instance-profile/', ':role/');
}

/** One task of DescribeTasks (include TAGS), as above. Awsvpc tasks are visible for now. */
export function toTaskWorkload(
  raw: Raw,
  interfaces: readonly NetworkInterface[],
  lookups: Lookups,
): Workload {
  const tags = tagsOf(raw);
  const group = textOf(raw.group);
  const override = text(record(raw.overrides).taskRoleArn);
  const iamRole = override ?? ownValue(lookups.roleByTaskDefinition, textOf(raw.taskDefinitionArn));
  const vpc = interfaces[0]?.vpc;
  const identity: Identity = {
    workload: taskWorkloadId(raw),
    kind: 'task',
    tags,
    ...(iamRole === undefined ? {} : { iamRole }),
    account: lookups.account,
    region: lookups.region,
    ...(vpc === undefined ? {} : { vpc }),
    subnets: subnetsOf(interfaces, undefined),
    cluster: lastPart(textOf(raw.clusterArn)),
    ...(group.startsWith('service:') ? { service: group.slice('service:'.length) } : {}),
    ...(tags.Name === undefined ? {} : { name: tags.Name }),
  };
  return {
    identity,
    interfaces: interfaces.map((nic) => nic.id),
    state: textOf(raw.lastStatus).toLowerCase(),
    control: 'visible',
    controlReason: 'ECS owns the attachment of a task; its groups are changed on the service',
  };
}

export function taskWorkloadId(raw: Raw): string {
  return `ecs:${lastPart(textOf(raw.clusterArn))}:${lastPart(textOf(raw.taskArn))}`;
}

/** Ids of a task's interfaces: attachment details are looked up by name, not by position. */
export function taskInterfaceIds(raw: Raw): readonly string[] {
  return records(raw.attachments).flatMap((attachment) =>
    records(attachment.details).flatMap((detail) =>
      detail.name === 'networkInterfaceId' ? (text(detail.value) ?? []) : [],
    ),
  );
}

/**
 * An interface of nobody is a workload of its own. One of an instance that was not described (its
 * list could not be read, or is a moment older) is listed too, but what groups it should carry is
 * that instance's affair: it is not written.
 */
export function toInterfaceWorkload(raw: Raw, nic: NetworkInterface, place: Place): Workload {
  const instance = text(record(raw.Attachment).InstanceId);
  const { control, reason } =
    instance === undefined
      ? controlOf(raw)
      : ({ control: 'visible', reason: `${instance}, which has it, was not described` } as const);
  return {
    identity: {
      workload: nic.id,
      kind: 'interface',
      tags: nic.tags,
      ...place,
      vpc: nic.vpc,
      subnets: [nic.subnet],
      ...(nic.tags.Name === undefined ? {} : { name: nic.tags.Name }),
    },
    interfaces: [nic.id],
    state: nic.status === 'in-use' ? 'running' : nic.status,
    control,
    ...(reason === undefined ? {} : { controlReason: reason }),
  };
}

function subnetsOf(
  interfaces: readonly NetworkInterface[],
  fallback: string | undefined,
): readonly string[] {
  const found = [...new Set(interfaces.map((nic) => nic.subnet))].sort();
  return found.length === 0 && fallback !== undefined ? [fallback] : found;
}

function lastPart(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}
