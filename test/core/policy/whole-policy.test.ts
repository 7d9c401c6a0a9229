import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lint, policyOf } from './lint.ts';

/** Everything the language has, in no order. */
const ROOT_FILE = `apiVersion: bulkhead/v1
settings:
  vpcs: { tags: { segmentation: [bulkhead, "b*"] } }
  unclassified: isolate
  settleWindow: 90s
  keepSecurityGroups: [sg-0123456789abcdef1, sg-01234567, sg-0123456789abcdef1]
  changeGuard: { share: 12.5% }
  onLeave: restore
  leaveGuard: { share: 0.25%, window: 1d, moves: 1 }
zones:
  plain: {}
  pci: { subnets: { tags: { zone: pci } }, why: cards }
networks:
  office: { zone: plain, cidrs: [198.51.100.0/24, "2001:db8::/32", 198.51.100.0/24], except: 198.51.100.128/25 }
  mirror: { prefixList: com.amazonaws.*.s3, includesWorkloads: true, why: updates }
  edge: { securityGroups: { ids: [sg-89abcdef, sg-01234567], tags: { role: edge } } }
services: { web: [tcp/80, tcp/443], dns: udp/53 }
baseline:
  - { id: pings, from: office, allow: icmp/8, why: is it up }
  - { id: mirror, to: mirror, allow: web, why: updates }
guardrails:
  - { id: no-way-out, deny: { from: { segment: cards }, to: { not: { not: { zone: plain } } } }, why: w }
  - { id: no-way-in, deny: { from: { not: { zone: pci } }, to: { zone: pci } }, except: [to-cards, pings], why: w }
assert:
  - { id: shut, from: office, to: cards, port: tcp/22, expect: deny }
  - { id: never, from: shop, to: office, port: dns, expect: deny, why: because }
`;
const TEAM_FILE = `apiVersion: bulkhead/v1
team: shop
segments:
  shop: { select: { tags: { app: [shop, shop], tier: "w*" } } }
  cards:
    select:
      all: [{ any: [{ kind: task }, { vpc: vpc-01234567 }] }]
      not: { account: 012345678901 }
    mode: enforce
    egress: closed
    zone: pci
    crownJewel: true
    bornIn: [vpc-89abcdef, vpc-01234567]
    why: "  the\\n  card \\t vault "
rules:
  - { id: to-cards, from: [shop, office, shop], to: cards, allow: [web, tcp/8080-8081], why: w, ticket: SEC-1, expires: 2027-03-31 }
  - { id: in, from: office, to: shop, allow: all, why: w }
`;

const at = (file: string, line: number, column: number) => ({ file, line, column });
const inRoot = (line: number, column: number) => at('root.yaml', line, column);
const inTeam = (line: number, column: number) => at('shop.yaml', line, column);
const ports = (protocol: number, from: number, to: number) => ({
  ...{ protocolFrom: protocol, protocolTo: protocol },
  ...{ from, to },
});
const WEB = { text: 'web', ranges: [ports(6, 80, 80), ports(6, 443, 443)] };
const DNS = { text: 'dns', ranges: [ports(17, 53, 53)] };

