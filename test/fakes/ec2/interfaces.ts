import type {
  AttachNetworkInterfaceCommandInput,
  CreateNetworkInterfaceCommandInput,
  DeleteNetworkInterfaceCommandInput,
  DescribeNetworkInterfacesCommandInput,
  DetachNetworkInterfaceCommandInput,
  ModifyNetworkInterfaceAttributeCommandInput,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import { nextAddress } from './addresses.ts';
import { describe, type Fields, toTagList } from './describing.ts';
import type { Estate } from './estate.ts';
import type { InterfaceRecord, Service, SubnetRecord } from './records.ts';
import { invalidValue, missing, notFound, refusal } from './refusal.ts';
import { differentNetworks } from './rules.ts';
import { tagsFor } from './tags.ts';

const FIELDS: Fields<InterfaceRecord> = {
  'network-interface-id': (nic) => [nic.id],
  'attachment.instance-id': (nic) => [nic.attachment?.instance],
  'attachment.status': (nic) => [nic.attachment === undefined ? undefined : 'attached'],
  'group-id': (nic) => nic.groups,
  'private-ip-address': (nic) => [nic.ipv4[0]],
  'addresses.private-ip-address': (nic) => nic.ipv4,
  'requester-managed': (nic) => [nic.requester !== undefined],
  status: (nic) => [statusOf(nic)],
  'subnet-id': (nic) => [nic.subnet],
  'vpc-id': (nic) => [nic.vpc],
};

export function describeNetworkInterfaces(
  estate: Estate,
  input: DescribeNetworkInterfacesCommandInput,
) {
  const { items, next } = describe(input, {
    shelf: estate.interfaces,
    fields: FIELDS,
    ids: input.NetworkInterfaceIds,
    absent: ['InvalidNetworkInterfaceID.NotFound', 'networkInterface ID'],
    pageMin: 5,
    pageMax: 1_000,
    refusesIdsWithPages: true,
  });
  return { NetworkInterfaces: items.map((nic) => toInterfaceView(estate, nic)), ...next };
}

function statusOf(nic: InterfaceRecord): 'in-use' | 'available' {
  return nic.attachment === undefined ? 'available' : 'in-use';
}

export function toInterfaceView(estate: Estate, nic: InterfaceRecord): NetworkInterface {
  const { attachment, requester } = nic;
  return {
    NetworkInterfaceId: nic.id,
    VpcId: nic.vpc,
    SubnetId: nic.subnet,
    OwnerId: estate.account,
    Description: nic.description,
    InterfaceType: nic.type as NonNullable<NetworkInterface['InterfaceType']>,
    Status: statusOf(nic),
    AvailabilityZone: estate.subnets.get(nic.subnet)?.zone ?? '',
    SourceDestCheck: true,
    RequesterManaged: requester !== undefined,
    ...(requester === undefined ? {} : { RequesterId: requester.id }),
    ...(nic.ipv4[0] === undefined ? {} : { PrivateIpAddress: nic.ipv4[0] }),
    PrivateIpAddresses: nic.ipv4.map((PrivateIpAddress, at) => ({
      PrivateIpAddress,
      Primary: at === 0,
    })),
    Ipv6Addresses: nic.ipv6.map((Ipv6Address) => ({ Ipv6Address })),
    Groups: groupViews(estate, nic.groups),
    TagSet: toTagList(nic.tags),
    ...(attachment === undefined
      ? {}
      : {
          Attachment: {
            AttachmentId: attachment.id,
            ...(attachment.instance === undefined ? {} : { InstanceId: attachment.instance }),
            InstanceOwnerId: attachment.owner,
            DeviceIndex: attachment.deviceIndex,
            DeleteOnTermination: attachment.deleteOnTermination,
            Status: 'attached',
          },
        }),
  };
}

export function groupViews(estate: Estate, ids: readonly string[]) {
  return ids.map((GroupId) => ({ GroupId, GroupName: estate.groups.get(GroupId)?.name ?? '' }));
}

/** `Groups` replaces the whole set. One attribute a call, one interface a call. */
export function modifyNetworkInterfaceAttribute(
  estate: Estate,
  input: ModifyNetworkInterfaceAttributeCommandInput,
) {
  const groups = input.Groups ?? [];
  const given = [input.Description, input.SourceDestCheck, input.Attachment].filter(
    (one) => one !== undefined,
  ).length;
  const attributes = given + (groups.length > 0 ? 1 : 0);
  if (attributes === 0) throw refusal('InvalidParameterCombination', 'No attributes specified.');
  if (attributes > 1) {
    throw refusal('InvalidParameterCombination', 'Only one attribute can be modified at a time.');
  }
  const nic = findInterface(estate, input.NetworkInterfaceId);
  refuseIfServiceOwned(nic);
  if (groups.length > 0) {
    estate.interfaces.put({ ...nic, groups: checkedGroups(estate, groups, nic.vpc) });
  } else if (input.Description?.Value !== undefined) {
    estate.interfaces.put({ ...nic, description: input.Description.Value });
  }
  return {};
}

/** As many groups as the quota allows, known, and of the interface's VPC. Repeats count once. */
export function checkedGroups(
  estate: Estate,
  ids: readonly string[],
  vpc: string,
  tooMany = 'SecurityGroupsPerInterfaceLimitExceeded',
): readonly string[] {
  const unique = [...new Set(ids)];
  if (unique.length > estate.quotas.groupsPerInterface) {
    throw refusal(tooMany, 'The maximum number of security groups per interface has been reached.');
  }
  for (const id of unique) {
    const group = estate.groups.find(id);
    if (group === undefined) throw notFound('InvalidGroup.NotFound', 'security group', id);
    if (group.vpc !== vpc) throw differentNetworks();
  }
  return unique;
}

/** Requester-managed interfaces take tags and nothing else (EC2 guide, "Requester-managed"). */
function refuseIfServiceOwned(nic: InterfaceRecord): void {
  if (nic.requester === undefined) return;
  if (nic.requester.service === 'ecs') {
    throw refusal('AuthFailure', 'You do not have permission to access the specified resource.');
  }
  throw refusal(
    'OperationNotPermitted',
    `You are not allowed to manage '${nic.attachment?.id ?? nic.id}' attachments.`,
  );
}

export function findInterface(estate: Estate, id: string | undefined): InterfaceRecord {
  if (id === undefined || id === '') throw missing('networkInterfaceId');
  const nic = estate.interfaces.find(id);
  if (nic === undefined) {
    throw notFound('InvalidNetworkInterfaceID.NotFound', 'networkInterface ID', id);
  }
  return nic;
}

export function createNetworkInterface(estate: Estate, input: CreateNetworkInterfaceCommandInput) {
  const subnet = findSubnet(estate, input.SubnetId);
  const made = makeInterface(estate, subnet, {
    groups: checkedGroups(estate, input.Groups ?? [], subnet.vpc),
    description: input.Description ?? '',
    ...(input.PrivateIpAddress === undefined ? {} : { address: input.PrivateIpAddress }),
    ipv6: (input.Ipv6Addresses ?? []).flatMap((one) => one.Ipv6Address ?? []),
    tags: tagsFor('network-interface', input.TagSpecifications),
  });
  return { NetworkInterface: toInterfaceView(estate, made) };
}

export interface NewInterface {
  readonly groups: readonly string[];
  readonly description?: string;
  readonly address?: string;
  readonly ipv6?: readonly string[];
  readonly tags?: InterfaceRecord['tags'];
  readonly attachment?: InterfaceRecord['attachment'];
}

/** Without groups it carries the VPC's default group. */
export function makeInterface(
  estate: Estate,
  subnet: SubnetRecord,
  { groups, description = '', address, ipv6 = [], tags = {}, attachment }: NewInterface,
): InterfaceRecord {
  const isDefault = (group: { vpc: string; isDefault: boolean }): boolean =>
    group.isDefault && group.vpc === subnet.vpc;
  const fallback = groups.length > 0 ? [] : estate.groups.all().filter(isDefault);
  return estate.interfaces.put({
    id: estate.nextId('eni'),
    vpc: subnet.vpc,
    subnet: subnet.id,
    ipv4: [address ?? nextAddress(estate, subnet)],
    ipv6,
    groups: groups.length > 0 ? groups : fallback.map((group) => group.id),
    type: 'interface',
    description,
    tags,
    ...(attachment === undefined ? {} : { attachment }),
  });
}

export function findSubnet(estate: Estate, id: string | undefined): SubnetRecord {
  const subnet = id === undefined ? undefined : estate.subnets.find(id);
  if (subnet === undefined) throw notFound('InvalidSubnetID.NotFound', 'subnet ID', id ?? '');
  return subnet;
}

export function deleteNetworkInterface(estate: Estate, input: DeleteNetworkInterfaceCommandInput) {
  const nic = findInterface(estate, input.NetworkInterfaceId);
  refuseIfServiceOwned(nic);
  if (nic.attachment !== undefined) {
    throw invalidValue(`Network interface '${nic.id}' is currently in use.`);
  }
  estate.interfaces.remove(nic.id);
  return {};
}

export function attachNetworkInterface(estate: Estate, input: AttachNetworkInterfaceCommandInput) {
  const nic = findInterface(estate, input.NetworkInterfaceId);
  refuseIfServiceOwned(nic);
  const instance = estate.instances.find(input.InstanceId ?? '');
  if (instance === undefined) {
    throw notFound('InvalidInstanceID.NotFound', 'instance ID', input.InstanceId ?? '');
  }
  if (nic.attachment !== undefined) {
    throw invalidValue(`Network interface '${nic.id}' is currently in use.`);
  }
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw refusal('IncorrectState', `Instance '${instance.id}' is ${instance.state}`);
  }
  const id = estate.nextId('eni-attach');
  const deviceIndex = input.DeviceIndex ?? 1;
  const owner = estate.account;
  const attachment = { id, instance: instance.id, owner, deviceIndex, deleteOnTermination: false };
  estate.interfaces.put({ ...nic, attachment });
  return { AttachmentId: id };
}

