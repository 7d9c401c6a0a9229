import { describe, expect, test } from 'vitest';
import type { CheckEnd } from '../../../core/check/policy-traffic.ts';
import type { Guardrail, Policy } from '../../../core/model/policy.ts';
import { baselineEntry, guardrail, network, rule } from '../../properties/builders.ts';
import { ask, at, db, host, tagged, texts, web } from './check-ends.ts';

const segments = [tagged('card', { zone: 'pci' }), tagged('db', { zone: 'pci' }), tagged('web')];
const networks = [
  network('office', { cidrs: ['192.0.2.0/24'], zone: 'corporate' }),
  network('net', { cidrs: ['10.0.0.2/32'] }),
];
const INBOUND = { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } };

function judge(
  parts: Partial<Policy>,
  from: CheckEnd = web,
  to: CheckEnd = db,
  deny: Guardrail['deny'] = INBOUND,
) {
  const guardrails = parts.guardrails ?? [guardrail('g', deny)];
  const { traffic, allowedBy, forbidden } = ask(
    { segments, networks, ...parts, guardrails },
    from,
    to,
  );
  return { traffic: texts(traffic), allowedBy, forbidden };
}

const forbidden = (name = 'r') => ({
  ...{ traffic: { ipv4: '' }, allowedBy: [] },
  forbidden: [{ rule: name, guardrail: 'g' }],
});
const allowed = (name = 'r', traffic = 'tcp/443') => ({
  ...{ traffic: { ipv4: traffic }, allowedBy: [name], forbidden: [] },
});
const https = (from: string | readonly string[], to: string | readonly string[]) => ({
  rules: [rule('r', from, to, ['tcp/443'])],
});

