import type {
  CreateTagsCommandInput,
  DeleteTagsCommandInput,
  Tag,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import type { Estate } from './estate.ts';
import type { Tags } from './records.ts';
import { invalidValue, missing, notFound, refusal } from './refusal.ts';

const TAGS_MAX = 50;
const RESOURCES_MAX = 1_000;
const KEY_LENGTH_MAX = 128;
const VALUE_LENGTH_MAX = 256;

interface Tagged {
  readonly kind: string;
  readonly absent: string;
  readonly shelf: {
    find(id: string): { readonly id: string; readonly tags: Tags } | undefined;
    // biome-ignore lint/suspicious/noExplicitAny: shelves of different records in one table
    put(record: any): unknown;
  };
}

function taggedOf(estate: Estate, id: string): Tagged | undefined {
  const shelves: Readonly<Record<string, Tagged>> = {
    i: { kind: 'instance', absent: 'InvalidInstanceID.NotFound', shelf: estate.instances },
    eni: {
      kind: 'network-interface',
      absent: 'InvalidNetworkInterfaceID.NotFound',
      shelf: estate.interfaces,
    },
    sg: { kind: 'security-group', absent: 'InvalidGroup.NotFound', shelf: estate.groups },
    subnet: { kind: 'subnet', absent: 'InvalidSubnetID.NotFound', shelf: estate.subnets },
    vpc: { kind: 'vpc', absent: 'InvalidVpcID.NotFound', shelf: estate.vpcs },
    acl: { kind: 'network-acl', absent: 'InvalidNetworkAclID.NotFound', shelf: estate.acls },
    pl: { kind: 'prefix-list', absent: 'InvalidPrefixListID.NotFound', shelf: estate.prefixLists },
    rtb: { kind: 'route-table', absent: 'InvalidRouteTableID.NotFound', shelf: estate.routeTables },
  };
  return shelves[id.split('-')[0] ?? ''];
}

/** Tags that a creation carries, checked as CreateTags checks them. */
export function tagsFor(kind: string, specifications: TagSpecification[] = []): Tags {
  const tags: Record<string, string> = {};
  for (const { ResourceType, Tags = [] } of specifications) {
    if (ResourceType === kind) Object.assign(tags, checkedTags(Tags));
  }
  return checkCount(tags);
}

export function createTags(estate: Estate, input: CreateTagsCommandInput) {
  const added = checkedTags(input.Tags ?? []);
  if (Object.keys(added).length === 0) throw missing('tagSet');
  change(estate, input.Resources ?? [], (tags) => checkCount({ ...tags, ...added }));
  return {};
}

/** A tag is deleted by its key; where a value is given, only if it has that value. */
export function deleteTags(estate: Estate, input: DeleteTagsCommandInput) {
  const named = input.Tags ?? [];
  checkedTags(named);
  change(estate, input.Resources ?? [], (tags) => {
    if (named.length === 0) return onlyReserved(tags);
    const gone = named.flatMap(({ Key = '', Value }) =>
      Value === undefined || tags[Key] === Value ? [Key] : [],
    );
    return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key)));
  });
  return {};
}

/** Sets one resource's tags as AWS's own services do, `aws:` keys included. */
export function putTags(estate: Estate, id: string, tags: Tags): void {
  change(estate, [id], () => tags);
}

/** All resources are looked up before the first is changed. */
function change(estate: Estate, ids: readonly string[], next: (tags: Tags) => Tags): void {
  if (ids.length === 0) throw missing('resourceIdSet');
  if (ids.length > RESOURCES_MAX) throw invalidValue(`at most ${RESOURCES_MAX} resources a call`);
  const found = ids.map((id) => {
    const tagged = taggedOf(estate, id);
    if (tagged === undefined) throw refusal('InvalidID', `The ID '${id}' is not valid`);
    const record = tagged.shelf.find(id);
    if (record === undefined) throw notFound(tagged.absent, tagged.kind, id);
    return { tagged, record, after: next(record.tags) };
  });
  for (const { tagged, record, after } of found) {
    tagged.shelf.put({ ...record, tags: after });
    estate.emitTagChange(tagged.kind, record.id, record.tags, after);
  }
}

function checkedTags(list: readonly Tag[]): Tags {
  const tags: Record<string, string> = {};
  for (const { Key = '', Value = '' } of list) {
    if (/^aws:/i.test(Key)) {
      throw invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (Key === '' || Key.length > KEY_LENGTH_MAX || Value.length > VALUE_LENGTH_MAX) {
      throw invalidValue(`Tag '${Key}' is too long or has no key`);
    }
    tags[Key] = Value;
  }
  return tags;
}

/** Tags of AWS's own do not count. */
function checkCount(tags: Tags): Tags {
  const own = Object.keys(tags).filter((key) => !key.startsWith('aws:'));
  if (own.length > TAGS_MAX) throw refusal('TagLimitExceeded', `at most ${TAGS_MAX} tags`);
  return tags;
}

function onlyReserved(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => key.startsWith('aws:')));
}
