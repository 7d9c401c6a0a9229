import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import { awsReach } from '../../../core/reach/aws-reach.ts';
import { isBeyond } from '../../../core/reach/routes.ts';
import { type EstateText, estate } from './estate.ts';

const OPEN = { in: ['all 0.0.0.0/0', 'all ::/0'], out: ['all 0.0.0.0/0', 'all ::/0'] };
const LOCAL = '10.0.0.0/16 local';

/** Host `a` in vpc-1, whose subnet has these routes, and host `b` in vpc-2, which is peered. */
function peered(routes: readonly string[], more: Partial<EstateText> = {}, b = '10.1.0.2') {
  return estate({
    vpcs: { 'vpc-1': ['10.0.0.0/16'], 'vpc-2': ['10.1.0.0/16'] },
    groups: { 'sg-x': OPEN, 'sg-y': { vpc: 'vpc-2', ...OPEN } },
    subnets: {
      'subnet-1': { routes },
      'subnet-2': { vpc: 'vpc-2', routes: ['10.1.0.0/16 local', '10.0.0.0/16 pcx-1'] },
    },
    prefixLists: { 'pl-1': { name: 'far', cidrs: ['10.2.0.0/16', '10.1.0.0/24'] } },
    peerings: { 'pcx-1': 'vpc-1 vpc-2' },
    hosts: {
      a: { at: '10.0.1.1', groups: ['sg-x'] },
      b: { at: b, subnet: 'subnet-2', groups: ['sg-y'] },
    },
    ...more,
  });
}

function reach(inventory: ReturnType<typeof estate>): string | undefined {
  const { ipv4 } = awsReach(inventory).between('eni-a', 'eni-b');
  return ipv4 === undefined ? undefined : trafficTexts(ipv4).join(' ');
}

const explain = (inventory: ReturnType<typeof estate>) =>
  awsReach(inventory).explain('eni-a', 'eni-b', { protocol: 6, port: 443 });

const RULES = [
  'egress of eni-a: group sg-x (sg-x) allows it to 0.0.0.0/0',
  'ingress of eni-b: group sg-y (sg-y) allows it from 0.0.0.0/0',
];

describe('the most specific route decides', () => {
  test.each([
    ['a peering route', [LOCAL, '10.1.0.0/16 pcx-1']],
    ['before one that is wider', [LOCAL, '0.0.0.0/0 igw-1', '10.1.0.0/24 pcx-1']],
    ['before one that begins below it', ['10.1.0.0/30 igw-1', '10.1.0.2/32 pcx-1']],
    ['in any order', ['10.1.0.0/24 pcx-1', '0.0.0.0/0 igw-1', LOCAL]],
    ['before a blackhole elsewhere', ['10.1.0.0/16 pcx-1', '10.1.0.3/32 pcx-1 blackhole']],
    ['by prefix list', [LOCAL, 'pl-1 pcx-1']],
    ['before a prefix list that is wider', ['10.1.0.2/32 pcx-1', 'pl-1 igw-1']],
    ['before a prefix list of the same size', ['10.1.0.0/24 pcx-1', 'pl-1 igw-1']],
    ['before a prefix list that is not known', ['0.0.0.0/0 pcx-1', 'pl-9 igw-1']],
  ])('%s', (_, routes) => {
    expect(reach(peered(routes))).toBe('all');
    expect(explain(peered(routes))).toEqual({
      verdict: 'allow',
      why: [...RULES, 'routed over pcx-1'],
    });
  });
});

