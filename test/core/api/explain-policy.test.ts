import { describe, expect, test } from 'vitest';
import { type ExplainInput, explainPath } from '../../../core/api/explain.ts';
import type { ExplainAnswer } from '../../../core/api/explain-answer.ts';
import { estate } from '../reach/estate.ts';
import { SHOP, SHOP_POLICY, shop } from './shop.ts';

const NOW = '2026-11-23T12:00:00Z';
type Asked = Pick<ExplainInput, 'from' | 'to' | 'port'> & Partial<ExplainInput>;

function explain(question: Asked): ExplainAnswer {
  const found = explainPath({ policy: SHOP_POLICY, inventory: shop, now: NOW, ...question });
  if (found.kind !== 'answer') throw new Error(found.message);
  return found.answer;
}

const ask = (from: string, to: string, port: string, more: Partial<ExplainInput> = {}) =>
  explain({ from, to, port, ...more });

const OPEN = 'egress of eni-web: group sg-flat (sg-flat) allows it to 0.0.0.0/0';
const STAGED =
  'the destination is not enforced (stage), so AWS lets through what its other groups allow';

describe('an answer', () => {
  test('names both ends, both verdicts with what decides, and what it was asked of', () => {
    expect(ask('i-web', '10.0.1.3', 'tcp/5432')).toEqual({
      from: { asked: 'i-web', workload: 'i-web', addresses: ['10.0.1.1'], segments: ['web'] },
      to: { asked: '10.0.1.3', workload: 'i-db', addresses: ['10.0.1.3'], segments: ['db'] },
      port: 'tcp/5432',
      policy: {
        verdict: 'allow',
        why: ['rule `web-to-db` allows tcp/5432, tcp/6432: orders (shop.yaml:12)'],
      },
      aws: {
        verdict: 'allow',
        why: [OPEN, 'ingress of eni-db: group sg-flat (sg-flat) allows it from 10.0.0.0/8'],
      },
      agree: true,
      notes: [],
      inventoryAt: NOW,
      policyVersion: 'sha256:test',
    });
  });

  test('without a policy is of AWS alone', () => {
    expect(ask('i-web', '2001:db8::9', 'tcp/1', { policy: undefined })).toEqual({
      from: { asked: 'i-web', workload: 'i-web', addresses: ['10.0.1.1'], segments: [] },
      to: { asked: '2001:db8::9', addresses: ['2001:db8::9'], segments: [] },
      port: 'tcp/1',
      policy: { verdict: 'unknown', why: ['no policy is in force'] },
      aws: { verdict: 'deny', why: ['the ends share no address family'] },
      agree: false,
      notes: [],
      inventoryAt: NOW,
    });
  });
});

describe("the policy's answer", () => {
  test.each([
    [
      'some of the ports',
      ['i-web', 'i-db', 'tcp/5000-6000'],
      'partly',
      ['rule `web-to-db` allows tcp/5432, tcp/6432: orders (shop.yaml:12)'],
    ],
    [
      'a service by its name',
      ['i-batch', 'i-db', 'postgres'],
      'allow',
      ['rule `batch-to-db` allows tcp/5432: reports (shop.yaml:11)'],
    ],
    [
      'a rule that a guardrail forbids',
      ['i-web', 'i-vault', 'tcp/443'],
      'deny',
      ['guardrail `pci` forbids what rule `web-to-vault` would allow: PCI DSS 1.3'],
    ],
    [
      'a baseline entry that a guardrail forbids',
      ['i-web', 'i-vault', 'tcp/22'],
      'deny',
      ['guardrail `pci` forbids what rule `scan` would allow: PCI DSS 1.3'],
    ],
    [
      'the baseline, for who is in its zone',
      ['i-both', 'i-vault', 'tcp/22'],
      'allow',
      [
        'rule `scan` allows tcp/22: test (test.yaml:1)',
        'segment `web` is withheld from i-both: rule `db-to-web` from `db` would cross guardrail `pci`',
      ],
    ],
    [
      'a port that neither rule nor forbidden rule is about',
      ['i-web', 'i-vault', 'tcp/80'],
      'deny',
      ['no rule lets web reach vault on tcp/80'],
    ],
    [
      'a segment that is withheld',
      ['i-both', 'i-db', 'tcp/5432'],
      'deny',
      [
        'segment `web` is withheld from i-both: rule `db-to-web` from `db` would cross guardrail `pci`',
      ],
    ],
    [
      'no segment at all',
      ['i-lone', 'i-vault', 'tcp/22'],
      'deny',
      ['no rule lets no segment reach vault on tcp/22'],
    ],
    [
      'the baseline, for who is only observed',
      ['i-batch', 'i-vault', 'tcp/22'],
      'deny',
      ['no rule lets batch reach vault on tcp/22'],
    ],
    [
      'an address of nobody',
      ['203.0.113.9', 'i-db', 'tcp/5432'],
      'deny',
      ['no rule lets no segment reach db on tcp/5432'],
    ],
    [
      'ends of different families',
      ['i-web', 'i-ipv6', 'tcp/5432'],
      'unknown',
      ['the two ends share no address family'],
    ],
  ] as const)('on %s: %j is %s', (_, [from, to, port], verdict, why) => {
    expect(ask(from, to, port).policy).toEqual({ verdict, why });
  });

  test('a rule holds until the day that it expires on, whenever was asked before', () => {
    const verdictAt = (now: string) => ask('i-web', 'i-db', 'udp/5432', { now }).policy.verdict;
    const days = ['2026-11-22T23:59:59Z', '2026-11-23T00:00:00Z', '2026-11-22T00:00:00Z'];
    expect(days.map(verdictAt)).toEqual(['allow', 'deny', 'allow']);
  });

  test('is of the policy that is asked about, whichever was asked about before', () => {
    const without = { ...SHOP_POLICY, rules: [] };
    const verdictOf = (policy: typeof SHOP_POLICY) =>
      ask('i-web', 'i-db', 'tcp/5432', { policy }).policy.verdict;
    expect([SHOP_POLICY, without, SHOP_POLICY].map(verdictOf)).toEqual(['allow', 'deny', 'allow']);
  });

  test('knows who is in a network by the groups that it carries', () => {
    const [base] = SHOP_POLICY.rules;
    if (base === undefined) throw new Error('the policy has rules');
    const policy = {
      ...SHOP_POLICY,
      networks: [
        {
          ...{ name: 'flat', cidrs: [], except: [], includesWorkloads: true },
          ...{ securityGroups: { ids: ['sg-flat'], tags: {} }, location: base.location },
        },
      ],
      rules: [{ ...base, id: 'flat-to-db', from: ['flat'] }],
    };
    expect(ask('i-lone', 'i-db', 'tcp/5432', { policy }).policy).toEqual({
      verdict: 'allow',
      why: ['rule `flat-to-db` allows tcp/5432: reports (shop.yaml:11)'],
    });
  });
});

