import type { WorkloadRecord } from '../../core/model/record.ts';
import type { Page, Store } from '../../engine/ports.ts';
import type { FakeEc2, Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import { OWNER } from './lambda.ts';
import type { SimPolicy } from './sim-policy.ts';
import { isOurs } from './snapshots.ts';
import type { Watch } from './watch.ts';
import type { World } from './world.ts';

type Nic = Snapshot['interfaces'][number];

export interface Leaving {
  readonly ec2: FakeEc2;
  readonly store: Store;
  readonly world: World;
  readonly watch: Watch;
  readonly policy: SimPolicy;
  readonly records: readonly WorkloadRecord[];
  /** Somebody asked again once the faults had stopped; else groups may be left to be deleted. */
  readonly isUninstalled: boolean;
}

/**
 * What is wrong after an uninstall: every interface has what its owners gave it, as far as it still
 * exists; nothing of ours is left in EC2, and nothing in the ledger; nobody is in a segment.
 */
export async function checkUninstalled(leaving: Leaving): Promise<readonly string[]> {
  const snapshot = leaving.ec2.snapshot();
  const stuck = snapshot.interfaces.filter((nic) => cannotGoBack(leaving, snapshot, nic));
  const names = new Set(stuck.map(({ id }) => id));
  const relied = reliedOn(snapshot, stuck);
  const peers = snapshot.interfaces.filter((nic) => nic.groups.some((id) => relied.has(id)));
  return [
    ...snapshot.interfaces
      .filter(({ id, requester }) => !names.has(id) && requester === undefined)
      .flatMap((nic) => comparedToTheirs(leaving, snapshot, { nic, isPeer: peers.includes(nic) })),
    ...(leaving.isUninstalled ? leftOver(snapshot, [...stuck, ...peers]) : []),
    ...(await checkLedger(leaving.store, names)),
    ...(await checkRecords(leaving)),
  ];
}

/** AWS wants one group at least, and this one has none to go back to; or IAM refuses to write it. */
function cannotGoBack({ world, watch }: Leaving, snapshot: Snapshot, nic: Nic): boolean {
  if (world.services?.refusing.has(world.ownerOf(nic)) === true) return true;
  const due = [...world.theirsOf(nic.id), ...(watch.takenOff.get(nic.id) ?? [])];
  return !due.some((id) => exists(snapshot, id));
}

function exists(snapshot: Snapshot, group: string): boolean {
  return snapshot.groups.some(({ id }) => id === group);
}

/**
 * Groups by whose rules somebody who has nothing but groups of ours, and no way back, is reached or
 * reaches others: they stay on these others, beside their own.
 */
function reliedOn(snapshot: Snapshot, stuck: readonly Nic[]): ReadonlySet<string> {
  const bare = stuck.filter(({ groups }) => groups.every((id) => isOurs(snapshot, id)));
  const carried = new Set(bare.flatMap(({ groups }) => groups));
  const rules = snapshot.groups.flatMap(({ id, rules }) => rules.map(({ peer }) => ({ id, peer })));
  const found = rules.flatMap(({ id, peer }) => {
    if (peer.kind !== 'group') return [];
    return [...(carried.has(id) ? [peer.id] : []), ...(carried.has(peer.id) ? [id] : [])];
  });
  return new Set(found.filter((id) => isOurs(snapshot, id)));
}

function comparedToTheirs(
  { world, watch }: Leaving,
  snapshot: Snapshot,
  { nic, isPeer }: { readonly nic: Nic; readonly isPeer: boolean },
): string[] {
  const theirs = [...world.theirsOf(nic.id)].filter((id) => exists(snapshot, id));
  // Its owners may have taken it off by hand while the ledger had it.
  const mayHave = new Set([...theirs, ...(watch.takenOff.get(nic.id) ?? [])]);
  const missing = theirs.filter((id) => !nic.groups.includes(id));
  const surplus = nic.groups.filter((id) => !mayHave.has(id) && !(isPeer && isOurs(snapshot, id)));
  return [
    ...missing.map((id) => `uninstalled, but ${nic.id} never got back ${id}`),
    ...surplus.map((id) => {
      const name = snapshot.groups.find((group) => group.id === id)?.name;
      return `uninstalled, but ${nic.id} carries ${id} (${name})`;
    }),
  ];
}

/** Groups, and rules and prefix lists that are ours; except what the stuck ones carry, and it names. */
function leftOver(snapshot: Snapshot, stuck: readonly Nic[]): string[] {
  const kept = new Set(stuck.flatMap(({ groups }) => groups));
  for (const { id, rules } of snapshot.groups) {
    if (!kept.has(id)) continue;
    for (const { peer } of rules) if (peer.kind === 'group') kept.add(peer.id);
  }
  const groups = snapshot.groups.filter(({ id }) => isOurs(snapshot, id) && !kept.has(id));
  const lists = snapshot.prefixLists.filter(({ tags }) => tags['bulkhead:owner'] === OWNER);
  return [
    ...groups.map(
      ({ id, name, rules }) =>
        `uninstalled, but ${id} (${name}) is left, with ${rules.length} rules`,
    ),
    ...lists.map(({ id }) => `uninstalled, but ${id} is left`),
  ];
}

async function checkLedger(store: Store, stuck: ReadonlySet<string>): Promise<string[]> {
  const left: string[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<{ readonly interface: string; readonly groups: readonly string[] }> =
      await store.listLedger(cursor);
    for (const { interface: nic, groups } of page.items) {
      if (!stuck.has(nic)) left.push(`uninstalled, but the ledger has ${nic}: ${groups}`);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return left;
}

async function checkRecords({ store, policy, records }: Leaving): Promise<string[]> {
  const wrong = records
    .filter(({ status, held }) => status !== 'unmanaged' || held)
    .map(({ identity, status }) => `uninstalled, but ${identity.workload} is ${status}`);
  for (const { name } of policy.segments) {
    const count = await store.countMembers(name);
    if (count > 0) wrong.push(`uninstalled, but ${name} counts ${count} members`);
  }
  return wrong;
}