describe('what stops a packet on its way', () => {
  const denied = (inventory: ReturnType<typeof estate>, why: string): void => {
    expect(explain(inventory)).toEqual({ verdict: 'deny', why: [why] });
    expect(reach(inventory)).toBe('');
  };

  test.each([
    ['no route', [LOCAL], 'rtb-subnet-1 has no route to 10.1.0.2'],
    [
      'a blackhole',
      [LOCAL, '10.1.0.0/16 pcx-1', '10.1.0.2/32 pcx-1 blackhole'],
      'the route of rtb-subnet-1 to 10.1.0.2 is a blackhole',
    ],
    [
      'a route into the internet',
      [LOCAL, '10.1.0.0/16 igw-1'],
      'rtb-subnet-1 sends 10.1.0.2 to igw-1, past what groups can name',
    ],
    ['the range of its own VPC', ['10.0.0.0/8 local'], 'rtb-subnet-1 keeps 10.1.0.2 inside vpc-1'],
    ['a peering that is not known', [LOCAL, '10.1.0.0/16 pcx-9'], 'pcx-9 is not known'],
  ])('%s', (_, routes, why) => {
    denied(peered(routes), `no route: ${why}`);
  });

  const over = [LOCAL, '10.1.0.0/16 pcx-1'];
  test.each(['pending-acceptance', 'deleted', 'expired'])('a peering that is %s', (status) => {
    const peerings = { 'pcx-1': `vpc-1 vpc-2 ${status}` };
    denied(peered(over, { peerings }), `no route: pcx-1 is ${status}`);
  });

  test('a peering of others', () => {
    const why = 'no route: pcx-1 does not lead to vpc-2';
    denied(peered(over, { peerings: { 'pcx-1': 'vpc-1 vpc-3' } }), why);
    denied(peered(over, { peerings: { 'pcx-1': 'vpc-3 vpc-2' } }), why);
  });

  test('answers that have no route', () => {
    const subnets = {
      'subnet-1': { routes: over },
      'subnet-2': { vpc: 'vpc-2', routes: ['10.1.0.0/16 local'] },
    };
    denied(peered([], { subnets }), 'no route back: rtb-subnet-2 has no route to 10.0.1.1');
  });

  test('another VPC, where no route table is known', () => {
    const subnets = { 'subnet-2': { vpc: 'vpc-2' } };
    denied(peered([], { subnets }), 'no route: no route table of vpc-1 is known');
  });
});

describe('inside a VPC', () => {
  test('everything is local where no route table is known', () => {
    const found = peered([], { subnets: { 'subnet-2': {} } });
    expect(reach(found)).toBe('all');
    expect(explain(found)).toEqual({ verdict: 'allow', why: RULES });
  });

  test('a local route leads to every subnet, and none is needed inside one', () => {
    const subnets = { 'subnet-1': { routes: [LOCAL] }, 'subnet-2': { routes: [LOCAL] } };
    const between = peered([], { subnets }, '10.0.2.2');
    expect(explain(between)).toEqual({ verdict: 'allow', why: RULES });
    expect(reach(between)).toBe('all');
    const one = {
      a: { at: '10.0.1.1', groups: ['sg-x'] },
      b: { at: '10.0.1.2', groups: ['sg-y'] },
    };
    const without = peered([], { hosts: one });
    expect(explain(without)).toEqual({ verdict: 'allow', why: RULES });
    expect(reach(without)).toBe('all');
  });

  test('the main table serves the subnets that no table names', () => {
    const found = peered([LOCAL, '10.1.0.0/16 pcx-1']);
    const tables = (main: boolean) =>
      found.routeTables.map((one) => (one.vpc === 'vpc-1' ? { ...one, main, subnets: [] } : one));
    expect(reach({ ...found, routeTables: tables(true) })).toBe('all');
    expect(reach({ ...found, routeTables: tables(false) })).toBe('');
  });
});

const BEYOND = [
  'tgw-1',
  'vgw-1',
  'lgw-1',
  'eni-9',
  'vpce-1',
  'i-9',
  'cagw-1',
  'arn:aws:networkmanager::000000000000:core-network/core-network-1',
];

