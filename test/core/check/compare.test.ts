import { describe, expect, test } from 'vitest';
import type { GroupRule, Inventory } from '../../../core/model/inventory.ts';
import { network, policy, rule, segment } from '../../properties/builders.ts';
import { compare, HOSTS, POLICY, published, regrouped } from './published.ts';

const ssh = (cidr: string): GroupRule => ({
  ...{ protocol: 6, fromPort: 22, toPort: 22 },
  peer: { kind: 'ipv4', cidr },
});
const told = (list: readonly { from: string; to: string }[]) =>
  list.map(({ from, to }) => `${from} > ${to}`).sort();

describe('compareEstate', () => {
  test('finds nothing right after a publish, over every ordered pair', () => {
    const found = compare(published());
    expect(found).toMatchObject({ holes: [], cuts: [], pairs: 6 });
    expect(found.count).toEqual({ holes: 0, cuts: 0, excused: 0 });
  });

  test('finds a hole: a rule by hand that lets in what no rule of the policy does', () => {
    const everywhere = regrouped(published(), 'db', ({ ingress }) => ({
      ingress: [...ingress, ssh('0.0.0.0/0')],
    }));
    const opened = regrouped(everywhere, 'web', ({ egress }) => ({
      egress: [...egress, ssh('0.0.0.0/0')],
    }));
    const { holes, cuts, count } = compare(opened);
    expect(told(holes)).toEqual(['eni-w > eni-d', 'eni-w > eni-e']);
    expect(cuts).toEqual([]);
    expect(count).toMatchObject({ holes: 2, cuts: 0 });
    expect(holes[0]?.traffic).toEqual([{ protocolFrom: 6, protocolTo: 6, from: 22, to: 22 }]);
    expect(holes[0]).toMatchObject({ kind: 'hole', family: 'ipv4' });
  });

  test.each([
    ['beside ours', (groups: readonly string[]) => [...groups, 'sg-flat']],
    ['instead of ours', () => ['sg-flat']],
  ])('finds a hole: a foreign group that somebody put on an enforced host, %s', (_, onto) => {
    const found = published();
    const changed = found.interfaces.map((nic) =>
      ['eni-d', 'eni-e'].includes(nic.id) ? { ...nic, groups: onto(nic.groups) } : nic,
    );
    const { holes } = compare({ ...found, interfaces: changed });
    expect(told(holes)).toEqual(['eni-d > eni-e', 'eni-e > eni-d']);
  });

  test('nothing is asked of a host that a service owns, even among others that look the same', () => {
    const open = policy({ segments: [segment('db', { mode: 'enforce' })] });
    const found = published(open, HOSTS.slice(0, 2));
    const workloads = found.workloads.map((one) =>
      one.identity.workload === 'i-d' ? { ...one, control: 'visible' as const } : one,
    );
    const interfaces = found.interfaces.map((nic) => ({ ...nic, groups: ['sg-flat'] }));
    const { holes } = compare({ ...found, workloads, interfaces }, open);
    expect(told(holes)).toEqual(['eni-d > eni-e']);
  });

  test('finds a cut: a rule of the policy that is not on the group', () => {
    const closed = regrouped(published(), 'db', () => ({ ingress: [] }));
    const { holes, cuts, count } = compare(closed);
    expect(holes).toEqual([]);
    expect(told(cuts)).toEqual(['eni-w > eni-d', 'eni-w > eni-e']);
    expect(count).toEqual({ holes: 0, cuts: 2, excused: 0 });
    expect(cuts[0]?.traffic).toEqual([{ protocolFrom: 6, protocolTo: 6, from: 5432, to: 5432 }]);
  });

  test('finds the half of a rule that is missing on the side of the source', () => {
    const silent = regrouped(published(), 'web', () => ({ egress: [] }));
    expect(told(compare(silent).cuts)).toEqual(['eni-w > eni-d', 'eni-w > eni-e']);
  });

  test('finds a NACL that stands in the way', () => {
    const found = published();
    const deny = { egress: false, action: 'deny', protocol: 6, fromPort: 5432, toPort: 5432 };
    const all = { protocol: -1, cidr: '0.0.0.0/0', fromPort: -1, toPort: -1, action: 'allow' };
    const acl = {
      ...{ id: 'acl-1', vpc: 'vpc-1', isDefault: false, tags: {} },
      subnets: [...new Set(found.interfaces.map((nic) => nic.subnet))],
      entries: [
        { ...deny, ruleNumber: 10, cidr: '10.0.0.0/8' },
        { ...all, ruleNumber: 100, egress: false },
        { ...all, ruleNumber: 100, egress: true },
      ],
    } as unknown as Inventory['networkAcls'][number];
    // One subnet for each host: between hosts of one subnet no NACL is asked.
    const apart = {
      ...found,
      interfaces: found.interfaces.map((nic) => ({ ...nic, subnet: `subnet-${nic.id}` })),
      networkAcls: [{ ...acl, subnets: ['subnet-eni-d'] }],
    };
    expect(told(compare(apart).cuts)).toEqual(['eni-w > eni-d']);
  });

  test('excuses an end of which it is known why, and says so', () => {
    const closed = regrouped(published(), 'db', () => ({ ingress: [] }));
    const { cuts, excused, count } = compare(closed, POLICY, {
      excused: new Map([['i-d', 'held']]),
    });
    expect(told(cuts)).toEqual(['eni-w > eni-e']);
    expect(excused.map((one) => [one.to, one.because])).toEqual([['eni-d', 'held']]);
    expect(count).toEqual({ holes: 0, cuts: 1, excused: 1 });
  });

  test('expects nothing yet of who does not carry his groups', () => {
    const found = published();
    const bare = {
      ...found,
      interfaces: found.interfaces.map((nic) =>
        nic.id === 'eni-d' ? { ...nic, groups: ['sg-flat'] } : nic,
      ),
    };
    expect(told(compare(bare).cuts)).toEqual([]);
  });

  test('asks nothing of who only is observed', () => {
    const observed = policy({
      segments: POLICY.segments.map((one) => ({ ...one, mode: 'observe' as const })),
      rules: POLICY.rules,
    });
    expect(compare(published(observed), observed)).toMatchObject({ holes: [], cuts: [] });
  });

  test('lets other groups open what they will while both ends are staged, and finds the cuts', () => {
    const staged = policy({
      segments: POLICY.segments.map((one) => ({ ...one, mode: 'stage' as const })),
      rules: POLICY.rules,
    });
    const found = published(staged);
    expect(compare(found, staged)).toMatchObject({ holes: [], cuts: [] });
    const flat = found.groups.map((one) => (one.id === 'sg-flat' ? { ...one, egress: [] } : one));
    const shut = regrouped({ ...found, groups: flat }, 'web', () => ({ egress: [] }));
    expect(told(compare(shut, staged).cuts)).toEqual(['eni-w > eni-d', 'eni-w > eni-e']);
  });

  test('takes what a kept group lets through as allowed', () => {
    const settings = { ...POLICY.settings, keepSecurityGroups: ['sg-flat'] };
    const keeping = { ...POLICY, settings };
    const found = published(keeping);
    expect(found.interfaces.every((nic) => nic.groups.includes('sg-flat'))).toBe(true);
    expect(compare(found, keeping)).toMatchObject({ holes: [], cuts: [] });
  });

  test('holds a source of closed egress to the policy, whoever the destination is', () => {
    const half = policy({
      segments: POLICY.segments.map((one) =>
        one.name === 'db' ? { ...one, mode: 'stage' as const, egress: 'open' as const } : one,
      ),
      rules: POLICY.rules,
    });
    const found = published(half);
    expect(compare(found, half).count).toEqual({ holes: 0, cuts: 0, excused: 0 });
    const opened = regrouped(found, 'web', ({ egress }) => ({
      egress: [...egress, ssh('10.0.0.0/8')],
    }));
    expect(told(compare(opened, half).holes)).toEqual(['eni-w > eni-d', 'eni-w > eni-e']);
    // The other way round nobody is closed: a staged source, and a destination that still is asked.
    expect(told(compare(found, half).holes)).toEqual([]);
  });

  test('names the ends as people do', () => {
    const found = published();
    const named = {
      ...found,
      workloads: found.workloads.map((one) =>
        one.identity.workload === 'i-w'
          ? { ...one, identity: { ...one.identity, name: 'shop' } }
          : one,
      ),
    };
    const [cut] = compare(regrouped(named, 'db', () => ({ ingress: [] }))).cuts;
    expect(cut).toMatchObject({ fromName: 'shop (i-w)', toName: 'i-d' });
  });

  test('every address of the network of a rule may reach, and no workload inside it must', () => {
    const office = policy({
      segments: POLICY.segments,
      networks: [network('office', { cidrs: ['10.0.0.0/8'] })],
      rules: [...POLICY.rules, rule('office', 'office', 'db', ['tcp/22'])],
    });
    const found = published(office);
    expect(compare(found, office)).toMatchObject({ holes: [], cuts: [] });
    const silent = regrouped(found, 'web', () => ({ egress: [] }));
    // Of the two rules only the one that is written on the group of web is missed.
    const ports = compare(silent, office).cuts.flatMap((one) =>
      one.traffic.map(({ from }) => from),
    );
    expect([...new Set(ports)]).toEqual([5432]);
  });
});
