import { describe, expect, test } from 'vitest';
import { answerProbes, type Probe, probeSchema } from '../../../core/api/probe.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { OWNER } from '../../properties/builders.ts';
import { SHOP_POLICY, shop } from './shop.ts';

interface Given {
  readonly policy?: Policy | undefined;
  readonly inventory?: Inventory;
}

function answers(probes: readonly Probe[], given: Given = {}) {
  const now = '2026-11-23T12:00:00Z';
  return answerProbes({
    policy: SHOP_POLICY,
    inventory: shop,
    owner: OWNER,
    now,
    probes,
    ...given,
  });
}

const FLAT_TO_DB = [
  'egress of eni-web: group sg-flat (sg-flat) allows it to 0.0.0.0/0',
  'ingress of eni-db: group sg-flat (sg-flat) allows it from 10.0.0.0/8',
];

describe('answerProbes', () => {
  test('answers in order: by the policy, by AWS now and by AWS after the plan', () => {
    const stranger = { from: 'i-lone', to: 'i-vault', protocol: 6, port: 1 };
    const orders = { from: 'i-web', to: 'i-db', protocol: 'tcp', port: 5432 };
    expect(answers([stranger, orders])).toEqual([
      {
        ...stranger,
        policy: { verdict: 'deny', why: ['no rule lets no segment reach vault on tcp/1'] },
        now: {
          verdict: 'allow',
          why: [
            'egress of eni-lone: group sg-flat (sg-flat) allows it to 0.0.0.0/0',
            'ingress of eni-vault: group sg-flat (sg-flat) allows it from 10.0.0.0/8',
          ],
        },
        planned: {
          verdict: 'deny',
          why: [
            'ingress of eni-vault: none of its groups (open-egress@vpc-1, segment:vault@vpc-1) has a rule for it from 10.0.1.6',
          ],
        },
      },
      {
        ...orders,
        policy: {
          verdict: 'allow',
          why: ['rule `web-to-db` allows tcp/5432, tcp/6432: orders (shop.yaml:12)'],
        },
        now: { verdict: 'allow', why: FLAT_TO_DB },
        planned: {
          verdict: 'allow',
          why: [
            'egress of eni-web: group open-egress@vpc-1 (Bulkhead/open-egress) allows it to 0.0.0.0/0',
            'ingress of eni-db: group segment:db@vpc-1 (Bulkhead/segment/db) allows it from segment:web@vpc-1',
          ],
        },
      },
    ]);
  });

  test('without a policy there is AWS alone', () => {
    const probe = { from: 'i-web', to: 'i-db', protocol: 'tcp', port: 1 };
    expect(answers([probe], { policy: undefined })).toEqual([
      {
        ...probe,
        policy: { verdict: 'unknown', why: ['no policy was given'] },
        now: { verdict: 'allow', why: FLAT_TO_DB },
        planned: { verdict: 'unknown', why: ['no policy was given, so nothing is planned'] },
      },
    ]);
  });

  test('a policy that AWS would refuse plans nothing, and says why', () => {
    const quotas = { groupsPerInterface: 5, rulesPerGroup: 60, groupsPerRegion: 3 };
    const [answer] = answers([{ from: 'i-web', to: 'i-db', protocol: 'tcp', port: 5432 }], {
      inventory: { ...shop, quotas },
    });
    expect(answer?.policy.verdict).toBe('allow');
    expect(answer?.now.verdict).toBe('allow');
    expect(answer?.planned).toEqual({
      verdict: 'unknown',
      why: [
        'the policy does not fit the estate: the Region would hold 6 of 3 security groups: 1 exist, 5 would be added',
      ],
    });
  });

  test('a question about nobody is unknown on every side', () => {
    const because = '`i-none` is neither a known workload nor an interface nor an address';
    const unknown = { verdict: 'unknown', why: [because] };
    const [answer] = answers([{ from: 'i-none', to: 'i-db', protocol: 'tcp', port: 1 }]);
    expect(answer).toMatchObject({ policy: unknown, now: unknown, planned: unknown });
  });

  test('where some of it passes the verdict is allow, and says so', () => {
    const [answer] = answers([{ from: 'i-web', to: 'i-db', protocol: 'tcp' }]);
    expect(answer?.policy).toEqual({
      verdict: 'allow',
      why: [
        'not for every address and port',
        'rule `web-to-db` allows tcp/5432, tcp/6432: orders (shop.yaml:12)',
      ],
    });
  });
});

describe('a probe is read', () => {
  test.each([
    [{ protocol: 'tcp', port: 80 }, 'tcp/80'],
    [{ protocol: 'TCP', port: 0 }, 'tcp/0'],
    [{ protocol: 6, port: 80 }, 'tcp/80'],
    [{ protocol: '06', port: 80 }, 'tcp/80'],
    [{ protocol: 17, port: 53 }, 'udp/53'],
    [{ protocol: 'icmp', port: 8 }, 'icmp/8/0'],
    [{ protocol: 1, port: 8 }, 'icmp/8/0'],
    [{ protocol: 58, port: 128 }, 'icmpv6/128/0'],
    [{ protocol: 'icmp6', port: 128 }, 'icmpv6/128/0'],
    [{ protocol: 1, port: -1 }, 'icmp'],
    [{ protocol: 1, port: null }, 'icmp'],
    [{ protocol: 58 }, 'icmpv6'],
    [{ protocol: 47 }, '47'],
    [{ protocol: 47, port: 1 }, '47'],
    [{ protocol: -1, port: -1 }, 'all'],
    [{ protocol: '-1' }, 'all'],
    [{ protocol: 'all', port: 5 }, 'all'],
  ])('%j as %s', (asked, expected) => {
    const policy = { ...SHOP_POLICY, rules: [] };
    const probe = probeSchema.parse({ from: 'i-web', to: 'i-db', ...asked });
    expect(answers([probe], { policy })[0]?.policy.why).toEqual([
      `no rule lets web reach db on ${expected}`,
    ]);
  });

  test.each([
    [{ protocol: 'gre', port: 1 }, '`gre` is no service of the policy'],
    [{ protocol: '6to4', port: 1 }, '`6to4` is no service of the policy'],
    [{ protocol: ' ' }, '` ` is no service of the policy'],
    [{ protocol: 1, port: 256 }, '`icmp/256/0` has no ICMP type and code from 0 to 255'],
  ])('%j not at all', (asked, expected) => {
    const probe = probeSchema.parse({ from: 'i-web', to: 'i-db', ...asked });
    expect(answers([probe])[0]?.now.why[0]).toContain(expected);
  });
});