describe('a policy as it is read', () => {
  const whole = () => policyOf(['root.yaml', ROOT_FILE], ['shop.yaml', TEAM_FILE]);

  test('settings, zones and networks', () => {
    const policy = whole();
    expect(policy.settings).toStrictEqual({
      vpcTags: { segmentation: ['bulkhead', 'b*'] },
      unclassified: 'isolate',
      settleWindowMs: 90_000,
      keepSecurityGroups: ['sg-01234567', 'sg-0123456789abcdef1'],
      changeGuardShare: 0.125,
      leaveGuard: { share: 0.0025, windowMs: 86_400_000, movesMax: 1 },
      onLeave: 'restore',
      location: inRoot(2, 1),
    });
    expect(policy.zones).toStrictEqual([
      { name: 'pci', subnetTags: { zone: ['pci'] }, location: inRoot(12, 3) },
      { name: 'plain', subnetTags: {}, location: inRoot(11, 3) },
    ]);
    const none = { cidrs: [], except: [], includesWorkloads: false };
    const groups = { ids: ['sg-01234567', 'sg-89abcdef'], tags: { role: ['edge'] } };
    expect(policy.networks).toStrictEqual([
      { ...none, name: 'edge', securityGroups: groups, location: inRoot(16, 3) },
      {
        ...none,
        ...{ name: 'mirror', prefixList: 'com.amazonaws.*.s3', includesWorkloads: true },
        location: inRoot(15, 3),
      },
      {
        ...{ ...none, name: 'office', zone: 'plain', except: ['198.51.100.128/25'] },
        cidrs: ['198.51.100.0/24', '2001:db8::/32'],
        location: inRoot(14, 3),
      },
    ]);
  });

  test('services, baseline, guardrails and assertions', () => {
    const policy = whole();
    expect(policy.services).toStrictEqual({ dns: DNS, web: WEB });
    expect(Object.keys(policy.services)).toEqual(['dns', 'web']);
    const ping = { text: 'icmp/8', ranges: [ports(1, 2048, 2303)] };
    expect(policy.baseline).toStrictEqual([
      { id: 'mirror', to: 'mirror', allow: [WEB], why: 'updates', location: inRoot(20, 11) },
      { id: 'pings', from: 'office', allow: [ping], why: 'is it up', location: inRoot(19, 11) },
    ]);
    const pci = { zone: 'pci' };
    expect(policy.guardrails).toStrictEqual([
      {
        ...{ id: 'no-way-in', deny: { from: { not: pci }, to: pci } },
        ...{ except: ['to-cards', 'pings'], why: 'w', location: inRoot(23, 11) },
      },
      {
        id: 'no-way-out',
        deny: { from: { segment: 'cards' }, to: { not: { not: { zone: 'plain' } } } },
        ...{ except: [], why: 'w', location: inRoot(22, 11) },
      },
    ]);
    const ssh = { text: 'tcp/22', ranges: [ports(6, 22, 22)] };
    const deny = { expect: 'deny' };
    expect(policy.assertions).toStrictEqual([
      { ...deny, id: 'never', from: 'shop', to: 'office', port: DNS, location: inRoot(26, 11) },
      { ...deny, id: 'shut', from: 'office', to: 'cards', port: ssh, location: inRoot(25, 11) },
    ]);
  });

  test('segments and rules', () => {
    const policy = whole();
    expect(policy.segments).toStrictEqual([
      {
        name: 'cards',
        select: {
          all: [
            {
              all: [
                {
                  any: [
                    { field: 'kind', values: ['task'] },
                    { field: 'vpc', values: ['vpc-01234567'] },
                  ],
                },
              ],
            },
            { not: { field: 'account', values: ['012345678901'] } },
          ],
        },
        ...{ mode: 'enforce', egress: 'closed', zone: 'pci', crownJewel: true },
        bornIn: ['vpc-01234567', 'vpc-89abcdef'],
        ...{ team: 'shop', why: 'the card vault', location: inTeam(5, 3) },
      },
      {
        name: 'shop',
        select: { tags: { app: ['shop'], tier: ['w*'] } },
        ...{ mode: 'observe', egress: 'open', crownJewel: false, bornIn: [] },
        ...{ team: 'shop', location: inTeam(4, 3) },
      },
    ]);
    const all = { protocolFrom: 0, protocolTo: 255, from: 0, to: 65_535 };
    expect(policy.rules).toStrictEqual([
      {
        ...{ id: 'in', from: ['office'], to: ['shop'], allow: [{ text: 'all', ranges: [all] }] },
        ...{ why: 'w', team: 'shop', location: inTeam(17, 11) },
      },
      {
        ...{ id: 'to-cards', from: ['shop', 'office'], to: ['cards'] },
        allow: [WEB, { text: 'tcp/8080-8081', ranges: [ports(6, 8080, 8081)] }],
        ...{ why: 'w', ticket: 'SEC-1', expires: '2027-03-31' },
        ...{ team: 'shop', location: inTeam(16, 11) },
      },
    ]);
  });

  test('what root.yaml does not say', () => {
    const { version: _, ...bare } = policyOf('apiVersion: bulkhead/v1\n');
    expect(bare).toStrictEqual({
      settings: {
        vpcTags: {},
        unclassified: 'observe',
        settleWindowMs: 120_000,
        keepSecurityGroups: [],
        changeGuardShare: 0.2,
        onLeave: 'hold',
      },
      ...{ zones: [], networks: [], services: {}, segments: [], rules: [] },
      ...{ baseline: [], guardrails: [], assertions: [] },
    });
    const { location, ...said } = policyOf('apiVersion: bulkhead/v1\nsettings: {}\n').settings;
    expect(said).toStrictEqual(bare.settings);
    expect(location).toEqual(inRoot(2, 1));
  });
});

