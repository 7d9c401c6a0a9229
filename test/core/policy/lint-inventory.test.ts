import { describe, expect, test } from 'vitest';
import type { Inventory, PrefixList } from '../../../core/model/inventory.ts';
import { lintAgainstInventory } from '../../../core/policy/lint-inventory.ts';
import { group, type Host, inventory, peering, vpc } from '../../properties/builders.ts';
import { places, policyOf, ROOT } from './lint.ts';

const MANAGED = 'settings: { vpcs: { tags: { segmentation: bulkhead } } }\n';
const SEGMENT = 'segments:\n  web: { select: { tags: { app: web } } }\n';
const WEB: Host = { name: 'w', app: 'web' };

interface Case {
  readonly name: string;
  /** Below `apiVersion` and the settings, so that it starts on line 3. */
  readonly text: string;
  readonly settings?: string;
  readonly hosts?: readonly Host[];
  readonly more?: Partial<Inventory>;
  readonly found: readonly string[];
  readonly says?: string;
}

function check(cases: readonly Case[]): void {
  test.each(cases)(
    '$name',
    ({ text, settings = MANAGED, hosts = [WEB], more, found, says = '' }) => {
      const policy = policyOf(ROOT + settings + text);
      const diagnostics = lintAgainstInventory(policy, inventory(hosts, more));
      expect(places(diagnostics)).toEqual(found.map((place) => `root.yaml:${place}`));
      expect(`${diagnostics[0]?.message} / ${diagnostics[0]?.hint}`).toContain(says);
    },
  );
}

const GAP = { gaps: [{ kind: 'instances', reason: 'denied' }] };

describe('segments', () => {
  const born = SEGMENT.replace(' } }\n', ' }, bornIn: vpc-0123456789abcdef0 }\n');
  check([
    { name: 'that match a workload', text: SEGMENT, found: [] },
    {
      name: 'that match nothing now',
      text: SEGMENT,
      hosts: [{ name: 'x', app: 'other' }],
      found: ['4:3 selector-matches-no-workload'],
      says: '`web` matches none of `1` workloads',
    },
    {
      name: 'are not accused by a reading in part',
      text: SEGMENT,
      hosts: [],
      more: GAP,
      found: [],
    },
    {
      name: 'born in a VPC that does not exist',
      text: born,
      found: ['4:3 born-in-unknown-vpc'],
      says: '`vpc-0123456789abcdef0`',
    },
    {
      name: 'born in a VPC that exists',
      text: born,
      more: { vpcs: [vpc('vpc-0123456789abcdef0')] },
      found: [],
    },
  ]);
});

describe('segments that overlap', () => {
  const zoned = (zone: string) =>
    `zones: { pci: {}, office: {} }\nsegments:\n  web: { zone: pci, select: { tags: { app: web } } }\n  desk: { ${zone}select: { tags: { desk: yes } } }\n`;
  const both: readonly Host[] = [{ ...WEB, tags: { desk: 'yes' } }];
  const guarded = `${zoned('')}  peer: { select: { tags: { app: peer } } }
guardrails:
  - { id: g, deny: { from: { not: { zone: pci } }, to: { zone: pci } }, why: w }
rules:
  - { id: r, from: peer, to: desk, allow: tcp/22, why: w }
`;
  check([
    {
      name: 'in two zones',
      text: zoned('zone: office, '),
      hosts: both,
      found: ['5:3 overlap-in-two-zones', '6:3 overlap-in-two-zones'],
      says: '`i-w`',
    },
    {
      name: 'across a guardrail',
      text: guarded,
      hosts: [...both, { name: 'p', app: 'peer' }],
      found: ['6:3 overlap-crosses-guardrail'],
      says: 'guardrail `g`',
    },
    {
      name: 'on no workload at all',
      text: guarded,
      hosts: [WEB, { name: 'd', tags: { desk: 'yes' } }, { name: 'p', app: 'peer' }],
      found: [],
    },
  ]);
});