/** At once: EC2's `detaching` is left out. */
export function detachNetworkInterface(estate: Estate, input: DetachNetworkInterfaceCommandInput) {
  const nic = estate.interfaces.all().find((one) => one.attachment?.id === input.AttachmentId);
  if (nic?.attachment === undefined) {
    throw notFound('InvalidAttachmentID.NotFound', 'attachment', input.AttachmentId ?? '');
  }
  refuseIfServiceOwned(nic);
  if (nic.attachment.deviceIndex === 0) {
    throw refusal('OperationNotPermitted', 'The primary network interface cannot be detached');
  }
  const { attachment: _gone, ...rest } = nic;
  estate.interfaces.put(rest);
  return {};
}

const REQUESTERS: Readonly<Record<Service, { readonly id: string; readonly type: string }>> = {
  ecs: { id: '210987654321', type: 'interface' },
  elb: { id: 'amazon-elb', type: 'network_load_balancer' },
  lambda: { id: 'amazon-aws', type: 'lambda' },
  nat: { id: 'amazon-aws', type: 'natGateway' },
  'vpc-endpoint': { id: 'amazon-aws', type: 'vpc_endpoint' },
};

/** Makes an interface one that a service manages, attached to what the account does not see. */
export function giveToService(estate: Estate, id: string, service: Service): void {
  const nic = findInterface(estate, id);
  const requester = REQUESTERS[service];
  estate.interfaces.put({
    ...nic,
    type: requester.type,
    requester: { id: requester.id, service },
    attachment: {
      id: estate.nextId('ela-attach'),
      owner: requester.id,
      deviceIndex: 1,
      deleteOnTermination: false,
    },
  });
}
