import {
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  type Filter,
  paginateDescribeInstances,
  paginateDescribeManagedPrefixLists,
  paginateDescribeNetworkAcls,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcPeeringConnections,
  paginateDescribeVpcs,
  paginateGetManagedPrefixListEntries,
} from '@aws-sdk/client-ec2';
import { isGone } from '../engine/ec2-errors.ts';

/** EC2 takes up to 1,000 items a page of these calls, 100 of those about prefix lists. */
const PAGE = 1_000;
const SMALL_PAGE = 100;

/** EC2 takes up to 200 values in one filter (EC2 API reference, "DescribeSecurityGroups"). */
const FILTER_VALUES_MAX = 200;

/** All items of all pages. */
async function all<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of pages) found.push(...(itemsOf(page) ?? []));
  return found;
}

/** Terminated instances are left out: EC2 shows them for an hour, and they hold no interface. */
const LIVING: Filter = {
  Name: 'instance-state-name',
  Values: ['pending', 'running', 'shutting-down', 'stopping', 'stopped'],
};

/** Each key of DescribeDocuments that EC2 answers, with the call that reads all of it. */
export const EC2_KINDS = {
  Reservations: (client: EC2Client) =>
    all(
      paginateDescribeInstances({ client, pageSize: PAGE }, { Filters: [LIVING] }),
      (page) => page.Reservations,
    ),
  NetworkInterfaces: (client: EC2Client) =>
    all(
      paginateDescribeNetworkInterfaces({ client, pageSize: PAGE }, {}),
      (page) => page.NetworkInterfaces,
    ),
  SecurityGroups: (client: EC2Client) => readGroups(client, []),
  Vpcs: (client: EC2Client) =>
    all(paginateDescribeVpcs({ client, pageSize: PAGE }, {}), (page) => page.Vpcs),
  Subnets: (client: EC2Client) =>
    all(paginateDescribeSubnets({ client, pageSize: PAGE }, {}), (page) => page.Subnets),
  NetworkAcls: (client: EC2Client) =>
    all(paginateDescribeNetworkAcls({ client, pageSize: PAGE }, {}), (page) => page.NetworkAcls),
  RouteTables: (client: EC2Client) =>
    all(
      paginateDescribeRouteTables({ client, pageSize: SMALL_PAGE }, {}),
      (page) => page.RouteTables,
    ),
  VpcPeeringConnections: (client: EC2Client) =>
    all(
      paginateDescribeVpcPeeringConnections({ client, pageSize: PAGE }, {}),
      (page) => page.VpcPeeringConnections,
    ),
  PrefixLists: (client: EC2Client) =>
    all(
      paginateDescribeManagedPrefixLists({ client, pageSize: SMALL_PAGE }, {}),
      (page) => page.PrefixLists,
    ),
} as const;

export async function readPrefixListEntries(client: EC2Client, id: string) {
  return await all(
    paginateGetManagedPrefixListEntries({ client, pageSize: SMALL_PAGE }, { PrefixListId: id }),
    (page) => page.Entries,
  );
}

export async function readGroups(client: EC2Client, filters: readonly Filter[]) {
  return await all(
    paginateDescribeSecurityGroups(
      { client, pageSize: PAGE },
      filters.length === 0 ? {} : { Filters: [...filters] },
    ),
    (page) => page.SecurityGroups,
  );
}

/** Those of the ids that exist; an id that does not is no error, as a filter knows none. */
export async function readGroupsById(client: EC2Client, ids: readonly string[]) {
  const found = [];
  for (let from = 0; from < ids.length; from += FILTER_VALUES_MAX) {
    const Values = ids.slice(from, from + FILTER_VALUES_MAX);
    found.push(...(await readGroups(client, [{ Name: 'group-id', Values }])));
  }
  return found;
}

/** Reservations of one instance, empty when it is gone. */
export async function readInstance(client: EC2Client, id: string) {
  try {
    const answer = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return answer.Reservations ?? [];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** By ids; empty when one of them is gone. */
export async function readInterfaces(client: EC2Client, ids: readonly string[]) {
  if (ids.length === 0) return [];
  try {
    const answer = await client.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [...ids] }),
    );
    return answer.NetworkInterfaces ?? [];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

export async function readInterfacesOf(client: EC2Client, instance: string) {
  const answer = await client.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'attachment.instance-id', Values: [instance] }],
    }),
  );
  return answer.NetworkInterfaces ?? [];
}
