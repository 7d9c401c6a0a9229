import { describe, expect, test } from 'vitest';
import { WrittenNames } from '../../../core/check/written-names.ts';
import type { Membership } from '../../../core/model/desired-state.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { type Host, inventory, network, policy, segment, vpc } from '../../properties/builders.ts';

const membership = (name: string, segments: readonly string[]): Membership => ({
  ...{ workload: `i-${name}`, segments, withheld: [], mode: 'enforce' },
  ...{ openEgress: false, conflicts: [], carries: [] },
});

interface World {
  readonly networks: Policy['networks'];
  readonly segments?: Policy['segments'];
  readonly hosts: readonly (Host & { readonly in: readonly string[] })[];
  readonly more?: Partial<Inventory>;
}

/** Names that are not written on the groups of the host; the policy's segments are `web` and `db`. */
function unwritten(host: string, { networks, segments, hosts, more = {} }: World): string {
  const found = inventory(hosts, more);
  const memberships = hosts.map((one) => membership(one.name, one.in));
  const names = new WrittenNames(
    policy({ segments: segments ?? [segment('web'), segment('db')], networks }),
    found,
    memberships,
  );
  const nic = found.interfaces.find(({ id }) => id === `eni-${host}`);
  if (nic === undefined) throw new Error(`no host \`${host}\``);
  return names
    .unwritten(
      nic,
      memberships.find(({ workload }) => workload === `i-${host}`),
    )
    .join(' ');
}

const inside = (...cidrs: string[]) => network('inside', { cidrs, includesWorkloads: true });
const web = (name: string, ipv4: string, more: Partial<Host> = {}) => ({
  ...{ name, ipv4, in: ['web'] },
  ...more,
});

describe('names of rules that are not written on an interface', () => {
  test('segments that observe, and networks that serve no workload inside them', () => {
    const segments = [
      segment('web'),
      segment('seen', { mode: 'observe' }),
      segment('db', { mode: 'stage' }),
    ];
    const office = network('office', { cidrs: ['10.0.0.0/8'] });
    const far = network('far', { cidrs: ['192.0.2.0/24'] });
    const hosts = [web('a', '10.0.0.1')];
    const networks = [office, inside('10.0.0.0/16'), far];
    expect(unwritten('a', { segments, networks, hosts })).toBe('seen office far');
    expect(unwritten('a', { networks: [], hosts })).toBe('');
  });

  test.each([
    ['the whole VPC is in it', ['10.0.0.0/8'], [], ''],
    ['every member of the segment is', ['10.0.0.0/31'], [web('b', '10.0.0.1')], ''],
    ['not every member is', ['10.0.0.0/31'], [web('b', '10.0.0.2')], 'inside'],
    [
      'one is that is terminated',
      ['10.0.0.0/31'],
      [web('b', '10.0.0.2', { state: 'terminated' })],
      '',
    ],
    [
      'one is that is stopped',
      ['10.0.0.0/31'],
      [web('b', '10.0.0.2', { state: 'stopped' })],
      'inside',
    ],
    ['one is of another VPC', ['10.0.0.0/31'], [web('b', '10.1.0.2', { vpc: 'vpc-2' })], ''],
    [
      'the others are of another segment',
      ['10.0.0.0/31'],
      [{ ...web('b', '10.0.0.2'), in: ['db'] }],
      '',
    ],
    ['the host itself is not', ['10.0.0.4/30'], [web('b', '10.0.0.5')], 'inside'],
  ])('a network that includes workloads, unless %s', (_, cidrs, others, expected) => {
    const more = { vpcs: [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })] };
    const hosts = [web('a', '10.0.0.0'), ...others];
    expect(unwritten('a', { networks: [inside(...cidrs)], hosts, more })).toBe(expected);
  });

  test('are asked VPC by VPC', () => {
    const more = { vpcs: [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })] };
    const hosts = [web('a', '10.0.0.1'), web('b', '10.1.0.1', { vpc: 'vpc-2' })];
    const world = { networks: [inside('10.1.0.0/16')], hosts, more };
    expect(unwritten('a', world)).toBe('inside');
    expect(unwritten('b', world)).toBe('');
    const unread = { ...more, vpcs: [vpc('vpc-1')] };
    expect(unwritten('b', { ...world, more: unread })).toBe('');
    expect(unwritten('b', { ...world, networks: [inside('10.1.0.0/31')], more: unread })).toBe('');
  });

  test('one of two segments whose members are all inside is enough, unless it observes', () => {
    const hosts = [
      { ...web('a', '10.0.0.1'), in: ['db', 'web'] },
      { ...web('b', '10.0.9.9'), in: ['db'] },
    ];
    const networks = [
      inside('10.0.0.0/24'),
      network('far', { cidrs: ['10.0.9.0/24'], includesWorkloads: true }),
    ];
    expect(unwritten('a', { networks, hosts })).toBe('far');
    const segments = [segment('web', { mode: 'observe' }), segment('db')];
    expect(unwritten('a', { networks, hosts, segments })).toBe('web inside far');
  });

  test('of a host that is terminated, as if its segment had no member', () => {
    const more = { vpcs: [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })] };
    const gone = { state: 'terminated' };
    const hosts = [
      web('a', '10.0.0.1', gone),
      web('b', '10.1.0.1', { ...gone, vpc: 'vpc-2' }),
      web('c', '10.9.0.1', { ...gone, vpc: 'vpc-unread' }),
    ];
    const world = { networks: [inside('10.0.0.0/16', '10.9.0.0/16')], hosts, more };
    expect(unwritten('a', world)).toBe('');
    expect(unwritten('b', world)).toBe('inside');
    expect(unwritten('c', world)).toBe('inside');
    const small = { ...world, networks: [inside('10.0.0.0/31')] };
    expect(unwritten('a', small)).toBe('inside');
  });

  test('exceptions are not inside', () => {
    const networks = [{ ...inside('10.0.0.0/16'), except: ['10.0.0.8/29'] }];
    const hosts = [web('a', '10.0.0.1'), { ...web('b', '10.0.0.9'), in: ['db'] }];
    expect(unwritten('a', { networks, hosts })).toBe('');
    expect(unwritten('b', { networks, hosts })).toBe('inside');
  });

  test('all of them for a host of no segment', () => {
    const networks = [inside('10.0.0.0/16')];
    const found = inventory([{ name: 'a' }]);
    const [nic] = found.interfaces;
    const names = new WrittenNames(policy({ networks }), found, []);
    expect(nic && names.unwritten(nic, undefined)).toEqual(['inside']);
  });
});
