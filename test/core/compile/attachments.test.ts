import { describe, expect, test } from 'vitest';
import type { DesiredAttachment } from '../../../core/model/desired-state.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  type Host,
  inventory,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import { compile, ours, withInterface } from './compiled.ts';

const attachmentOf = (p: Policy, i: Inventory, nic: string): DesiredAttachment | undefined =>
  compile(p, i).desired.attachments.find((a) => a.interface === nic);

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

  test('so is one in a VPC that is managed no more, whatever it is in', () => {
    const i = inventory([{ name: 'w', app: 'web', groups: ['sg-segment:web@vpc-1'] }], {
      vpcs: [vpc('vpc-1', { tags: {} })],
      groups: [ours('segment:web@vpc-1')],
    });
    expect(attachmentOf(p, i, 'eni-w')).toMatchObject({ mode: 'enforce', owned: [] });
  });

  test('they stand in the order of their interfaces, whatever workloads they are of', () => {
    const i = withInterface(inventory(hosts()), 'i-w', { id: 'eni-a' });
    const { attachments } = compile(p, i).desired;
    expect(attachments.map((one) => one.interface)).toEqual(['eni-a', 'eni-d', 'eni-w']);
  });

  test('members of one segment carry the group of their own VPC', () => {
    const two = [vpc('vpc-1'), vpc('vpc-2')];
    const i = inventory([...hosts(), { name: 'w2', app: 'web', vpc: 'vpc-2' }], { vpcs: two });
    const closed = policy({ segments: [{ ...web, egress: 'closed' }] });
    const carried = compile(closed, i).desired.attachments.map((one) => one.owned);
    expect(carried).toEqual([['segment:web@vpc-1'], ['segment:web@vpc-2']]);
  });
});

