import { describe, expect, test } from 'vitest';
import { inventorySchema } from '../../../core/inventory/schema.ts';
import { DESCRIBED } from '../../fuzz/estates.ts';
import { read } from './read.ts';

type Path = readonly (string | number)[];

/** The estate as JSON has it, with the value at the path replaced; undefined takes it out. */
function edited(path: Path, value: unknown, json = JSON.stringify(estate())): unknown {
  const root: unknown = JSON.parse(json);
  let at = root as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) at = at[step] as typeof at;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete at[last];
  else at[last] = value;
  return root;
}

/** Where and why a document is refused. */
function issuesOf(document: unknown): readonly string[] {
  const { error } = inventorySchema.safeParse(document);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** Every kind with every field: those that no service tells of the estate, too. */
function estate() {
  const found = read(DESCRIBED, { region: 'eu-west-1' });
  const [nic, ...nics] = found.interfaces;
  const [workload, ...workloads] = found.workloads;
  const [empty, group, ...groups] = found.groups;
  const described = { id: 'sgr-1', description: 'to anywhere' };
  return {
    ...found,
    gaps: [{ kind: 'Subnets', reason: 'RequestLimitExceeded' }],
    interfaces: [{ ...nic, natGateway: 'nat-1' }, ...nics],
    workloads: [
      { ...workload, identity: { ...workload?.identity, autoScalingGroup: 'asg' } },
      ...workloads,
    ],
    groups: [
      empty,
      { ...group, egress: group?.egress.map((rule) => ({ ...rule, ...described })) },
      ...groups,
    ],
  };
}

test('what was read passes, as JSON too', () => {
  expect(issuesOf(estate())).toEqual([]);
  expect(issuesOf(JSON.parse(JSON.stringify(estate())))).toEqual([]);
});

/** A path to each field of each kind, by what a reader would call it: `vpcs.*.ipv4.*`. */
function pathsOf(value: unknown, at: Path = []): ReadonlyMap<string, Path> {
  const name = at.map((step) => (/^\d+$/.test(`${step}`) ? '*' : step)).join('.');
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const below = inside.flatMap(([key, one]) => [...pathsOf(one, [...at, key])]);
  return new Map([...(at.length === 0 ? [] : [[name, at] as const]), ...below]);
}

/** Names of the fields that may be replaced by the value unseen. */
function unchecked(value: unknown): readonly string[] {
  const json = JSON.stringify(estate());
  const passes = ([, path]: readonly [string, Path]) =>
    issuesOf(edited(path, value, json)).length === 0;
  return [...pathsOf(estate())].filter(passes).map(([name]) => name);
}

test('a value of another kind is refused, whichever field it stands in', () => {
  expect(unchecked({ wrong: true })).toEqual([]);
});

test('only what AWS does not always say may be absent', () => {
  expect(unchecked(undefined).filter((name) => !name.includes('.tags.'))).toEqual([
    'subnets.*.ipv4',
    'interfaces.*.publicIpv4',
    'interfaces.*.natGateway',
    ...['iamRole', 'vpc', 'cluster', 'service', 'autoScalingGroup'].map(
      (field) => `workloads.*.identity.${field}`,
    ),
    ...['workloads.*.controlReason', 'workloads.*.identity.name'],
    ...['groups.*.egress.*.id', 'groups.*.egress.*.description'],
    'prefixLists.*.version',
    'quotas.assumed',
  ]);
});

describe('an inventory is refused', () => {
  const EXPECTED = 'Invalid string: must start with';
  const KINDS = [
    ['vpcs', 'vpc-'],
    ['subnets', 'subnet-'],
    ['interfaces', 'eni-'],
    ['groups', 'sg-'],
    ['networkAcls', 'acl-'],
    ['routeTables', 'rtb-'],
    ['peerings', 'pcx-'],
    ['prefixLists', 'pl-'],
  ] as const;

  test.each(KINDS)('for an id of %s that does not begin with %s', (kind, beginning) => {
    const at = `${kind}.0.id: ${EXPECTED} "${beginning}"`;
    expect(issuesOf(edited([kind, 0, 'id'], `x-${beginning}`))).toEqual([at]);
    expect(issuesOf(edited([kind, 0, 'id'], 'constructor'))).toEqual([at]);
  });

  test.each([
    ['vpcs.0.ipv4.0', '10.0.0.1/16', 'is no CIDR in canonical form'],
    ['subnets.0.ipv4', '10.0.1.0', 'is no CIDR in canonical form'],
    ['vpcs.0.ipv6.0', '2001:DB8::/56', 'is no CIDR in canonical form'],
    ['networkAcls.0.entries.0.cidr', '0.0.0.0/40', 'is no CIDR in canonical form'],
    ['interfaces.0.ipv4.0', '10.0.0.1/32', 'is no address in canonical form'],
    ['interfaces.0.ipv6.0', '2001:0db8::1', 'is no address in canonical form'],
    ['takenAt', 'yesterday', 'Invalid ISO datetime'],
    ['groups.1.egress.0.protocol', 256, 'Too big: expected number to be <=255'],
    ['groups.1.egress.0.protocol', -2, 'Too small: expected number to be >=-1'],
    ['groups.1.egress.0.fromPort', -2, 'Too small: expected number to be >=-1'],
    ['groups.1.egress.0.toPort', 65_536, 'Too big: expected number to be <=65535'],
    ['groups.1.egress.0.toPort', 1.5, 'Invalid input: expected int, received number'],
    ['quotas.rulesPerGroup', -1, 'Too small: expected number to be >=0'],
    ['quotas.assumed', 5, 'Invalid input: expected array, received number'],
    ['interfaces.0.natGateway', 5, 'Invalid input: expected string, received number'],
    ['workloads.0.state', null, 'Invalid input: expected string, received null'],
  ])('for %s of %j: %s', (place, value, message) => {
    const path = place.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    expect(issuesOf(edited(path, value))).toEqual([`${place}: ${message}`]);
  });

  test('for a workload that is called like none', () => {
    const place = ['workloads', 0, 'identity', 'workload'];
    for (const id of ['i-1', 'eni-1', 'ecs:main:t1', 'ext:dc']) {
      expect(issuesOf(edited(place, id))).toEqual([]);
    }
    for (const id of ['web', 'my-i-1', 'constructor']) {
      expect(issuesOf(edited(place, id))).toHaveLength(1);
    }
  });
});
