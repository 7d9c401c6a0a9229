import { parseCidr } from 'cidr-tools';
import { stringifyIp } from 'ip-bigint';
import type { Estate } from './estate.ts';
import type { SubnetRecord } from './records.ts';
import { refusal } from './refusal.ts';

/** AWS keeps the first four addresses of a subnet and the last (VPC guide, "Subnet sizing"). */
const RESERVED_FIRST = 4n;

/** The next address of the subnet that no interface has had: none is given twice. */
const nextBySubnet = new WeakMap<Estate, Map<string, bigint>>();

export function nextAddress(estate: Estate, subnet: SubnetRecord): string {
  const next = nextBySubnet.get(estate) ?? new Map<string, bigint>();
  nextBySubnet.set(estate, next);
  const { start, end } = parseCidr(subnet.cidr);
  const number = next.get(subnet.id) ?? start + RESERVED_FIRST;
  if (number >= end) {
    throw refusal('InsufficientFreeAddressesInSubnet', `no free address in '${subnet.id}'`);
  }
  next.set(subnet.id, number + 1n);
  return stringifyIp({ number, version: 4 });
}
