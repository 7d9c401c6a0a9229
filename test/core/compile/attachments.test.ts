import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import { GROUP_TAG, OWNER_TAG } from '../../../core/compile/owned-groups.ts';
import type { DesiredAttachment } from '../../../core/model/desired-state.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  group,
  type Host,
  inventory,
  NOW,
  OWNER,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';

const compile = (p: Policy, i: Inventory) =>
  compilePolicy({ policy: p, inventory: i, now: NOW, owner: OWNER });

const attachmentOf = (p: Policy, i: Inventory, nic: string): DesiredAttachment | undefined =>
  compile(p, i).desired.attachments.find((a) => a.interface === nic);

const ours = (key: string) =>
  group(`sg-${key}`, 'vpc-1', { tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: key } });

const web = segment('web');
const db = segment('db');
const p = policy({ segments: [db, web], rules: [rule('r', 'web', 'db', ['tcp/5432'])] });
const hosts = (peer: Partial<Host> = {}): Host[] => [
  { name: 'w', app: 'web' },
  { name: 'd', app: 'db', ...peer },
];

describe('attachments', () => {
  test('an enforced workload carries its segments, and open egress', () => {
    expect(attachmentOf(p, inventory(hosts()), 'eni-w')).toEqual({
      interface: 'eni-w',
      workload: 'i-w',
      vpc: 'vpc-1',
      mode: 'enforce',
      owned: ['open-egress@vpc-1', 'segment:web@vpc-1'],
    });
  });

  test.each([
    { name: 'an observed one', segments: [{ ...web, mode: 'observe' as const }], more: {} },
    { name: 'one that nothing matches', segments: [db], more: {} },
    {
      name: 'one whose groups cannot be written',
      segments: [web],
      more: { control: 'visible' as const },
    },
    { name: 'a terminated one', segments: [web], more: { state: 'terminated' } },
  ])('$name is not listed', ({ segments, more }) => {
    const i = inventory([{ name: 'w', app: 'web', ...more }]);
    expect(compile(policy({ segments }), i).desired.attachments).toEqual([]);
  });

  test('one that still carries a group of ours is listed, to lose it', () => {
    const i = inventory([{ name: 'x', groups: ['sg-flat', 'sg-segment:web@vpc-1'] }], {
      groups: [ours('segment:web@vpc-1')],
    });
    expect(attachmentOf(p, i, 'eni-x')).toMatchObject({ mode: 'observe', owned: [] });
  });
});

describe('blocked: peer does not carry the group', () => {
  const blockedBy = (policyNow: Policy, i: Inventory, nic = 'eni-w') =>
    attachmentOf(policyNow, i, nic)?.blocked;

  test.each([
    {
      name: 'observed',
      segments: [{ ...db, mode: 'observe' as const }, web],
      peer: {},
      says: 'the segment is observed',
    },
    {
      name: 'not writable',
      segments: [db, web],
      peer: { control: 'visible' as const },
      says: 'its groups cannot be written: visible',
    },
    {
      name: 'in a VPC that is not managed',
      segments: [db, web],
      peer: { vpc: 'vpc-2' },
      says: 'its VPC is not managed',
    },
  ])('a running peer that is $name blocks, and is named', ({ segments, peer, says }) => {
    const i = inventory(hosts(peer), {
      vpcs: [vpc('vpc-1'), vpc('vpc-2', { tags: {} })],
      peerings: [peering('vpc-1', 'vpc-2')],
    });
    expect(blockedBy({ ...p, segments }, i)).toEqual({
      reason: 'peer does not carry the group',
      message: `1 running members of peer \`db\` do not carry its group: i-d (${says})`,
      hint: 'stage or adopt the peer first',
    });
  });

  test.each([
    { name: 'a staged peer', segments: [{ ...db, mode: 'stage' as const }, web], peer: {} },
    {
      name: 'a stopped one',
      segments: [{ ...db, mode: 'observe' as const }, web],
      peer: { state: 'stopped' },
    },
    {
      name: 'one out of reach',
      segments: [{ ...db, mode: 'observe' as const }, web],
      peer: { vpc: 'vpc-2' },
    },
  ])('$name does not block', ({ segments, peer }) => {
    const i = inventory(hosts(peer), { vpcs: [vpc('vpc-1'), vpc('vpc-2')] });
    expect(blockedBy({ ...p, segments }, i)).toBeUndefined();
  });

  test('a segment without members does not block, nor does one that is born in its group', () => {
    expect(blockedBy(p, inventory([{ name: 'w', app: 'web' }]))).toBeUndefined();
    const born = inventory(hosts({ control: 'alias', groups: ['sg-segment:db@vpc-1'] }), {
      groups: [ours('segment:db@vpc-1')],
    });
    expect(blockedBy(p, born)).toBeUndefined();
  });

  test('a workload never blocks itself', () => {
    const alone = inventory([{ name: 'w', app: 'web' }], {
      vpcs: [vpc('vpc-1'), vpc('vpc-2', { tags: {} })],
      peerings: [peering('vpc-1', 'vpc-2')],
    });
    const [nic] = alone.interfaces;
    if (nic === undefined) throw new Error('the builder made no interface');
    const second = { ...nic, id: 'eni-w2', vpc: 'vpc-2', groups: ['sg-flat-vpc-2'] };
    const itself = policy({ segments: [web], rules: [rule('r', 'web', 'web', ['tcp/1'])] });
    expect(blockedBy(itself, { ...alone, interfaces: [nic, second] })).toBeUndefined();
  });

  test('the destination is blocked by its source too; staging is never blocked by a peer', () => {
    const sources = [db, { ...web, mode: 'observe' as const }];
    expect(blockedBy({ ...p, segments: sources }, inventory(hosts()), 'eni-d')).toBeDefined();
    const staged = [
      { ...db, mode: 'observe' as const },
      { ...web, mode: 'stage' as const },
    ];
    expect(blockedBy({ ...p, segments: staged }, inventory(hosts()))).toBeUndefined();
  });
});

