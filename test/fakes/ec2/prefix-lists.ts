import type {
  AddPrefixListEntry,
  CreateManagedPrefixListCommandInput,
  DeleteManagedPrefixListCommandInput,
  DescribeManagedPrefixListsCommandInput,
  GetManagedPrefixListEntriesCommandInput,
  ManagedPrefixList,
  ModifyManagedPrefixListCommandInput,
  PrefixListState,
} from '@aws-sdk/client-ec2';
import { cut, describe, type Fields, toTagList } from './describing.ts';
import type { Estate } from './estate.ts';
import type { PrefixListEntryRecord, PrefixListRecord } from './records.ts';
import { invalidValue, missing, notFound, refusal } from './refusal.ts';
import { readCidr, weightOf } from './rules.ts';
import { tagsFor } from './tags.ts';

/** EC2 API reference, "ModifyManagedPrefixList": entries added, and removed, by one call. */
const CHANGES_MAX = 100;
/** Amazon VPC quotas, "Customer-managed prefix lists". */
const ENTRIES_MAX = 1_000;
const PAGE_MAX = 100;

const FIELDS: Fields<PrefixListRecord> = {
  'prefix-list-id': (list) => [list.id],
  'prefix-list-name': (list) => [list.name],
  'owner-id': (list) => [list.owner],
};

export function describeManagedPrefixLists(
  estate: Estate,
  input: DescribeManagedPrefixListsCommandInput,
) {
  const { items, next } = describe(input, {
    shelf: estate.prefixLists,
    fields: FIELDS,
    ids: input.PrefixListIds,
    absent: ['InvalidPrefixListID.NotFound', 'prefix list ID'],
    pageMin: 1,
    pageMax: PAGE_MAX,
  });
  return { PrefixLists: items.map((list) => toPrefixListView(estate, list)), ...next };
}

export function toPrefixListView(estate: Estate, list: PrefixListRecord): ManagedPrefixList {
  return {
    PrefixListId: list.id,
    PrefixListName: list.name,
    PrefixListArn: estate.arn('prefix-list', list.id),
    AddressFamily: list.family,
    OwnerId: list.owner,
    State: list.state as PrefixListState,
    ...(list.stateMessage === undefined ? {} : { StateMessage: list.stateMessage }),
    // AWS's own lists have neither (EC2 API, "ManagedPrefixList").
    ...(list.owner === 'AWS' ? {} : { MaxEntries: list.maxEntries, Version: list.version }),
    Tags: toTagList(list.tags),
  };
}

export function getManagedPrefixListEntries(
  estate: Estate,
  input: GetManagedPrefixListEntriesCommandInput,
) {
  const id = input.PrefixListId ?? '';
  const list = estate.prefixLists.look(id);
  if (list === undefined) throw notFound('InvalidPrefixListID.NotFound', 'prefix list ID', id);
  const entries = list.entries.map((entry) => ({ ...entry, id: entry.cidr }));
  const { items, next } = cut(entries, input, { pageMin: 1, pageMax: PAGE_MAX });
  return { Entries: items.map(toEntryView), ...next };
}

export function toEntryView({ cidr, description }: PrefixListEntryRecord) {
  return { Cidr: cidr, ...(description === undefined ? {} : { Description: description }) };
}

export function createManagedPrefixList(
  estate: Estate,
  input: CreateManagedPrefixListCommandInput,
) {
  const { PrefixListName: name, MaxEntries: maxEntries, AddressFamily: family } = input;
  if (name === undefined || name === '') throw missing('prefixListName');
  if (maxEntries === undefined) throw missing('maxEntries');
  if (family !== 'IPv4' && family !== 'IPv6') throw missing('addressFamily');
  if (/^com\.amazonaws/.test(name)) throw invalidValue('The name is reserved.');
  checkSize(maxEntries);
  const added = input.Entries ?? [];
  checkChanges(added.length);
  const entries = readEntries(added, family);
  if (entries.length > maxEntries) throw tooMany();
  const list = estate.prefixLists.put({
    id: estate.nextId('pl'),
    name,
    family,
    maxEntries,
    version: 1,
    state: 'create-in-progress',
    entries,
    owner: estate.account,
    tags: tagsFor('prefix-list', input.TagSpecifications),
  });
  complete(estate, list.id, 'create-complete');
  return { PrefixList: toPrefixListView(estate, list) };
}

function readEntries(
  entries: readonly AddPrefixListEntry[],
  family: 'IPv4' | 'IPv6',
): readonly PrefixListEntryRecord[] {
  return entries.map(({ Cidr, Description }) => ({
    cidr: readCidr(Cidr, family === 'IPv4' ? 'ipv4' : 'ipv6'),
    ...(Description === undefined ? {} : { description: Description }),
  }));
}

function checkSize(maxEntries: number): void {
  if (maxEntries >= 1 && maxEntries <= ENTRIES_MAX) return;
  throw refusal('PrefixListMaxEntriesExceeded', `MaxEntries is at most ${ENTRIES_MAX}`);
}

function checkChanges(count: number): void {
  if (count > CHANGES_MAX) throw invalidValue(`Too many entries; the maximum is ${CHANGES_MAX}.`);
}

function tooMany(): Error {
  return refusal(
    'PrefixListMaxEntriesExceeded',
    'The number of entries would exceed the maximum of the prefix list.',
  );
}

function complete(estate: Estate, id: string, state: string, stateMessage?: string): void {
  estate.afterTransition(() => {
    const list = estate.prefixLists.get(id);
    if (list === undefined) return;
    const { stateMessage: _old, ...rest } = list;
    estate.prefixLists.put({ ...rest, state, ...(stateMessage && { stateMessage }) });
  });
}