describe('the order of the files', () => {
  test('does not matter', () => {
    const root: [string, string] = ['root.yaml', ROOT_FILE];
    const team: [string, string] = ['shop.yaml', TEAM_FILE];
    const another: [string, string] = ['a.yaml', TEAM_FILE.replaceAll('shop', 'store')];
    const one = lint(root, team, another);
    expect(one.diagnostics.map(({ file, code }) => `${file} ${code}`)).toContain(
      'shop.yaml duplicate-name',
    );
    expect(lint(another, team, root)).toEqual(one);
    expect(lint(team, root, another)).toEqual(one);
  });

  test('does not matter for two of one name either', () => {
    const texts = ['zones: { a: {}, b: {} }', 'zones: {}\nnetworks: { n: { zone: b } }'];
    const files = texts.map((text): [string, string] => [
      'root.yaml',
      `apiVersion: bulkhead/v1\n${text}\n`,
    ]);
    const one = lint(...files);
    expect(one.diagnostics.map(({ code }) => code)).toEqual(['file-twice', 'missing-key']);
    expect(lint(...files.toReversed())).toEqual(one);
  });
});

describe('the version of a policy', () => {
  const versionOf = (...files: [string, string][]): string => policyOf(...files).version;
  const root: [string, string] = ['root.yaml', 'apiVersion: bulkhead/v1\n# é\nzones: {}\n'];
  const other = (text: string, file = 'b.yaml'): [string, string] => [
    file,
    `apiVersion: bulkhead/v1\nteam: b\n${text}`,
  ];
  const plain = (): string => versionOf(root, other('# c\n'));

  test('is the digest of names and texts', () => {
    const canonical = JSON.stringify([other('# c\n'), root]);
    const digest = createHash('sha256').update(canonical).digest('hex');
    expect(plain()).toBe(`sha256:${digest}`);
  });

  test.each([
    { name: 'the order of the files', files: [other('# c\n'), root] },
    { name: 'carriage returns before line feeds', files: [root, other('# c\r\n')] },
    { name: 'carriage returns alone', files: [root, other('# c\r')] },
    { name: 'a byte order mark', files: [['root.yaml', `\ufeff${root[1]}`], other('# c\n')] },
  ] satisfies { name: string; files: [string, string][] }[])(
    'is the same for $name',
    ({ files }) => {
      expect(versionOf(...files)).toBe(plain());
    },
  );

  test.each([
    { name: 'the name of a file', files: [root, other('# c\n', 'c.yaml')] },
    { name: 'a comment', files: [root, other('# d\n')] },
    { name: 'a blank line', files: [root, other('# c\n\n')] },
    { name: 'a mark inside', files: [root, other('# \ufeffc\n')] },
  ] satisfies { name: string; files: [string, string][] }[])('changes with $name', ({ files }) => {
    expect(versionOf(...files)).not.toBe(plain());
  });
});