describe('networks that cover workloads', () => {
  const of = (body: string): string => `networks:\n  n: { ${body} }\n`;
  const foreign = vpc('vpc-2', { ipv4: ['10.9.0.0/16'], tags: {} });
  const vpcs = [vpc('vpc-1'), foreign];
  const list: PrefixList = {
    id: 'pl-1',
    name: 'shop.inside',
    family: 'ipv4',
    maxEntries: 1,
    owner: '000000000000',
    cidrs: ['10.0.3.0/24'],
    tags: {},
  };
  const found = ['4:3 network-overlaps-vpc'];
  check([
    { name: 'in part', text: of('cidrs: 10.0.8.0/24'), found, says: '`10.0.0.0/16`' },
    { name: 'as a whole', text: of('cidrs: 0.0.0.0/0'), found, says: '`vpc-1`' },
    { name: 'but except them', text: of('cidrs: 10.0.0.0/8, except: 10.0.0.0/16'), found: [] },
    { name: 'but except some', text: of('cidrs: 10.0.0.0/8, except: 10.0.0.0/17'), found },
    { name: 'and say so', text: of('cidrs: 10.0.0.0/8, includesWorkloads: true'), found: [] },
    { name: 'beside them', text: of('cidrs: 10.1.0.0/16'), found: [] },
    {
      name: 'by IPv6',
      text: of('cidrs: "2001:db8::/32"'),
      more: { vpcs: [vpc('vpc-1', { ipv6: ['2001:db8:1::/56'] })] },
      found,
    },
    {
      name: 'by a prefix list',
      text: of('prefixList: shop.*'),
      more: { prefixLists: [list] },
      found,
    },
    {
      name: 'of a peer',
      text: of('cidrs: 10.9.0.0/24'),
      more: { vpcs, peerings: [peering('vpc-1', 'vpc-2')] },
      found,
      says: 'peered with `vpc-1`',
    },
    {
      name: 'of a peer no more',
      text: of('cidrs: 10.9.0.0/24'),
      more: { vpcs, peerings: [peering('vpc-1', 'vpc-2', { status: 'deleted' })] },
      found: [],
    },
    { name: 'of nobody managed', text: of('cidrs: 10.9.0.0/24'), more: { vpcs }, found: [] },
    { name: 'while idle', settings: 'settings: {}\n', text: of('cidrs: 0.0.0.0/0'), found: [] },
  ]);
});

describe('names that nothing bears', () => {
  const kept = 'sg-0123456789abcdef0';
  const keeping = MANAGED.replace(/ }\n$/, `, keepSecurityGroups: ${kept} }\n`);
  const having = (tags: Record<string, string>) => ({ groups: [group(kept, 'vpc-1', { tags })] });
  const byTag = 'networks:\n  n: { securityGroups: { tags: { role: alb } } }\n';
  const byList = 'networks:\n  n: { prefixList: com.amazonaws.*.s3 }\n';
  check([
    { name: 'a prefix list', text: byList, found: ['4:3 prefix-list-matches-nothing'] },
    { name: 'a prefix list, read in part', text: byList, more: GAP, found: [] },
    { name: 'a group by tag', text: byTag, found: ['4:3 network-matches-no-group'] },
    { name: 'a group that is there', text: byTag, more: having({ role: 'alb' }), found: [] },
    {
      name: 'a group by id',
      text: `networks:\n  n: { securityGroups: { ids: ${kept} } }\n`,
      found: ['4:3 network-matches-no-group'],
    },
    { name: 'a kept group', settings: keeping, text: '', found: ['2:1 kept-group-missing'] },
    {
      name: 'a kept group without its tag',
      settings: keeping,
      text: '',
      more: having({}),
      found: ['2:1 kept-group-untagged'],
    },
    {
      name: 'a kept group with its tag',
      settings: keeping,
      text: '',
      more: having({ 'bulkhead:keep': '' }),
      found: [],
    },
  ]);
});