function findOwnList(estate: Estate, id: string): PrefixListRecord {
  const list = estate.prefixLists.find(id);
  if (list === undefined) throw notFound('InvalidPrefixListID.NotFound', 'prefix list ID', id);
  if (list.owner === 'AWS') {
    throw refusal('OperationNotPermitted', 'AWS-managed prefix lists cannot be modified');
  }
  if (list.state.endsWith('-in-progress')) {
    throw refusal('IncorrectState', `The prefix list '${id}' is ${list.state}`);
  }
  return list;
}

/** Either entries, of the version that is current, or the size, or the name. */
export function modifyManagedPrefixList(
  estate: Estate,
  input: ModifyManagedPrefixListCommandInput,
) {
  const list = findOwnList(estate, input.PrefixListId ?? '');
  const added = input.AddEntries ?? [];
  const removed = input.RemoveEntries ?? [];
  checkChanges(added.length);
  checkChanges(removed.length);
  if (input.CurrentVersion !== undefined && input.CurrentVersion !== list.version) {
    throw refusal(
      'PrefixListVersionMismatch',
      `The prefix list has the version ${list.version}, not ${input.CurrentVersion}.`,
    );
  }
  const changesEntries = added.length + removed.length > 0;
  if (input.MaxEntries !== undefined) {
    if (changesEntries) {
      throw refusal(
        'InvalidParameterCombination',
        'entries and MaxEntries cannot be changed together',
      );
    }
    return resize(estate, list, input.MaxEntries);
  }
  const name = input.PrefixListName ?? list.name;
  if (!changesEntries) {
    return { PrefixList: toPrefixListView(estate, estate.prefixLists.put({ ...list, name })) };
  }
  const entries = changedEntries(list, added, removed);
  if (entries.length > list.maxEntries) throw tooMany();
  const version = list.version + 1;
  const state = 'modify-in-progress';
  const changed = estate.prefixLists.put({ ...list, name, entries, version, state });
  complete(estate, list.id, 'modify-complete');
  return { PrefixList: toPrefixListView(estate, changed) };
}

function changedEntries(
  list: PrefixListRecord,
  added: readonly AddPrefixListEntry[],
  removed: readonly { Cidr?: string | undefined }[],
): readonly PrefixListEntryRecord[] {
  const gone = new Set(
    readEntries(removed as AddPrefixListEntry[], list.family).map((one) => one.cidr),
  );
  const fresh = readEntries(added, list.family);
  const names = new Set(fresh.map((one) => one.cidr));
  const kept = list.entries.filter((one) => !gone.has(one.cidr) && !names.has(one.cidr));
  return [...kept, ...fresh];
}

/** Fails afterwards, not in the answer, where a group that names the list has no room for more. */
function resize(estate: Estate, list: PrefixListRecord, maxEntries: number) {
  checkSize(maxEntries);
  if (maxEntries < list.entries.length) throw tooMany();
  const sizeOf = (id: string): number =>
    id === list.id ? maxEntries : (estate.prefixLists.get(id)?.maxEntries ?? 1);
  const full = estate.groups.all().filter((group) =>
    [false, true].some((isEgress) => {
      const rules = group.rules.filter((rule) => rule.isEgress === isEgress);
      const names = rules.some(({ peer }) => peer.kind === 'prefixList' && peer.id === list.id);
      const { ipv4, ipv6 } = weightOf(estate, rules, sizeOf);
      return names && Math.max(ipv4, ipv6) > estate.quotas.rulesPerGroup;
    }),
  );
  const changing = estate.prefixLists.put({ ...list, state: 'modify-in-progress' });
  if (full.length > 0) {
    const named = full.slice(0, 10).map((group) => group.id);
    complete(estate, list.id, 'modify-failed', `no room in ${named.join(', ')}`);
  } else {
    estate.afterTransition(() => {
      const now = estate.prefixLists.get(list.id);
      if (now === undefined) return;
      estate.prefixLists.put({ ...now, maxEntries, state: 'modify-complete' });
    });
  }
  return { PrefixList: toPrefixListView(estate, changing) };
}

export function deleteManagedPrefixList(
  estate: Estate,
  input: DeleteManagedPrefixListCommandInput,
) {
  const list = findOwnList(estate, input.PrefixListId ?? '');
  const isNamed = estate.groups
    .all()
    .some((group) =>
      group.rules.some(({ peer }) => peer.kind === 'prefixList' && peer.id === list.id),
    );
  if (isNamed) throw refusal('DependencyViolation', `prefix list ${list.id} is referenced`);
  estate.prefixLists.remove(list.id);
  return {
    PrefixList: { ...toPrefixListView(estate, list), State: 'delete-in-progress' as const },
  };
}

/** One of AWS's own lists, which count their published weight. */
export function makeAwsPrefixList(
  estate: Estate,
  { name, cidrs, weight }: { name: string; cidrs: readonly string[]; weight: number },
): string {
  const isSix = cidrs[0]?.includes(':') === true;
  return estate.prefixLists.put({
    id: estate.nextId('pl'),
    name,
    family: isSix ? 'IPv6' : 'IPv4',
    maxEntries: weight,
    version: 1,
    state: 'create-complete',
    entries: cidrs.map((cidr) => ({ cidr: readCidr(cidr, isSix ? 'ipv6' : 'ipv4') })),
    owner: 'AWS',
    tags: {},
  }).id;
}