describe('a guardrail', () => {
  const both = host('card web', '10.0.0.1');

  test.each([
    ['forbids what a rule would allow', 'web', web, forbidden()],
    [
      'forbids by the name that joins the two, though the host is in the zone',
      'web',
      both,
      forbidden(),
    ],
    ['leaves a name of its own zone', 'card', both, allowed()],
    ['leaves what one of two names may', ['web', 'card'], both, allowed()],
    ['forbids addresses outside every zone', 'office', at('192.0.2.9'), forbidden()],
  ])('%s', (_, name, from, expected) => {
    expect(judge(https(name, 'db'), from)).toEqual(expected);
  });

  test('is judged once for a rule that names two segments of a host', () => {
    const one = { rules: [rule('r', ['web', 'api'], 'db', ['tcp/443'])] };
    const many = { ...one, segments: [...segments, tagged('api')] };
    expect(judge(many, host('api web', '10.0.0.1'))).toEqual(forbidden());
  });

  test.each<[string, Guardrail['deny'], boolean]>([
    ['zone to zone', { from: { zone: 'pci' }, to: { zone: 'pci' } }, false],
    ['any of no zone to the zone', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } }, true],
    ['to another zone', { from: { not: { zone: 'pci' } }, to: { zone: 'corporate' } }, false],
    [
      'to what is not of the zone',
      { from: { not: { zone: 'pci' } }, to: { not: { zone: 'pci' } } },
      false,
    ],
    ['segment to segment', { from: { segment: 'web' }, to: { segment: 'db' } }, true],
    ['the other way', { from: { segment: 'db' }, to: { segment: 'web' } }, false],
    ['to another segment', { from: { segment: 'web' }, to: { segment: 'card' } }, false],
    ['all but a segment', { from: { not: { segment: 'card' } }, to: { segment: 'db' } }, true],
  ])('of %s', (_, deny, forbids) => {
    expect(judge(https('web', 'db'), web, db, deny)).toEqual(forbids ? forbidden() : allowed());
  });

  test('forbids but the rules that it excepts', () => {
    const rules = [...https('web', 'db').rules, rule('s', 'web', 'db', ['tcp/80'])];
    const guardrails = [guardrail('g', INBOUND, ['s'])];
    expect(judge({ rules, guardrails })).toEqual({
      traffic: { ipv4: 'tcp/80' },
      allowedBy: ['s'],
      forbidden: [{ rule: 'r', guardrail: 'g' }],
    });
  });

  test('is the first of those that forbid', () => {
    const elsewhere = { from: { zone: 'corporate' }, to: { zone: 'pci' } };
    const guardrails = [
      guardrail('e', elsewhere),
      guardrail('g', INBOUND),
      guardrail('h', INBOUND),
    ];
    expect(judge({ ...https('web', 'db'), guardrails })).toEqual(forbidden());
  });

  test('sees the segments that are withheld from a host, and their zones', () => {
    const outbound = { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } };
    const from = { ...host('card web', '10.0.0.1'), withheld: ['card'] };
    const other = host('other', '10.0.0.3');
    const parts = { ...https('web', 'other'), segments: [...segments, tagged('other')] };
    expect(judge(parts, from, other, outbound)).toEqual(forbidden());
    expect(judge(parts, web, other, outbound)).toEqual(allowed());
    const named = { from: { segment: 'card' }, to: { segment: 'other' } };
    expect(judge(parts, from, other, named)).toEqual(forbidden());
    expect(judge(parts, web, other, named)).toEqual(allowed());
  });

  test('forbids a network that holds a host of the zone, and not one that holds others', () => {
    // By the network alone neither end is of the zone; the host that has the address is.
    expect(judge(https('web', 'net'), both, db)).toEqual(forbidden());
    expect(judge(https('web', 'net'), both, at('10.0.0.2'))).toEqual(allowed());
    expect(judge(https('card', 'net'), both, db)).toEqual(allowed());
  });

  test('sees what a host is that a network of the source holds', () => {
    const outbound = { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } };
    const from = host('card', '10.0.0.2');
    expect(judge(https('net', 'web'), from, host('card web', '10.0.0.1'), outbound)).toEqual(
      forbidden(),
    );
    expect(judge(https('net', 'web'), at('10.0.0.2'), web, outbound)).toEqual(allowed());
  });

  test('looks at the whole host, also in the family that its network does not hold', () => {
    const inOffice = { from: { zone: 'corporate' }, to: { zone: 'pci' } };
    const from = { ...host('web', '192.0.2.9', '2001:db8::1') };
    const to = host('db', '10.0.0.2', '2001:db8::2');
    expect(judge(https('web', 'db'), from, to, inOffice)).toEqual({
      ...{ traffic: { ipv4: '', ipv6: '' }, allowedBy: [] },
      forbidden: [{ rule: 'r', guardrail: 'g' }],
    });
    // What one family alone would allow is named as well.
    expect(judge(https('office', 'db'), from, to, inOffice).forbidden).toEqual([
      { rule: 'r', guardrail: 'g' },
    ]);
  });
});

describe('a guardrail over the baseline', () => {
  const baseline = [baselineEntry('b', { to: 'office' }, ['tcp/443'])];
  const office = at('192.0.2.9');
  const allButWeb = { from: { not: { segment: 'web' } }, to: { zone: 'corporate' } };
  const served = (apps: string, more: Partial<CheckEnd> = {}): CheckEnd => ({
    ...host(apps, '10.0.0.1'),
    baseline: true,
    ...more,
  });

  test.each([
    ['forbids whom it means', served('card'), forbidden('b')],
    ['leaves others', served('web'), allowed('b')],
    ['leaves who has one segment that may', served('card web'), allowed('b')],
    ['forbids who has that segment muted', served('card web', { muted: ['web'] }), forbidden('b')],
    [
      'finds nothing to forbid where nobody is served',
      { ...served('card'), baseline: false },
      { traffic: { ipv4: '' }, allowedBy: [], forbidden: [] },
    ],
  ])('%s', (_, from, expected) => {
    expect(judge({ baseline }, from, office, allButWeb)).toEqual(expected);
  });

  test('serves nobody without a segment once there are guardrails', () => {
    const nothing = { traffic: { ipv4: '' }, allowedBy: [], forbidden: [] };
    expect(judge({ baseline }, served('other'), office, allButWeb)).toEqual(nothing);
    expect(judge({ baseline, guardrails: [] }, served('other'), office)).toEqual(allowed('b'));
  });
});
