import { describe, expect, test } from 'vitest';
import { decideMembership } from '../../../core/compile/decide-membership.ts';
import { indexPolicy } from '../../../core/compile/index-policy.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  baselineEntry,
  guardrail,
  identity,
  NOW,
  network,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';

const decide = (p: Policy, tags: Record<string, string>, now = NOW) =>
  decideMembership(indexPolicy(p, { now }), identity('i-1', { tags }));

const byTag = (key: string, value: string) => ({ select: { tags: { [key]: [value] } } });
const intoPci = guardrail('pci-inbound', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } }, [
  'excepted',
]);

describe('membership', () => {
  test('is the union of the segments that match, whatever their modes', () => {
    const p = policy({
      segments: [
        segment('api', byTag('tier', 'api')),
        segment('agents', { ...byTag('agent', 'yes'), mode: 'observe' }),
        segment('db', byTag('tier', 'db')),
      ],
    });
    expect(decide(p, { tier: 'api', agent: 'yes' })).toEqual({
      ...{ workload: 'i-1', segments: ['agents', 'api'], withheld: [], conflicts: [] },
      ...{ mode: 'enforce', openEgress: true, carries: ['open-egress', 'segment:api'] },
    });
  });

  test('finds segments by lists, globs, fields and negations alike', () => {
    const p = policy({
      segments: [
        segment('glob', byTag('app', 'sh*')),
        segment('list', { select: { tags: { app: ['other', 'shop'] } } }),
        segment('negation', { select: { not: byTag('app', 'x').select } }),
        segment('account', { select: { field: 'account', values: ['000000000000'] } }),
        segment('either', {
          select: { any: [byTag('app', 'x').select, { field: 'kind', values: ['instance'] }] },
        }),
        segment('none', byTag('app', 'x')),
      ],
    });
    expect(decide(p, { app: 'shop' }).segments).toEqual([
      'account',
      'either',
      'glob',
      'list',
      'negation',
    ]);
  });

  test.each([
    { modes: ['enforce', 'enforce'], mode: 'enforce' },
    { modes: ['enforce', 'stage'], mode: 'stage' },
    { modes: ['enforce', 'observe'], mode: 'enforce' },
    { modes: ['observe', 'observe'], mode: 'observe' },
  ] as const)('modes $modes come to $mode: an observed segment has no say', ({ modes, mode }) => {
    const segments = modes.map((m, at) => segment(`s${at}`, { ...byTag('app', 'x'), mode: m }));
    expect(decide(policy({ segments }), { app: 'x' }).mode).toBe(mode);
  });

  test.each([
    { mode: 'observe', carries: [] },
    { mode: 'stage', carries: ['baseline', 'segment:web'] },
    { mode: 'enforce', carries: ['baseline', 'open-egress', 'segment:web'] },
  ] as const)('in mode $mode it carries $carries', ({ mode, carries }) => {
    const p = policy({
      segments: [segment('web', { ...byTag('app', 'x'), mode })],
      networks: [network('mirror', { cidrs: ['192.0.2.0/24'] })],
      baseline: [baselineEntry('updates', { to: 'mirror' }, ['tcp/443'])],
    });
    expect(decide(p, { app: 'x' })).toMatchObject({ mode, carries });
    expect(decide({ ...p, baseline: [] }, { app: 'x' }).carries).not.toContain('baseline');
  });

  test('open egress waits until nothing of it is staged', () => {
    const open = segment('open', byTag('app', 'x'));
    const staged = segment('staged', { ...byTag('app', 'x'), mode: 'stage', egress: 'closed' });
    expect(decide(policy({ segments: [open, staged] }), { app: 'x' })).toMatchObject({
      ...{ mode: 'stage', openEgress: true, carries: ['segment:open', 'segment:staged'] },
    });
  });

  test('egress is open when one of the enforced segments says so', () => {
    const closed = segment('closed', { ...byTag('app', 'x'), egress: 'closed' });
    const staged = segment('staged', { ...byTag('app', 'x'), mode: 'stage', egress: 'open' });
    const open = segment('open', { ...byTag('app', 'x'), egress: 'open' });
    const of = (...segments: Policy['segments']) => decide(policy({ segments }), { app: 'x' });
    expect(of(closed).openEgress).toBe(false);
    expect(of(closed, staged).openEgress).toBe(false);
    expect(of(closed, open).openEgress).toBe(true);
  });
});

