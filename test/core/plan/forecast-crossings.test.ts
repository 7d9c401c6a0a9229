import { describe, expect, test } from 'vitest';
import type { DesiredPeer, Membership } from '../../../core/model/desired-state.ts';
import type { NetworkInterface } from '../../../core/model/inventory.ts';
import type { Direction } from '../../../core/model/plan.ts';
import type { Guardrail, Policy } from '../../../core/model/policy.ts';
import { type CrossingsInput, forecastCrossings } from '../../../core/plan/forecast-crossings.ts';
import {
  group,
  guardrail,
  network,
  policy as policyOf,
  rule,
  segment,
} from '../../properties/builders.ts';
import { type Change, PEERS_JOIN, RULES_COME, RULES_GO } from '../../properties/crossing-world.ts';
import { fresh, planFor, publish } from './plan-for.ts';

function crossings({ inventory, before, after }: Change, more: Partial<Policy> = {}) {
  const { crossings: found } = planFor({ ...after, ...more }, publish(before, fresh(inventory)));
  return found;
}

describe('forecastCrossings', () => {
  test.each([
    ['leaves a group while rules come to it', RULES_COME, 'segment:shared@vpc-1'],
    ['leaves a group while peers join another', PEERS_JOIN, 'segment:shared@vpc-1'],
    ['joins a group while rules go', RULES_GO, 'segment:shared@vpc-1'],
  ])('names the guardrail that a workload may be let across who %s', (_who, change, group) => {
    expect(crossings(change)).toEqual([{ guardrail: 'apart', group, workloads: ['i-x'] }]);
  });

  test.each([
    ['without a guardrail', []],
    [
      'by one the other way round',
      [guardrail('g', { from: { zone: 'prod' }, to: { zone: 'dev' } })],
    ],
    ['by one for others', [guardrail('g', { from: { zone: 'dev' }, to: { segment: 'shared' } })]],
  ])('says nothing %s', (_how, guardrails) => {
    for (const change of [RULES_COME, PEERS_JOIN, RULES_GO]) {
      expect(crossings(change, { guardrails })).toBeUndefined();
    }
  });

  test('a rule that the guardrail excepts may cross it', () => {
    const deny = { from: { zone: 'dev' }, to: { zone: 'prod' } };
    expect(crossings(RULES_COME, { guardrails: [guardrail('g', deny, ['shared-prod'])] })).toBe(
      undefined,
    );
    const other = [guardrail('g', deny, ['other'])];
    expect(crossings(RULES_COME, { guardrails: other })).toHaveLength(1);
  });

  test('no crossing where nothing is open for a moment', () => {
    const { inventory, after } = RULES_COME;
    expect(crossings({ inventory, before: after, after })).toBeUndefined();
  });

  test('an uninstall crosses none', () => {
    const { inventory, before, after } = RULES_COME;
    const estate = publish(before, fresh(inventory));
    expect(planFor(after, estate, { kind: 'uninstall' }).crossings).toBeUndefined();
  });
});

describe('rules about addresses', () => {
  const intoDev = guardrail('into-dev', { from: { not: { zone: 'dev' } }, to: { zone: 'dev' } });
  /** `x` goes from `shared` to `dev` while `shared` lets a network in. */
  function withNetwork(more: Parameters<typeof network>[1]): Partial<Policy> {
    return {
      guardrails: [intoDev],
      networks: [network('net', more)],
      rules: [rule('net-shared', 'net', 'shared', ['tcp/443'])],
    };
  }

  test('come from the zone of their network', () => {
    const cidrs = ['198.51.100.0/24'];
    expect(crossings(RULES_COME, withNetwork({ cidrs }))).toHaveLength(1);
    // An address of a network may be anybody's; it counts as in no zone, too.
    expect(crossings(RULES_COME, withNetwork({ cidrs, zone: 'prod' }))).toHaveLength(1);
    const inDev = {
      ...withNetwork({ cidrs, zone: 'dev' }),
      guardrails: [{ ...intoDev, ...PROD_TO_DEV }],
    };
    expect(crossings(RULES_COME, inDev)).toBeUndefined();
    const inProd = { ...inDev, networks: [network('net', { cidrs, zone: 'prod' })] };
    expect(crossings(RULES_COME, inProd)).toHaveLength(1);
  });

  test('come from the workloads that have such addresses', () => {
    const inside = withNetwork({ cidrs: ['10.0.0.0/8'], includesWorkloads: true });
    const guarded = { ...inside, guardrails: [{ ...intoDev, ...PROD_TO_DEV }] };
    expect(crossings(RULES_COME, guarded)).toHaveLength(1);
    const elsewhere = { ...guarded, networks: [network('net', { cidrs: ['192.168.0.0/16'] })] };
    expect(crossings(RULES_COME, elsewhere)).toBeUndefined();
  });
});