describe('blocked segments', () => {
  const app = segment('app', { mode: 'observe' });
  const both = segment('both', { select: { tags: { also: ['yes'] } } });
  const rules = [rule('r', 'app', 'web', ['tcp/1']), rule('s', 'both', 'db', ['tcp/1'])];
  const four = policy({ segments: [app, both, db, web], rules });
  const blockedBy = (i: Inventory) => Object.keys(compile(four, i).desired.blockedSegments);
  const inBoth = { app: 'web', tags: { also: 'yes' } };

  test('only the segment is blamed whose peers are not ready, and all its members wait', () => {
    const i = inventory([
      { name: 'a', app: 'app' },
      { name: 'w', ...inBoth },
      { name: 'v', app: 'web' },
      { name: 'd', app: 'db' },
    ]);
    expect(blockedBy(i)).toEqual(['web']);
    const { attachments, blockedSegments } = compile(four, i).desired;
    const waiting = attachments.filter(({ blocked }) => blocked !== undefined);
    expect(waiting.map(({ workload }) => workload)).toEqual(['i-v', 'i-w']);
    expect(blockedSegments.web?.message).toBe(
      '1 running members of peer `app` do not carry its group: i-a (the segment is observed)',
    );
  });

  test('who is himself all that his peer segment waits for is held by the others alone', () => {
    const self = { name: 'w', app: 'web', tags: { also: 'yes' } };
    const observed = { ...both, mode: 'observe' as const };
    const p2 = policy({ segments: [observed, web], rules: [rule('r', 'both', 'web', ['tcp/1'])] });
    expect(compile(p2, inventory([self])).desired.blockedSegments).toEqual({});
    const { attachments } = compile(p2, inventory([self, { name: 'v', app: 'web' }])).desired;
    expect(attachments.map(({ blocked }) => blocked?.reason)).toEqual([
      'peer does not carry the group',
      'peer does not carry the group',
    ]);
  });

  test('one that an event may yet bring into a VPC that has the group would be blocked too', () => {
    const i = inventory([{ name: 'a', app: 'app' }], { groups: [ours('segment:web@vpc-1')] });
    const born = { ...web, bornIn: ['vpc-1'] };
    const p2 = policy({ segments: [app, born], rules: [rule('r', 'app', 'web', ['tcp/1'])] });
    expect(Object.keys(compile(p2, i).desired.blockedSegments)).toEqual(['web']);
  });
});

