import { parseCidr } from 'cidr-tools';
import * as z from 'zod';
import type { Inventory, NetworkInterface, Workload } from '../model/inventory.ts';

/** One end of a question, as the inventory knows it. */
export interface PathEnd {
  readonly asked: string;
  readonly workload?: Workload;
  /** Empty for an address that no interface has. */
  readonly interfaces: readonly NetworkInterface[];
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** The public address, which AWS translates, by which the end was named. */
  readonly publicAddress?: string;
}

/** Finds a workload, an interface or an address; undefined for anything else. */
export function findEnd(inventory: Inventory, asked: string): PathEnd | undefined {
  const workload = inventory.workloads.find(({ identity }) => identity.workload === asked);
  if (workload !== undefined) {
    const own = new Set(workload.interfaces);
    const interfaces = inventory.interfaces.filter((nic) => own.has(nic.id));
    return endOf(asked, { workload, interfaces });
  }
  const named = inventory.interfaces.find((nic) => nic.id === asked);
  if (named !== undefined)
    return endOf(asked, { ...ownerOf(inventory, named), interfaces: [named] });
  const address = canonicalAddress(asked);
  return address === undefined ? undefined : findAddress(inventory, asked, address);
}

function findAddress(inventory: Inventory, asked: string, address: string): PathEnd {
  const has = (addresses: readonly string[]): boolean =>
    addresses.some((one) => canonicalAddress(one) === address);
  const nic = inventory.interfaces.find(
    (one) => has(one.ipv4) || has(one.ipv6) || one.publicIpv4 === address,
  );
  if (nic !== undefined) {
    const end = endOf(asked, { ...ownerOf(inventory, nic), interfaces: [nic] });
    return nic.publicIpv4 === address ? { ...end, publicAddress: address } : end;
  }
  const isIpv6 = address.includes(':');
  return {
    asked,
    interfaces: [],
    ipv4: isIpv6 ? [] : [address],
    ipv6: isIpv6 ? [address] : [],
  };
}

function endOf(
  asked: string,
  found: { readonly workload?: Workload; readonly interfaces: readonly NetworkInterface[] },
): PathEnd {
  return {
    asked,
    ...found,
    ipv4: found.interfaces.flatMap((nic) => nic.ipv4),
    ipv6: found.interfaces.flatMap((nic) => nic.ipv6),
  };
}

function ownerOf(inventory: Inventory, nic: NetworkInterface): { workload?: Workload } {
  const workload = inventory.workloads.find(({ identity }) => identity.workload === nic.workload);
  return workload === undefined ? {} : { workload };
}

const addressSchema = z.union([z.ipv4(), z.ipv6()]);

/** One spelling per address; undefined for what is none. */
function canonicalAddress(text: string): string | undefined {
  return addressSchema.safeParse(text).success ? parseCidr(text).ip : undefined;
}