const PROD_TO_DEV = { deny: { from: { zone: 'prod' }, to: { zone: 'dev' } } };

/** The parts by hand: what `w` may get for a moment while it leaves group A. */
describe('who is behind a rule', () => {
  const A = 'segment:a@vpc-1';
  const P = 'segment:p@vpc-1';
  const DENY = { from: { zone: 'dev' }, to: { zone: 'prod' } };
  const ALL = { protocol: -1, fromPort: -1, toPort: -1 };

  function nic(name: string, more: Partial<NetworkInterface> = {}): NetworkInterface {
    const base = {
      id: `eni-${name}`,
      workload: name,
      vpc: 'vpc-1',
      groups: [],
      ipv4: [],
      ipv6: [],
    };
    return { ...base, ...more } as unknown as NetworkInterface;
  }

  function member(workload: string, more: Partial<Membership> = {}): Membership {
    return {
      ...{ workload, segments: [], withheld: [], mode: 'enforce', openEgress: false },
      ...{ conflicts: [], ...more },
    };
  }

  function comes(group: string, direction: Direction, peer: DesiredPeer, because = ['r']) {
    const rules = [{ ...ALL, peer, because }];
    const step = {
      kind: 'authorize',
      phase: 'create',
      after: [],
      direction,
      group,
      rules,
    } as const;
    return { ...step, id: `authorize:${group}` };
  }

  interface Parts extends Partial<CrossingsInput> {
    readonly guardrails?: Policy['guardrails'];
    readonly networks?: Policy['networks'];
  }

  function crossed(coming: CrossingsInput['coming'], parts: Parts = {}): readonly string[] {
    const { guardrails = [guardrail('g', DENY)], networks = [] } = parts;
    const existing = new Map([
      [A, group('sg-a', 'vpc-1')],
      [P, group('sg-p', 'vpc-1')],
    ]);
    return forecastCrossings({
      ...{ existing, coming, going: [], interfaces: [] },
      keysById: new Map([...existing].map(([key, { id }]) => [id, key])),
      openings: [{ group: A, workloads: ['w', 'v'], because: 'leave while rules come' }],
      memberships: [member('w', { zone: 'dev' }), member('p', { zone: 'prod' })],
      nics: [nic('w'), nic('p', { groups: ['sg-p'], ipv4: ['10.0.0.9'] })],
      policy: policyOf({ guardrails, networks, segments: ZONED }),
      ...parts,
    }).flatMap(({ workloads }) => workloads);
  }

  const ZONED = [segment('in-dev', { zone: 'dev' }), segment('in-prod', { zone: 'prod' })];
  const toP = comes(A, 'egress', { kind: 'owned', key: P });

  test('the carriers of a group that is named, or of one that names', () => {
    expect(crossed([toP])).toEqual(['w']);
    expect(crossed([comes(P, 'ingress', { kind: 'owned', key: A })])).toEqual(['w']);
    // The other way round.
    expect(crossed([comes(A, 'ingress', { kind: 'owned', key: P })])).toEqual([]);
    expect(crossed([comes(P, 'egress', { kind: 'owned', key: A })])).toEqual([]);
    expect(crossed([comes(P, 'egress', { kind: 'owned', key: P })])).toEqual([]);
    expect(crossed([comes(A, 'egress', { kind: 'owned', key: 'segment:new@vpc-1' })])).toEqual([]);
  });

  test('everybody who has an address of the network, by either family', () => {
    const to = (cidr: string, kind: 'ipv4' | 'ipv6' = 'ipv4') =>
      crossed([comes(A, 'egress', { kind, cidr })]);
    expect(to('10.0.0.0/24')).toEqual(['w']);
    expect(to('10.0.1.0/24')).toEqual([]);
    expect(to('fd00::/8', 'ipv6')).toEqual([]);
    const nics = [nic('p', { ipv4: ['192.168.0.1'], ipv6: ['fd00::1'] })];
    expect(crossed([comes(A, 'egress', { kind: 'ipv6', cidr: 'fd00::/8' })], { nics })).toEqual([
      'w',
    ]);
  });

  test('each network by its own addresses, and what was let in before not again', () => {
    const near = comes(A, 'egress', { kind: 'ipv4', cidr: '203.0.113.0/24' });
    const far = comes(A, 'egress', { kind: 'ipv4', cidr: '10.0.0.0/24' });
    expect(crossed([near, far])).toEqual(['w']);
    const before = { ...ALL, peer: { kind: 'ipv4', cidr: '10.0.0.0/24' } } as const;
    const existing = new Map([[A, group('sg-a', 'vpc-1', { egress: [before] })]]);
    expect(crossed([], { existing })).toEqual([]);
  });

  test('networks by any of their addresses, and behind a prefix list all of them', () => {
    const vpn = network('vpn', { zone: 'prod', cidrs: ['172.16.0.0/16', '198.51.100.0/24'] });
    const to = (
      peer: DesiredPeer,
      networks: Policy['networks'],
      nics: readonly NetworkInterface[] = [],
    ) => crossed([comes(A, 'egress', peer)], { networks, nics });
    const inside = { kind: 'ipv4', cidr: '198.51.100.0/24' } as const;
    expect(to(inside, [vpn])).toEqual(['w']);
    expect(to({ kind: 'ipv4', cidr: '203.0.113.0/24' }, [vpn])).toEqual([]);
    const list = { kind: 'prefixList', id: 'pl-1' } as const;
    expect(to(list, [vpn])).toEqual(['w']);
    expect(to(list, [network('s3', { zone: 'prod', prefixList: 'pl-1' })])).toEqual(['w']);
    expect(to(list, [])).toEqual([]);
    expect(to(list, [], [nic('p')])).toEqual(['w']);
  });

  test('of an address that nothing is known of nobody knows the zone', () => {
    const deny = { from: { zone: 'dev' }, to: { not: { zone: 'dev' } } };
    const cidr = { kind: 'ipv4', cidr: '203.0.113.0/24' } as const;
    const guardrails = [guardrail('g', deny)];
    expect(crossed([comes(A, 'egress', cidr)], { guardrails })).toEqual(['w']);
  });

  test('a workload by the zone, the segments that it is in, and those that are withheld from it', () => {
    const of = (one: Partial<Membership>, deny: Guardrail['deny'] = DENY) =>
      crossed([toP], {
        guardrails: [guardrail('g', deny)],
        memberships: [member('w', one), member('p', { zone: 'prod', segments: ['in-prod'] })],
      });
    expect(of({ zone: 'dev', segments: ['in-prod'] })).toEqual(['w']);
    expect(of({ zone: 'prod', segments: ['in-dev'] })).toEqual([]);
    const withheld = (...names: string[]) =>
      names.map((name) => ({ segment: name, because: 'two zones' }));
    expect(of({ withheld: withheld('in-prod', 'in-dev') })).toEqual(['w']);
    expect(of({ withheld: withheld('in-prod') })).toEqual([]);
    const bySegment = { from: { segment: 'in-dev' }, to: { segment: 'in-prod' } };
    expect(of({ segments: ['in-dev'] }, bySegment)).toEqual(['w']);
    expect(of({ withheld: withheld('in-dev') }, bySegment)).toEqual(['w']);
    expect(of({ segments: ['other'] }, bySegment)).toEqual([]);
  });

  test('a workload that is in no segment is in no zone', () => {
    const deny = { from: { not: { zone: 'dev' } }, to: { zone: 'prod' } };
    const guardrails = [guardrail('g', deny)];
    const openings = [
      { group: A, workloads: ['w', 'v', 'u', 'v'], because: 'leave while rules come' },
    ] as const;
    expect(crossed([toP], { guardrails, openings })).toEqual(['u', 'v']);
  });

  test('a rule for several reasons is excepted when all of them are', () => {
    const rule = comes(A, 'egress', { kind: 'owned', key: P }, ['r1', 'r2']);
    const guarded = (...except: string[]) =>
      crossed([rule], { guardrails: [guardrail('g', DENY, except)] });
    expect(guarded('r1')).toEqual(['w']);
    expect(guarded('r1', 'r2')).toEqual([]);
  });
});