describe('routes that were not read', () => {
  test.each(BEYOND)('over %s nothing is proven and nothing denied', (target) => {
    const found = peered([LOCAL, `10.1.0.0/16 ${target}`]);
    expect(reach(found)).toBe('');
    expect(explain(found)).toEqual({
      verdict: 'unknown',
      why: [
        `rtb-subnet-1 sends 10.1.0.2 to ${target}, past what groups can name; its routes were not read`,
        ...RULES,
      ],
    });
  });

  test('lie behind these targets and no others', () => {
    const others = ['local', 'none', 'igw-1', 'nat-1', 'eigw-1', 'pcx-1', 'x-tgw-1', 'xarn:'];
    expect(BEYOND.map(isBeyond)).toEqual(BEYOND.map(() => true));
    expect(others.map(isBeyond)).toEqual(others.map(() => false));
  });

  const back = {
    'subnet-1': { routes: [LOCAL, '10.1.0.0/16 pcx-1'] },
    'subnet-2': { vpc: 'vpc-2', routes: ['10.0.0.0/16 tgw-1'] },
  };
  test('count on the way back too', () => {
    expect(explain(peered([], { subnets: back })).why[0]).toBe(
      'rtb-subnet-2 sends 10.0.1.1 to tgw-1, past what groups can name; its routes were not read',
    );
  });

  test('do not excuse what is known to deny', () => {
    const deny = (more: Partial<EstateText>) => explain(peered([], { subnets: back, ...more }));
    const shut = { 'sg-x': { in: OPEN.in }, 'sg-y': { vpc: 'vpc-2', ...OPEN } };
    expect(deny({ groups: shut })).toEqual({
      verdict: 'deny',
      why: ['egress of eni-a: none of its groups (sg-x) has a rule for it to 10.1.0.2'],
    });
    const acl = ['9 in deny tcp/443 10.0.0.0/8', '10 in allow all 0.0.0.0/0'];
    const walled = { ...back, 'subnet-2': { ...back['subnet-2'], acl } };
    expect(deny({ subnets: walled })).toEqual({
      verdict: 'deny',
      why: ['ingress of NACL acl-subnet-2: entry 9 denies 10.0.1.1'],
    });
  });

  describe('a rule that names a group of the other side, which may hold there', () => {
    const named = (y: EstateText['groups'], b = ['sg-y']) =>
      explain(
        peered([], {
          peerings: { 'pcx-1': 'vpc-1 vpc-2 deleted' },
          subnets: {
            'subnet-1': { routes: [LOCAL, '10.1.0.0/16 tgw-1'] },
            'subnet-2': { vpc: 'vpc-2', routes: ['10.0.0.0/16 tgw-1'] },
          },
          groups: { 'sg-x': OPEN, ...y },
          hosts: {
            a: { at: '10.0.1.1', groups: ['sg-x'] },
            b: { at: '10.1.0.2', subnet: 'subnet-2', groups: b },
          },
        }),
      );
    const ROUTE =
      'rtb-subnet-1 sends 10.1.0.2 to tgw-1, past what groups can name; its routes were not read';

    test('leaves it open', () => {
      const expected = {
        verdict: 'unknown',
        why: [ROUTE, RULES[0], 'ingress of eni-b: a rule names a group of eni-a'],
      };
      const some = ['tcp/80 sg-x', 'tcp/443 10.9.0.0/16', 'tcp/443 sg-x'];
      expect(named({ 'sg-y': { vpc: 'vpc-2', in: some } })).toEqual(expected);
      const two = { 'sg-y': { vpc: 'vpc-2', in: ['tcp sg-x'] }, 'sg-z': { vpc: 'vpc-2' } };
      expect(named(two, ['sg-none', 'sg-y', 'sg-z'])).toEqual(expected);
    });

    test.each([
      ['another group', ['tcp/443 sg-other']],
      ['it on another port', ['tcp/80 sg-x', 'udp/443 sg-x']],
      ['it and another address on the port', ['tcp/80 sg-x', 'tcp/443 10.9.0.0/16']],
    ])('but not one that names %s', (_, into) => {
      expect(named({ 'sg-y': { vpc: 'vpc-2', in: into } })).toEqual({
        verdict: 'deny',
        why: ['ingress of eni-b: none of its groups (sg-y) has a rule for it from 10.0.1.1'],
      });
    });

    test('on the way in alone', () => {
      const groups = { 'sg-x': { out: ['tcp/443 sg-y'], in: ['tcp sg-y'] } };
      expect(named({ ...groups, 'sg-y': { vpc: 'vpc-2', ...OPEN } })).toEqual({
        verdict: 'deny',
        why: ['egress of eni-a: none of its groups (sg-x) has a rule for it to 10.1.0.2'],
      });
    });

    test('and not over a peering into another Region, where its groups are not known', () => {
      const found = peered([LOCAL, '10.1.0.0/16 pcx-1'], {
        groups: { 'sg-x': OPEN, 'sg-y': { vpc: 'vpc-2', in: ['tcp sg-x'] } },
        peerings: { 'pcx-1': 'vpc-1 vpc-2 active eu-west-1' },
      });
      expect(explain(found).verdict).toBe('deny');
    });
  });
});
