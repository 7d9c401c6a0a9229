import type { Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import { OWNER } from './lambda.ts';

type Nic = Snapshot['interfaces'][number];

export function nicOf(snapshot: Snapshot, id: string): Nic | undefined {
  return snapshot.interfaces.find((nic) => nic.id === id);
}

/** As if these had stayed on the interface. */
export function withGroups(snapshot: Snapshot, id: string, more: readonly string[]): Snapshot {
  const interfaces = snapshot.interfaces.map((nic) =>
    nic.id === id ? { ...nic, groups: [...nic.groups, ...more] } : nic,
  );
  return { ...snapshot, interfaces };
}

/** As the tag `bulkhead:group` names one of ours. */
export function keyOf(snapshot: Snapshot, id: string): string {
  return snapshot.groups.find((group) => group.id === id)?.tags['bulkhead:group'] ?? id;
}

export function isOurs(snapshot: Snapshot, id: string): boolean {
  return snapshot.groups.find((group) => group.id === id)?.tags['bulkhead:owner'] === OWNER;
}
