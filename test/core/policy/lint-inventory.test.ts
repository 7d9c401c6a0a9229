import { describe, test } from 'vitest';
import type { Inventory, PrefixList } from '../../../core/model/inventory.ts';
import { lintAgainstInventory } from '../../../core/policy/lint-inventory.ts';
import { group, type Host, inventory, peering, vpc } from '../../properties/builders.ts';
import { expectFound, policyOf, ROOT } from './lint.ts';

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
  /** Each as `line:column code`, or in full with `: ` what was seen `; ` what to change. */
  readonly found: readonly string[];
}

function check(cases: readonly Case[]): void {
  test.each(cases)('$name', ({ text, settings = MANAGED, hosts = [WEB], more, found }) => {
    const policy = policyOf(ROOT + settings + text);
    expectFound(lintAgainstInventory(policy, inventory(hosts, more)), found);
  });
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
      found: [
        '4:3 selector-matches-no-workload: segment `web` matches none of `1` workloads; check the tags of the workloads; a segment of the future may wait like this',
      ],
    },
    {
      name: 'that match nothing beside those that match',
      text: `${SEGMENT}  any: { select: { kind: "*" } }\n  api: { select: { tags: { app: api } } }\n  db: { select: { tags: { app: [web, db] } } }\n`,
      hosts: [WEB, WEB],
      found: ['6:3 selector-matches-no-workload'],
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
      found: [
        '4:3 born-in-unknown-vpc: segment `web` is born in `vpc-0123456789abcdef0`, which does not exist; correct the id',
      ],
    },
    {
      name: 'born in a VPC that a reading in part may have missed',
      text: born,
      more: GAP,
      found: [],
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
      found: [
        '5:3 overlap-in-two-zones: segment `web` is withheld from `1` workloads, e.g. `i-w`: the workload is in zones office, pci by segments `desk`, `web`; make the selectors exclude each other, or change the rule',
        '6:3 overlap-in-two-zones',
      ],
    },
    {
      name: 'in two zones, on more workloads than are named',
      text: zoned('zone: office, '),
      hosts: ['e', 'c', 'd', 'a', 'b'].map((name) => ({ ...both[0], name })),
      found: [
        '5:3 overlap-in-two-zones: segment `web` is withheld from `5` workloads, e.g. `i-a`, `i-b`, `i-c`: the workload is in zones office, pci by segments `desk`, `web`; make the selectors exclude each other, or change the rule',
        '6:3 overlap-in-two-zones',
      ],
    },
    {
      name: 'across a guardrail',
      text: guarded,
      hosts: [...both, { name: 'p', app: 'peer' }],
      found: [
        '6:3 overlap-crosses-guardrail: segment `desk` is withheld from `1` workloads, e.g. `i-w`: rule `r` from `peer` would cross guardrail `g`; make the selectors exclude each other, or change the rule',
      ],
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
  const far = peering('vpc-1', 'vpc-far');
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
    {
      name: 'in part',
      text: of('cidrs: [192.0.2.0/24, 10.0.8.0/24]'),
      found: [
        '4:3 network-overlaps-vpc: range `10.0.8.0/24` of network `n` overlaps `10.0.0.0/16` of managed VPC `vpc-1`; name segments instead, except the range, or say `includesWorkloads: true`',
      ],
    },
    { name: 'as a whole', text: of('cidrs: 0.0.0.0/0'), found },
    {
      name: 'but except all',
      text: of('cidrs: [10.0.0.0/16, 192.0.2.0/24], except: 10.0.0.0/15'),
      found: [],
    },
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
      found: [
        '4:3 network-overlaps-vpc: range `10.0.3.0/24` of network `n` overlaps `10.0.0.0/16` of managed VPC `vpc-1`; name segments instead, except the range, or say `includesWorkloads: true`',
      ],
    },
    {
      name: 'by the id of a prefix list',
      text: of('prefixList: pl-1'),
      more: { prefixLists: [list] },
      found,
    },
    {
      name: 'by another prefix list than the one that is meant',
      text: of('prefixList: shop.out*'),
      more: {
        prefixLists: [list, { ...list, id: 'pl-2', name: 'shop.outside', cidrs: ['192.0.2.0/24'] }],
      },
      found: [],
    },
    {
      name: 'of a peer',
      text: of('cidrs: 10.9.0.0/24'),
      more: { vpcs, peerings: [peering('vpc-1', 'vpc-2')] },
      found: [
        '4:3 network-overlaps-vpc: range `10.9.0.0/24` of network `n` overlaps `10.9.0.0/16` of VPC `vpc-2`, peered with `vpc-1` by `pcx-vpc-1-vpc-2`; name segments instead, except the range, or say `includesWorkloads: true`',
      ],
    },
    {
      name: 'of a peer that asked for the peering',
      text: of('cidrs: 10.9.0.0/24'),
      more: { vpcs, peerings: [peering('vpc-2', 'vpc-1')] },
      found,
    },
    {
      name: 'of a peer by IPv6',
      text: of('cidrs: "2001:db8:9::/64"'),
      more: {
        vpcs: [vpc('vpc-1'), { ...foreign, ipv6: ['2001:db8:9::/56'] }],
        peerings: [peering('vpc-1', 'vpc-2')],
      },
      found,
    },
    {
      name: 'of a peer in another account, whose addresses the peering says',
      text: of('cidrs: 10.8.0.0/24'),
      more: { peerings: [{ ...far, accepter: { ...far.accepter, cidrs: ['10.8.0.0/16'] } }] },
      found,
    },
    {
      name: 'of a peer in another account, whose addresses nobody says',
      text: of('cidrs: 10.8.0.0/24'),
      more: { peerings: [far] },
      found: [],
    },
    {
      name: 'of nobody managed, who are peered with each other',
      text: of('cidrs: 10.9.0.0/24'),
      more: {
        vpcs: [...vpcs, vpc('vpc-3', { ipv4: ['10.8.0.0/16'], tags: {} })],
        peerings: [peering('vpc-2', 'vpc-3')],
      },
      found: [],
    },
    {
      name: 'of a managed VPC, which is not told as a peer of another',
      text: of('cidrs: 10.9.0.0/24'),
      more: {
        vpcs: [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.9.0.0/16'] })],
        peerings: [peering('vpc-1', 'vpc-2')],
      },
      found: [
        '4:3 network-overlaps-vpc: range `10.9.0.0/24` of network `n` overlaps `10.9.0.0/16` of managed VPC `vpc-2`; name segments instead, except the range, or say `includesWorkloads: true`',
      ],
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
    {
      name: 'a prefix list',
      text: byList,
      found: [
        '4:3 prefix-list-matches-nothing: none of `0` prefix lists is called `com.amazonaws.*.s3` (network `n`); check the name with `aws ec2 describe-managed-prefix-lists`',
      ],
    },
    { name: 'a prefix list, read in part', text: byList, more: GAP, found: [] },
    {
      name: 'a group by tag',
      text: byTag,
      found: [
        '4:3 network-matches-no-group: no security group fits network `n`; check the ids and tags',
      ],
    },
    {
      name: 'a group of another tag',
      text: byTag,
      more: having({ role: 'nlb' }),
      found: ['4:3 network-matches-no-group'],
    },
    {
      name: 'a group by id or tag, which is there by its id',
      text: `networks:\n  n: { securityGroups: { ids: ${kept}, tags: { role: alb } } }\n`,
      more: having({}),
      found: [],
    },
    { name: 'a group that is there', text: byTag, more: having({ role: 'alb' }), found: [] },
    {
      name: 'a group by id',
      text: `networks:\n  n: { securityGroups: { ids: ${kept} } }\n`,
      found: ['4:3 network-matches-no-group'],
    },
    {
      name: 'a kept group',
      settings: keeping,
      text: '',
      found: [
        '2:1 kept-group-missing: kept group `sg-0123456789abcdef0` does not exist; remove it from `keepSecurityGroups`',
      ],
    },
    { name: 'a kept group, read in part', settings: keeping, text: '', more: GAP, found: [] },
    {
      name: 'a kept group without its tag',
      settings: keeping,
      text: '',
      more: having({}),
      found: [
        '2:1 kept-group-untagged: kept group `sg-0123456789abcdef0` lacks the tag `bulkhead:keep`; tag it, else IAM refuses to keep it',
      ],
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