describe('slots', () => {
  const crowd = ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-flat'];
  const groups = crowd.filter((id) => id !== 'sg-flat').map((id) => group(id, 'vpc-1'));

  test('an interface without room to stage is blocked, and blocks its rule peers', () => {
    const i = inventory(hosts({ groups: crowd }), { groups });
    expect(attachmentOf(p, i, 'eni-d')?.blocked).toEqual({
      reason: 'slots',
      message: 'interface eni-d would carry 6 of 5 groups while staged: 5 foreign and 1 of ours',
      hint: 'cheapest first: raise the quota L-2AFB9258 from 5 to 6 (6 x 60 = 360 of 1000); or take sg-1 off it: without rules, and no rule names it',
    });
    expect(attachmentOf(p, i, 'eni-w')?.blocked?.message).toContain('lacks free slots');
  });

  test('a set that no interface could ever carry is refused with the numbers', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      segment(name, { select: { tags: { app: ['web'] } }, egress: 'closed' }),
    );
    const i = inventory([{ name: 'w', app: 'web' }], {
      quotas: { groupsPerInterface: 4, rulesPerGroup: 60, groupsPerRegion: 2_500 },
    });
    expect(compile(policy({ segments: many }), i).diagnostics).toMatchObject([
      { severity: 'error', code: 'too-many-groups-on-interface' },
    ]);
    expect(compile(policy({ segments: many }), i).diagnostics[0]?.message).toContain(
      '5 of 4 groups',
    );
  });
});

describe('quotas', () => {
  const quotas = { groupsPerInterface: 5, rulesPerGroup: 3, groupsPerRegion: 2_500 };

  test('more rules than one group takes: a further group, which members carry as well', () => {
    const i = inventory(hosts(), { quotas });
    const rules = [
      rule('cheap', 'web', 'db', ['tcp/1']),
      rule('dear', 'web', 'db', ['tcp/10', 'tcp/20', 'tcp/30']),
    ];
    const { desired, diagnostics } = compile({ ...p, rules }, i);
    expect(diagnostics).toEqual([]);
    const ports = (key: string) =>
      desired.groups.find((group) => group.key === key)?.ingress.map((one) => one.fromPort);
    expect(ports('segment:db@vpc-1')).toEqual([1, 10, 20]);
    expect(ports('surplus:db:2@vpc-1')).toEqual([30]);
    const owned = desired.attachments.map((one) => one.owned.filter((key) => key.includes('db')));
    expect(owned).toContainEqual(['segment:db@vpc-1', 'surplus:db:2@vpc-1']);
    // Nobody's rule names a group that is there for room alone.
    const named = desired.groups.flatMap((group) =>
      [...group.ingress, ...group.egress].flatMap(({ peer }) =>
        peer.kind === 'owned' ? [peer.key] : [],
      ),
    );
    expect(named.filter((key) => key.startsWith('surplus:'))).toEqual([]);
  });

  test('no slots for the further groups: how many of how many, the costliest rules first', () => {
    const i = inventory(hosts(), { quotas: { ...quotas, groupsPerInterface: 2 } });
    const ports = Array.from({ length: 7 }, (_, at) => `tcp/${10 * (at + 1)}`);
    const rules = [rule('cheap', 'web', 'db', ['tcp/1']), rule('dear', 'web', 'db', ports)];
    const { diagnostics } = compile({ ...p, rules }, i);
    const errors = diagnostics.filter((one) => one.severity === 'error');
    expect(errors.map((one) => one.code)).toContain('too-many-groups-on-interface');
    const [first] = errors;
    expect(first?.message).toMatch(/of 2 groups: 0 kept, and .*surplus:/);
    expect(first?.message).toMatch(/the costliest: `dear` 7, `cheap` 1$/);
    expect(first?.hint).toContain('L-0EA8095F');
  });

  test('a prefix list counts its maximum size, in its own family', () => {
    const list = { id: 'pl-1', name: 'mirror', family: 'ipv6' as const, maxEntries: 4 };
    const i = inventory(hosts(), {
      quotas,
      prefixLists: [{ ...list, owner: 'AWS', cidrs: [], tags: {} }],
    });
    const networks = [{ ...networkOf('mirror'), prefixList: 'pl-1' }];
    const { diagnostics } = compile(
      { ...p, networks, rules: [rule('r', 'web', 'mirror', ['tcp/1'])] },
      i,
    );
    expect(diagnostics.map((d) => d.message)).toEqual([
      'segment:web@vpc-1 needs 4 of 3 egress rules for ipv6; the costliest: `r` 4',
    ]);
  });

  test('too many groups in the Region', () => {
    const i = inventory(hosts(), { quotas: { ...quotas, groupsPerRegion: 3 } });
    expect(compile(p, i).diagnostics).toMatchObject([
      {
        severity: 'error',
        code: 'too-many-groups-in-region',
        message: 'the Region would hold 4 of 3 security groups: 1 exist, 3 would be added',
      },
    ]);
  });
});

function networkOf(name: string) {
  const location = { file: 'test.yaml', line: 1, column: 1 };
  return { name, cidrs: [], except: [], includesWorkloads: false, location };
}