describe('the group of `unclassified: isolate`', () => {
  const isolated = { groups: ['sg-isolation@vpc-1'] };
  const lab = segment('lab', { zone: 'lab', select: { tags: { env: ['lab'] } } });
  const vault = segment('vault', { zone: 'pci', select: { tags: { data: ['card'] } } });
  const isolate = { unclassified: 'isolate' } as const;

  test.each([
    { name: 'stays where it is', host: isolated, owned: ['isolation@vpc-1'] },
    { name: 'goes with the setting', host: isolated, setting: {}, owned: [] },
    {
      name: 'goes with a segment',
      host: { ...isolated, app: 'web' },
      owned: ['open-egress@vpc-1', 'segment:web@vpc-1'],
    },
    {
      name: 'goes with segments, though a conflict withholds them all',
      host: { ...isolated, tags: { env: 'lab', data: 'card' } },
      owned: [],
    },
    {
      name: 'is not put where another group of ours is',
      host: { groups: ['sg-segment:web@vpc-1'] },
      owned: [],
    },
    { name: 'is not put where it is not yet', host: {}, owned: undefined },
  ])('$name', ({ host, setting = isolate, owned }) => {
    const i = inventory([{ name: 'x', ...host }], {
      groups: [ours('isolation@vpc-1'), ours('segment:web@vpc-1')],
    });
    const world = policy({ segments: [lab, vault, web] }, setting);
    expect(attachmentOf(world, i, 'eni-x')?.owned).toEqual(owned);
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
      message: `1 running member of peer \`db\` does not carry its group: i-d (${says})`,
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

  const withDb = { groups: [ours('segment:db@vpc-1')] };

  test('a peer is ready when all its interfaces carry the group', () => {
    const carrying = { control: 'alias' as const, groups: ['sg-segment:db@vpc-1'] };
    const both = withInterface(inventory(hosts(carrying), withDb), 'i-d', { id: 'eni-d2' });
    expect(blockedBy(p, both)).toBeUndefined();
    const i = withInterface(inventory(hosts(carrying), withDb), 'i-d', {
      id: 'eni-d2',
      groups: ['sg-flat'],
    });
    expect(blockedBy(p, i)?.message).toBe(
      '1 running member of peer `db` does not carry its group: i-d (its groups cannot be written: alias)',
    );
  });

  test('an observed peer is not, though it still carries the group', () => {
    const i = inventory(hosts({ groups: ['sg-segment:db@vpc-1'] }), withDb);
    const observed = { ...p, segments: [{ ...db, mode: 'observe' as const }, web] };
    expect(blockedBy(observed, i)?.message).toContain('i-d (the segment is observed)');
  });

  test.each([
    { name: 'in a VPC that is not managed', nic: { vpc: 'vpc-3' }, says: 'its VPC is not managed' },
    {
      name: 'without free slots',
      nic: { groups: ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5'] },
      says: 'its interface lacks free slots',
    },
  ])('one interface $name is enough', ({ nic, says }) => {
    const vpcs = [vpc('vpc-1'), vpc('vpc-3', { tags: {} })];
    const i = withInterface(inventory(hosts(), { vpcs }), 'i-d', { id: 'eni-d2', ...nic });
    expect(blockedBy(p, i)?.message).toBe(
      `1 running member of peer \`db\` does not carry its group: i-d (${says})`,
    );
  });

  test('one VPC of several in reach is enough, on either end', () => {
    const vpcs = [vpc('vpc-1'), vpc('vpc-2'), vpc('vpc-3')];
    const observed = { ...p, segments: [{ ...db, mode: 'observe' as const }, web] };
    const i = withInterface(
      withInterface(inventory(hosts(), { vpcs }), 'i-d', { id: 'eni-d2', vpc: 'vpc-2' }),
      'i-w',
      { id: 'eni-w2', vpc: 'vpc-3' },
    );
    expect(blockedBy(observed, i)?.message).toContain('i-d (the segment is observed)');
  });

  test('why AWS lets nobody write its groups is said, if it is known', () => {
    const i = inventory(hosts({ control: 'visible' }));
    const known = i.workloads.map((one) => ({
      ...one,
      controlReason: 'a Lambda function owns it',
    }));
    expect(blockedBy(p, { ...i, workloads: known })?.message).toContain(
      'i-d (its groups cannot be written: a Lambda function owns it)',
    );
  });

  test('several peers are named in the order of their names, of each the first five', () => {
    const segments = ['c', 'a', 'b'].map((name) => segment(name, { mode: 'observe' }));
    const names = Array.from({ length: 7 }, (_, at) => `a${at}`);
    const i = inventory([
      ...names.map((name) => ({ name, app: 'a' })),
      { name: 'c', app: 'c' },
      { name: 'w', app: 'web' },
    ]);
    const many = policy({
      segments: [...segments, web],
      rules: [rule('r', 'web', ['c', 'a', 'b'], ['tcp/1']), rule('s', 'a', 'web', ['tcp/2'])],
    });
    const seen = (id: string) => `i-${id} (the segment is observed)`;
    expect(blockedBy(many, i)?.message).toBe(
      `7 running members of peer \`a\` do not carry its group: ${names.slice(0, 5).map(seen).join(', ')} and 2 more; ` +
        `1 running member of peer \`c\` does not carry its group: ${seen('c')}`,
    );
    const five = {
      ...i,
      workloads: i.workloads.filter((one) => !/a[56]/.test(one.identity.workload)),
    };
    expect(blockedBy(many, five)?.message).toContain(`${seen('a4')}; 1 running`);
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
      '1 running member of peer `app` does not carry its group: i-a (the segment is observed)',
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

  test('each with its reason, in the order of their names; staged ones are never', () => {
    const zoo = segment('zoo', { bornIn: ['vpc-2'] });
    const staged = segment('staged', { mode: 'stage' });
    const p2 = policy({
      segments: [app, staged, web, zoo],
      rules: [rule('r', ['zoo', 'web', 'staged'], 'app', ['tcp/1'])],
    });
    const vpcs = [vpc('vpc-1'), vpc('vpc-2'), vpc('vpc-3')];
    const i = inventory(
      [
        { name: 'a', app: 'app' },
        { name: 'a2', app: 'app', vpc: 'vpc-2' },
        { name: 's', app: 'staged' },
        { name: 'w', app: 'web' },
        { name: 'w3', app: 'web', vpc: 'vpc-3' },
        { name: 'z', app: 'zoo', vpc: 'vpc-3' },
      ],
      { vpcs },
    );
    const notReady = (peer: string) => ({
      reason: 'peer does not carry the group',
      message: `1 running member of peer \`app\` does not carry its group: ${peer} (the segment is observed)`,
      hint: 'stage or adopt the peer first',
    });
    const { blockedSegments, attachments } = compile(p2, i).desired;
    expect(blockedSegments).toEqual({ web: notReady('i-a'), zoo: notReady('i-a2') });
    expect(Object.keys(blockedSegments)).toEqual(['web', 'zoo']);
    // Those that nobody in their own VPC holds up wait with their segment.
    expect(attachments.map((one) => [one.workload, one.blocked])).toEqual([
      ['i-s', undefined],
      ['i-w', notReady('i-a')],
      ['i-w3', notReady('i-a')],
      ['i-z', notReady('i-a2')],
    ]);
  });

  test('of a workload in several, those alone whose own peers are not ready', () => {
    const self = { name: 'w', app: 'web', tags: { also: 'yes' } };
    const observed = { ...app, select: { tags: { app: ['web'] } } };
    const p2 = policy({
      segments: [observed, both, web],
      rules: [rule('r', 'app', 'web', ['tcp/1']), rule('s', 'web', 'both', ['tcp/1'])],
    });
    const i = inventory([self, { name: 'v', app: 'web' }]);
    const { blockedSegments } = compile(p2, i).desired;
    expect(Object.keys(blockedSegments)).toEqual(['web']);
    expect(blockedSegments.web?.message).toContain('i-w (the segment is observed)');
  });
});
