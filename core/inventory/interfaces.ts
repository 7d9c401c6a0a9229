import type { Control, NetworkInterface } from '../model/inventory.ts';
import { canonicalAddress } from './cidr.ts';
import { parts, type Raw, record, records, tagsOf, text, textOf } from './raw.ts';

/** How AWS describes the interface of a NAT gateway; nothing else in it says whose it is. */
const NAT_DESCRIPTION = /^Interface for NAT Gateway (nat-[0-9a-f]+)$/;

/** One DescribeNetworkInterfaces entry. `taskByInterface`: workload ids of tasks by interface id. */
export function toNetworkInterface(
  raw: Raw,
  taskByInterface: ReadonlyMap<string, string> = new Map(),
): NetworkInterface {
  const id = textOf(raw.NetworkInterfaceId);
  const instance = text(record(raw.Attachment).InstanceId);
  const publicIpv4 = text(record(raw.Association).PublicIp);
  const natGateway = NAT_DESCRIPTION.exec(textOf(raw.Description))?.[1];
  const ipv4 = records(raw.PrivateIpAddresses).map((one) => textOf(one.PrivateIpAddress));
  return {
    id,
    vpc: textOf(raw.VpcId),
    subnet: textOf(raw.SubnetId),
    ipv4: addresses([...ipv4, textOf(raw.PrivateIpAddress)]),
    ipv6: addresses(records(raw.Ipv6Addresses).map((one) => textOf(one.Ipv6Address))),
    ...(publicIpv4 === undefined ? {} : { publicIpv4 }),
    ...(natGateway === undefined ? {} : { natGateway }),
    groups: records(raw.Groups)
      .flatMap((one) => text(one.GroupId) ?? [])
      .sort(),
    type: text(raw.InterfaceType) ?? 'interface',
    status: textOf(raw.Status),
    requesterManaged: raw.RequesterManaged === true,
    workload: taskByInterface.get(id) ?? instance ?? id,
    tags: tagsOf(raw),
  };
}

/** Groups of an interface that are not told by an id. */
export function unreadableGroups(raw: Raw): number {
  return parts(raw.Groups).filter((one) => text(one.GroupId) === undefined).length;
}

function addresses(values: readonly string[]): readonly string[] {
  const plain = values.flatMap((value) => canonicalAddress(value) ?? []);
  return [...new Set(plain)].sort();
}

/**
 * How far the account may change the interface's groups, and why not: AWS refuses it for what a
 * service manages (EC2 API, "requester-managed network interfaces").
 */
export function controlOf(raw: Raw): { readonly control: Control; readonly reason?: string } {
  const type = text(raw.InterfaceType) ?? 'interface';
  if (record(raw.Operator).Managed === true) {
    const by = text(record(raw.Operator).Principal) ?? 'a service';
    return { control: 'visible', reason: `managed by ${by}` };
  }
  if (raw.RequesterManaged === true) {
    const by = text(raw.RequesterId) ?? 'a service';
    return {
      control: 'visible',
      reason: `requester-managed by ${by}: the service owns the attachment`,
    };
  }
  if (type !== 'interface' && type !== 'efa' && type !== 'efa-only') {
    return {
      control: 'visible',
      reason: `interface type ${type}: the service owns the attachment`,
    };
  }
  return { control: 'attach' };
}