describe('notes', () => {
  const shut = estate({ ...SHOP, groups: { 'sg-flat': {} } });

  test.each([
    ['staged, and open in AWS alone', ['i-lone', 'i-db', 'tcp/1'], [STAGED]],
    ['enforced, and open in AWS alone', ['i-db', 'i-vault', 'tcp/1'], []],
    ['open in both', ['i-batch', 'i-db', 'tcp/5432'], []],
    [
      'of nobody, and open in AWS alone',
      ['i-web', '203.0.113.9', 'tcp/1'],
      [STAGED.replace('(stage)', '(not a workload)')],
    ],
    [
      'named by its public address',
      ['i-db', '192.0.2.1', 'tcp/8000'],
      ["192.0.2.1 is a public address; AWS's answer is about the way over the internet"],
    ],
  ] as const)('when the destination is %s: %j', (_, [from, to, port], notes) => {
    expect(ask(from, to, port).notes).toEqual(notes);
  });

  test.each([
    ['observed', ['i-batch', 'i-db', 'tcp/5432'], shut, true],
    ['staged', ['i-db', 'i-web', 'tcp/8000'], shut, false],
    ['observed, and lets through', ['i-batch', 'i-db', 'tcp/5432'], shop, false],
    ['observed, and not allowed to', ['i-batch', 'i-web', 'tcp/1'], shut, false],
  ] as const)('when AWS denies and the source is %s', (_, [from, to, port], inventory, isSaid) => {
    const note = 'the source is only observed, so nothing was written for it';
    expect(ask(from, to, port, { inventory }).notes).toEqual(isSaid ? [note] : []);
  });

  test.each([
    ['nobody lets it through', ['i-lone', 'i-db', 'tcp/1']],
    ['the source is nobody that a mode is for', ['10.0.9.9', 'i-db', 'tcp/1']],
  ] as const)('none, when %s', (_, [from, to, port]) => {
    expect(ask(from, to, port, { inventory: shut }).notes).toEqual([]);
  });

  test('when the source is named by its public address', () => {
    const { notes, aws } = ask('192.0.2.1', 'i-db', 'tcp/6432');
    expect(notes).toEqual([
      '192.0.2.1 is a public address; the answer is about the host that has it',
    ]);
    expect(aws.verdict).toBe('allow');
  });
});

describe('a question that is none', () => {
  const unknownEnd = (asked: string) => ({
    kind: 'unknown-end',
    message: `\`${asked}\` is neither a known workload nor an interface nor an address`,
  });

  test.each([
    [['i-none', 'i-db', 'tcp/1'], unknownEnd('i-none')],
    [['i-db', 'none', 'tcp/1'], unknownEnd('none')],
    [['x'.repeat(101), 'i-db', 'tcp/1'], unknownEnd('x'.repeat(100))],
    [
      ['i-web', 'i-db', 'http'],
      {
        kind: 'bad-port',
        message: '`http` is no service of the policy; write `tcp/443`, `udp/53`, `icmp/8` or `all`',
      },
    ],
    [
      ['i-web', 'i-db', 'tcp/65536'],
      {
        kind: 'bad-port',
        message: '`tcp/65536` has a port above 65535; ports go from 0 to 65535',
      },
    ],
  ] as const)('%j', ([from, to, port], expected) => {
    const input = { inventory: shop, from, to, port, now: NOW };
    expect(explainPath({ ...input, policy: SHOP_POLICY })).toEqual(expected);
    expect(explainPath(input)).toEqual(expected);
  });
});
