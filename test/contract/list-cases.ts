import {
  DescribeManagedPrefixListsCommand,
  GetManagedPrefixListEntriesCommand,
  ModifyManagedPrefixListCommand,
  type ModifyManagedPrefixListCommandInput,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { type Cases, cidrs, fromList, refused, refusedSomehow, type World } from './world.ts';

type Change = Omit<ModifyManagedPrefixListCommandInput, 'PrefixListId'>;

function modify(world: World, PrefixListId: string, change: Change) {
  return world.ec2.send(new ModifyManagedPrefixListCommand({ PrefixListId, ...change }));
}

async function listOf(world: World, id: string) {
  const request = { PrefixListIds: [id] };
  const { PrefixLists } = await world.ec2.send(new DescribeManagedPrefixListsCommand(request));
  return PrefixLists?.[0];
}

async function settled(world: World, id: string) {
  await world.until(`${id} is settled`, async () => {
    const state = (await listOf(world, id))?.State ?? '';
    return !state.endsWith('-in-progress');
  });
  return await listOf(world, id);
}

async function entriesOf(world: World, PrefixListId: string): Promise<readonly string[]> {
  const answer = await world.ec2.send(new GetManagedPrefixListEntriesCommand({ PrefixListId }));
  return (answer.Entries ?? []).map((entry) => entry.Cidr ?? '').sort();
}

const add = (...list: readonly string[]) => ({ AddEntries: list.map((Cidr) => ({ Cidr })) });

export const listCases: Cases = {
  async 'P1 a change under a version that is not current is refused'(world) {
    const list = await world.makeList(5, ['10.0.0.0/8']);
    await settled(world, list);
    await modify(world, list, { CurrentVersion: 1, ...add('10.1.0.0/16') });
    await settled(world, list);
    const stale = modify(world, list, { CurrentVersion: 1, ...add('10.2.0.0/16') });
    await refused('PrefixListVersionMismatch', stale);
    expect(await entriesOf(world, list)).toEqual(['10.0.0.0/8', '10.1.0.0/16']);
  },

  async 'P2 a list holds no more entries than its maximum'(world) {
    const list = await world.makeList(2, ['10.0.0.0/8', '10.1.0.0/16']);
    await settled(world, list);
    const more = modify(world, list, { CurrentVersion: 1, ...add('10.2.0.0/16') });
    await refused('PrefixListMaxEntriesExceeded', more);
    const swap = { RemoveEntries: [{ Cidr: '10.0.0.0/8' }], ...add('10.2.0.0/16') };
    await modify(world, list, { CurrentVersion: 1, ...swap });
    await settled(world, list);
    expect(await entriesOf(world, list)).toEqual(['10.1.0.0/16', '10.2.0.0/16']);
  },

  async 'P3 one call adds a hundred entries at most'(world) {
    const list = await world.makeList(200);
    await settled(world, list);
    await refusedSomehow(modify(world, list, { CurrentVersion: 1, ...add(...cidrs(101)) }));
    await modify(world, list, { CurrentVersion: 1, ...add(...cidrs(100)) });
    await settled(world, list);
    expect(await entriesOf(world, list)).toHaveLength(100);
  },

  async 'P4 changed entries are a new version, a changed name is none'(world) {
    const list = await world.makeList(5);
    await settled(world, list);
    await modify(world, list, { CurrentVersion: 1, ...add('10.0.0.0/8') });
    expect((await settled(world, list))?.Version).toBe(2);
    await modify(world, list, { PrefixListName: 'renamed' });
    const renamed = await settled(world, list);
    expect([renamed?.Version, renamed?.PrefixListName]).toEqual([2, 'renamed']);
  },

  async 'P5 a list that is not there is not found'(world) {
    const absent = 'pl-0fffffffffffffff0';
    const code = 'InvalidPrefixListID.NotFound';
    await refused(code, modify(world, absent, { CurrentVersion: 1, ...add('10.0.0.0/8') }));
    await refused(code, entriesOf(world, absent));
  },

  async 'P6 entries and size are not changed by one call'(world) {
    const list = await world.makeList(5);
    await settled(world, list);
    const both = { CurrentVersion: 1, MaxEntries: 6, ...add('10.0.0.0/8') };
    await refusedSomehow(modify(world, list, both));
    expect(await entriesOf(world, list)).toEqual([]);
    await modify(world, list, { MaxEntries: 6 });
    expect((await settled(world, list))?.MaxEntries).toBe(6);
  },

  async 'P7 a list does not grow beyond what a group that names it has room for'(world) {
    const group = await world.makeGroup();
    const list = await world.makeList(50);
    await settled(world, list);
    await world.allow(group, fromList(443, list));
    await modify(world, list, { MaxEntries: 61 });
    const after = await settled(world, list);
    expect([after?.State, after?.MaxEntries]).toEqual(['modify-failed', 50]);
    expect(after?.StateMessage).toContain(group);
  },
};