describe('guardrails on workloads', () => {
  const vault = segment('vault', { ...byTag('data', 'card'), zone: 'pci' });
  const agents = segment('agents', byTag('agent', 'yes'));
  const web = segment('web', byTag('tier', 'web'));

  test('a segment whose rule would carry the host across is withheld, its own zone is not', () => {
    const p = policy({
      segments: [agents, vault, web],
      rules: [rule('web-to-agents', 'web', 'agents', ['tcp/80'])],
      guardrails: [intoPci],
    });
    const because = 'rule `web-to-agents` from `web` would cross guardrail `pci-inbound`';
    expect(decide(p, { data: 'card', agent: 'yes' })).toEqual({
      ...{ workload: 'i-1', segments: ['vault'], zone: 'pci', mode: 'enforce', openEgress: true },
      withheld: [{ segment: 'agents', because }],
      conflicts: [`segment \`agents\` is withheld: ${because}`],
      carries: ['open-egress', 'segment:vault'],
    });
    expect(decide(p, { agent: 'yes' }).segments).toEqual(['agents']);
    expect(decide(p, { data: 'card' }).segments).toEqual(['vault']);
  });

  test.each([
    { name: 'an excepted rule', id: 'excepted' },
    { name: 'a rule that has expired', id: 'old', expires: '2026-11-22' },
  ])('$name withholds nothing', ({ id, expires }) => {
    const p = policy({
      segments: [agents, vault, web],
      rules: [rule(id, 'web', 'agents', ['tcp/80'], expires === undefined ? {} : { expires })],
      guardrails: [intoPci],
    });
    expect(decide(p, { data: 'card', agent: 'yes' }).withheld).toEqual([]);
  });

  test('a rule holds up to the end of the day it expires on', () => {
    const p = policy({
      segments: [agents, vault, web],
      rules: [rule('r', 'web', 'agents', ['tcp/80'], { expires: '2026-11-23' })],
      guardrails: [intoPci],
    });
    const on = (now: string) => decide(p, { data: 'card', agent: 'yes' }, now).withheld.length;
    expect(on('2026-11-23T23:59:59Z')).toBe(1);
    expect(on('2026-11-24T00:00:00Z')).toBe(0);
  });

  test('outbound rules count as much as inbound ones', () => {
    const p = policy({
      segments: [agents, vault, web],
      networks: [network('internet', { cidrs: ['0.0.0.0/0'] })],
      rules: [rule('agents-out', 'agents', 'internet', ['tcp/443'])],
      guardrails: [guardrail('pci-out', { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } })],
    });
    expect(decide(p, { data: 'card', agent: 'yes' })).toMatchObject({
      segments: ['vault'],
      withheld: [
        {
          segment: 'agents',
          because: 'rule `agents-out` to `internet` would cross guardrail `pci-out`',
        },
      ],
    });
  });

  test('two hosts that each look harmless to the other segment are kept apart', () => {
    const guarded = policy({
      segments: [
        segment('collectors', byTag('role', 'collector')),
        segment('dev', { ...byTag('env', 'dev'), zone: 'dev' }),
        segment('prod', { ...byTag('env', 'prod'), zone: 'prod' }),
        segment('senders', byTag('role', 'sender')),
      ],
      rules: [rule('send', 'senders', 'collectors', ['tcp/514'])],
      guardrails: [guardrail('dev-prod', { from: { zone: 'dev' }, to: { zone: 'prod' } })],
    });
    const source = decide(guarded, { env: 'dev', role: 'sender' });
    const destination = decide(guarded, { env: 'prod', role: 'collector' });
    expect([source.segments, destination.segments]).toEqual([['dev', 'senders'], ['prod']]);
    expect(decide(guarded, { role: 'collector' }).segments).toEqual(['collectors']);
  });

  const devToProd = guardrail('dev-prod', { from: { zone: 'dev' }, to: { zone: 'prod' } });
  const subnet = (...values: string[]) => ({ select: { field: 'subnet' as const, values } });

  test('the same where the guardrail names segments', () => {
    const p = policy({
      segments: [
        segment('collectors', byTag('role', 'collector')),
        segment('dev', byTag('env', 'dev')),
        segment('prod', byTag('env', 'prod')),
        segment('senders', byTag('role', 'sender')),
      ],
      rules: [rule('send', 'senders', 'collectors', ['tcp/514'])],
      guardrails: [guardrail('g', { from: { segment: 'dev' }, to: { segment: 'prod' } })],
    });
    expect(decide(p, { env: 'prod', role: 'collector' }).segments).toEqual(['prod']);
  });

  describe('a host is feared on the other end', () => {
    const collectors = segment('collectors', byTag('role', 'collector'));
    const dev = segment('dev', { ...byTag('env', 'dev'), zone: 'dev' });
    const prod = segment('prod', { ...byTag('env', 'prod'), zone: 'prod' });
    const senders = segment('senders', byTag('role', 'sender'));
    const fromContractors = guardrail('g', { from: { segment: 'dev' }, to: { zone: 'prod' } });

    test.each([
      { name: 'that may be in the zone too', senders, feared: true },
      { name: 'not of another zone', senders: { ...senders, zone: 'lab' }, feared: false },
      { name: 'of the zone itself', senders: { ...senders, zone: 'dev' }, feared: true },
      {
        name: 'of a zone, where the segment across has none',
        senders: { ...senders, zone: 'lab' },
        dev: { ...segment('dev', byTag('env', 'dev')) },
        guard: fromContractors,
        feared: true,
      },
      {
        name: 'of the same zone as the segment across',
        senders: { ...senders, zone: 'dev' },
        guard: fromContractors,
        feared: true,
      },
    ])('$name: $feared', ({ senders: sending, dev: across = dev, guard = devToProd, feared }) => {
      const p = policy({
        segments: [collectors, across, prod, sending],
        rules: [rule('send', 'senders', 'collectors', ['tcp/514'])],
        guardrails: [guard],
      });
      expect(decide(p, { env: 'prod', role: 'collector' }).withheld).toEqual(
        feared
          ? [
              {
                segment: 'collectors',
                because: `rule \`send\` from \`senders\` would cross guardrail \`${guard.id}\``,
              },
            ]
          : [],
      );
    });

    test('each source of a rule is judged by itself', () => {
      const apart = segment('apart', { select: { tags: { role: ['apart'], env: ['prod'] } } });
      const p = policy({
        segments: [apart, collectors, dev, prod, senders],
        rules: [rule('send', ['apart', 'senders'], 'collectors', ['tcp/514'])],
        guardrails: [devToProd],
      });
      expect(decide(p, { env: 'prod', role: 'collector' }).segments).toEqual(['prod']);
    });
  });

  test('of several guardrails, and of both ends of one, each counts', () => {
    const dev = segment('dev', { ...byTag('env', 'dev'), zone: 'dev' });
    const prod = segment('prod', { ...byTag('env', 'prod'), zone: 'prod' });
    const p = policy({
      segments: [agents, dev, prod, vault, web],
      rules: [
        rule('r1', 'agents', 'prod', ['tcp/1']),
        rule('r2', 'dev', 'agents', ['tcp/2']),
        rule('r3', 'web', 'agents', ['tcp/3']),
      ],
      guardrails: [devToProd, intoPci],
    });
    const because = (tags: Record<string, string>) =>
      decide(p, { agent: 'yes', ...tags }).withheld.map((one) => one.because);
    expect(because({ env: 'dev' })).toEqual([
      'rule `r1` to `prod` would cross guardrail `dev-prod`',
    ]);
    expect(because({ env: 'prod' })).toEqual([
      'rule `r2` from `dev` would cross guardrail `dev-prod`',
    ]);
    expect(because({ data: 'card' })).toEqual([
      'rule `r2` from `dev` would cross guardrail `pci-inbound`',
    ]);
    expect(because({ tier: 'web' })).toEqual([]);
  });

  test('but not where no host can be in the other segment and across', () => {
    const p = policy({
      segments: [
        segment('collectors', byTag('role', 'collector')),
        segment('dev', { ...byTag('env', 'dev'), zone: 'dev' }),
        segment('prod', { ...byTag('env', 'prod'), zone: 'prod' }),
        segment('senders', { select: { tags: { role: ['sender'], env: ['prod'] } } }),
      ],
      rules: [rule('send', 'senders', 'collectors', ['tcp/514'])],
      guardrails: [devToProd],
    });
    expect(decide(p, { env: 'prod', role: 'collector' }).withheld).toEqual([]);
  });

  test('a host can stand in two subnets, so that these never rule each other out', () => {
    const p = policy({
      segments: [
        segment('collectors', byTag('role', 'collector')),
        segment('dev', { ...subnet('subnet-1'), zone: 'dev' }),
        segment('prod', { ...byTag('env', 'prod'), zone: 'prod' }),
        segment('senders', subnet('subnet-2')),
      ],
      rules: [rule('send', 'senders', 'collectors', ['tcp/514'])],
      guardrails: [devToProd],
    });
    expect(decide(p, { env: 'prod', role: 'collector' }).segments).toEqual(['prod']);
  });

  test('a network that includes workloads carries its members as well', () => {
    const p = policy({
      segments: [agents, vault, web],
      networks: [network('inside', { cidrs: ['10.0.0.0/8'], includesWorkloads: true })],
      rules: [rule('web-to-inside', 'web', 'inside', ['tcp/22'])],
      guardrails: [intoPci],
    });
    expect(decide(p, { data: 'card', agent: 'yes' }).segments).toEqual(['vault']);
    expect(decide(p, { agent: 'yes' }).segments).toEqual(['agents']);
    const outside = { ...p, networks: p.networks.map((n) => ({ ...n, includesWorkloads: false })) };
    expect(decide(outside, { data: 'card', agent: 'yes' }).segments).toEqual(['agents', 'vault']);
    const among = { ...p, rules: [rule('r', ['inside', 'web'], 'web', ['tcp/22'])] };
    const out = guardrail('pci-out', { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } });
    const both = { ...among, guardrails: [out] };
    expect(decide(both, { data: 'card', agent: 'yes' }).segments).toEqual(['vault']);
  });

  test('a guardrail on a segment counts for every host in it', () => {
    const p = policy({
      segments: [agents, segment('contractors', byTag('who', 'contractor')), web],
      rules: [rule('r', 'agents', 'web', ['tcp/80'])],
      guardrails: [
        guardrail('contractors-never-web', {
          from: { segment: 'contractors' },
          to: { segment: 'web' },
        }),
      ],
    });
    expect(decide(p, { agent: 'yes', who: 'contractor' }).segments).toEqual(['contractors']);
    expect(decide(p, { agent: 'yes' }).segments).toEqual(['agents']);
  });

  test('a host in two zones gets no segment and a conflict', () => {
    const lab = segment('lab', { ...byTag('env', 'lab'), zone: 'lab' });
    const because = 'the workload is in zones lab, pci by segments `lab`, `vault`';
    const tags = { data: 'card', env: 'lab', agent: 'yes' };
    expect(decide(policy({ segments: [vault, lab, agents] }), tags)).toEqual({
      ...{ workload: 'i-1', segments: [], mode: 'observe', openEgress: false, carries: [] },
      withheld: ['agents', 'lab', 'vault'].map((segment) => ({ segment, because })),
      conflicts: [because],
    });
  });

  const pciOut = guardrail('pci-out', { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } });

  test.each([
    { end: { from: 'office' }, guard: intoPci, as: { from: ['office'], to: ['vault', 'web'] } },
    { end: { to: 'office' }, guard: pciOut, as: { from: ['vault', 'web'], to: ['office'] } },
    { end: { from: 'office' }, guard: pciOut, as: undefined },
    { end: { to: 'office' }, guard: intoPci, as: undefined },
    { end: { to: 'gone' }, guard: pciOut, as: undefined },
  ])(
    'a baseline entry $end that a zone may not use becomes rules of the others',
    ({ end, guard, as }) => {
      const p = policy({
        segments: [vault, web],
        networks: [network('office', { cidrs: ['198.51.100.0/24'] })],
        baseline: [baselineEntry('b', end, ['tcp/22'])],
        guardrails: [guard],
      });
      const index = indexPolicy(p, { now: NOW });
      expect(index.rules).toEqual(as === undefined ? [] : [rule('b', as.from, as.to, ['tcp/22'])]);
      expect(index.baseline).toEqual(as === undefined ? p.baseline : []);
      const carried = decide(p, { data: 'card' }).carries?.includes('baseline');
      expect(carried).toBe(as === undefined);
    },
  );
});
