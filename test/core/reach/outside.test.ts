import { describe, expect, test } from 'vitest';
import { OutsideReach } from '../../../core/reach/outside.ts';
import type { Probe } from '../../../core/reach/verdict.ts';
import { CONNECTED, OPEN_ACL, OPEN_ACL_BOTH } from './connected-estate.ts';
import { type EstateText, estate } from './estate.ts';

const HTTPS: Probe = { protocol: 6, port: 443 };
const STRANGER = '198.51.100.7';

function connected(more: Partial<EstateText>) {
  const inventory = estate({ ...CONNECTED, ...more });
  const nic = (name: string) => {
    const found = inventory.interfaces.find(({ id }) => id === `eni-${name}`);
    if (found === undefined) throw new Error(`no host \`${name}\``);
    return found;
  };
  return { reach: new OutsideReach(inventory), nic };
}

interface Asked {
  readonly more?: Partial<EstateText>;
  readonly address?: string;
  readonly probe?: Probe;
}

function explain(
  host: string,
  direction: 'ingress' | 'egress',
  { more = {}, address = STRANGER, probe = HTTPS }: Asked = {},
) {
  const { reach, nic } = connected(more);
  return reach.explain(nic(host), direction, address, probe);
}

/** From a host to the public address of another. */
function translated(from: string, to: string, { more = {}, address, probe = HTTPS }: Asked = {}) {
  const { reach, nic } = connected(more);
  const there = address ?? nic(to).publicIpv4 ?? '';
  return reach.explainTranslated(nic(from), nic(to), there, probe);
}

/** Another route table or NACL for one of the subnets. */
const changed = (id: string, more: { routes?: readonly string[]; acl?: readonly string[] }) => ({
  subnets: { ...CONNECTED.subnets, [id]: { ...CONNECTED.subnets?.[id], ...more } },
});
const routed = (...routes: string[]) => changed('subnet-1', { routes });

const OUT = 'egress of eni-web: group sg-web (sg-web) allows it to 0.0.0.0/0';
const IN = 'ingress of eni-web: group sg-web (sg-web) allows it from 0.0.0.0/0';
const APP_OUT = 'egress of eni-app: group sg-app (sg-app) allows it to 0.0.0.0/0';
const UNREAD =
  'eni-balancer (network_load_balancer) has no groups; what it takes in and sends on was not read';

describe('between an interface and an address outside', () => {
  test.each([
    ['web', 'egress', [OUT, 'rtb-subnet-1 leads to 198.51.100.7 over igw-1']],
    ['web', 'ingress', [IN, 'rtb-subnet-1 leads to 198.51.100.7 over igw-1']],
    ['app', 'egress', [APP_OUT, 'it leaves over nat-1 as 192.0.2.9']],
  ] as const)('%s: %s passes', (host, direction, why) => {
    expect(explain(host, direction)).toEqual({ verdict: 'allow', why });
  });

  test('what a balancer without groups does is not known, either way', () => {
    const why = [UNREAD, 'rtb-subnet-1 leads to 198.51.100.7 over igw-1'];
    expect(explain('balancer', 'ingress')).toEqual({ verdict: 'unknown', why });
    expect(explain('balancer', 'egress')).toEqual({ verdict: 'unknown', why });
  });

  test.each([
    ['a prefix list', ['tcp/443 pl-1'], 'pl-1'],
    ['its address', ['tcp/443 198.51.100.7/32'], '198.51.100.7/32'],
    ['a group, whose members it is not', ['tcp/443 sg-web'], undefined],
    ['a prefix list that is not known', ['tcp/443 pl-9'], undefined],
    ['it on another port', ['tcp/444 0.0.0.0/0'], undefined],
  ])('a rule may name %s', (_, into, by) => {
    const more = {
      groups: { ...CONNECTED.groups, 'sg-web': { in: into } },
      prefixLists: { 'pl-1': { name: 'p', cidrs: ['192.0.2.0/24', '198.51.100.0/24'] } },
    };
    const { verdict, why } = explain('web', 'ingress', { more });
    expect([verdict, why[0]]).toEqual(
      by === undefined
        ? [
            'deny',
            'ingress of eni-web: none of its groups (sg-web) has a rule for it from 198.51.100.7',
          ]
        : ['allow', `ingress of eni-web: group sg-web (sg-web) allows it from ${by}`],
    );
  });

  test.each([
    [
      'no rule',
      'shut',
      {},
      'egress of eni-shut: none of its groups (sg-shut) has a rule for it to 198.51.100.7',
    ],
    [
      'the NACL',
      'web',
      { more: changed('subnet-1', { acl: ['3 out deny tcp/443 0.0.0.0/0', ...OPEN_ACL] }) },
      'egress of NACL acl-subnet-1: entry 3 denies 198.51.100.7',
    ],
    [
      'the NACL, of its answers',
      'web',
      { more: changed('subnet-1', { acl: OPEN_ACL.slice(1) }) },
      'the answers do not get back: ingress of NACL acl-subnet-1 denies 198.51.100.7 on some of the ports 32768-60999',
    ],
    [
      'no route',
      'web',
      { more: routed('10.0.0.0/16 local') },
      'no route: rtb-subnet-1 has no route to 198.51.100.7',
    ],
    [
      'a blackhole',
      'web',
      { more: routed('0.0.0.0/0 igw-1 blackhole') },
      'no route: the route of rtb-subnet-1 to 198.51.100.7 is a blackhole',
    ],
    [
      'an address of its VPC that nobody has',
      'web',
      { address: '10.0.9.9' },
      'no interface of vpc-1 has the address 10.0.9.9',
    ],
    [
      'no public address of its own',
      'app',
      { more: changed('subnet-2', { routes: ['0.0.0.0/0 igw-1'] }) },
      'eni-app has no public address, so igw-1 does not serve it',
    ],
  ] as const)('%s stops it', (_, host, asked, why) => {
    expect(explain(host, 'egress', asked)).toEqual({ verdict: 'deny', why: [why] });
  });

  test.each(['igw-1', 'nat-1', 'eigw-1'])('%s does not lead to private addresses', (target) => {
    const more = {
      ...changed('subnet-1', {
        routes: [`0.0.0.0/0 ${target}`, `::/0 ${target}`],
        acl: OPEN_ACL_BOTH,
      }),
      groups: { ...CONNECTED.groups, 'sg-web': { out: ['all 0.0.0.0/0', 'all ::/0'] } },
    };
    const addresses = ['10.77.0.1', '172.31.0.1', '192.168.0.1', '100.64.0.1', '169.254.1.1'];
    for (const address of [...addresses, 'fd00::1', 'fe80::1']) {
      expect(explain('web', 'egress', { more, address })).toEqual({
        verdict: 'deny',
        why: [`no route: rtb-subnet-1 sends ${address} to the internet, which has no such address`],
      });
    }
    for (const address of ['11.0.0.1', '172.32.0.1', '100.128.0.1', '2001:db8::1']) {
      expect(explain('web', 'egress', { more, address }).verdict, address).not.toBe('deny');
    }
  });

  test.each([
    ['over a transit gateway', '10.2.9.9', 'tgw-1'],
    ['over an endpoint of a firewall', STRANGER, 'vpce-firewall'],
    ['over an egress-only gateway', STRANGER, 'eigw-1'],
    ['over a NAT gateway that was not read', STRANGER, 'nat-9'],
    ['over what is only named to be no such gateway', '10.9.9.9', 'my-igw-1'],
  ])('%s it is not known', (_, address, target) => {
    const more = routed('10.0.0.0/16 local', `0.0.0.0/0 ${target}`);
    expect(explain('web', 'egress', { more, address })).toEqual({
      verdict: 'unknown',
      why: [OUT, `rtb-subnet-1 leads to ${address} over ${target}; what lies beyond was not read`],
    });
  });

  test('without a route table it is not known', () => {
    const more = changed('subnet-1', {});
    const subnets = { ...more.subnets, 'subnet-1': { acl: OPEN_ACL } };
    expect(explain('web', 'egress', { more: { subnets } })).toEqual({
      verdict: 'unknown',
      why: [OUT, 'no route table of vpc-1 was read'],
    });
  });

  test('an IPv6 address needs no public one', () => {
    const more = {
      ...changed('subnet-2', {
        routes: ['::/0 igw-1'],
        acl: OPEN_ACL_BOTH,
      }),
      groups: { ...CONNECTED.groups, 'sg-app': { out: ['all ::/0'] } },
    };
    expect(explain('app', 'egress', { more, address: '2001:db8::1' })).toEqual({
      verdict: 'allow',
      why: [
        'egress of eni-app: group sg-app (sg-app) allows it to ::/0',
        'rtb-subnet-2 leads to 2001:db8::1 over igw-1',
      ],
    });
  });
});

describe('over a NAT gateway', () => {
  test('nobody comes in', () => {
    expect(explain('app', 'ingress', { probe: { protocol: 6, port: 80 } }).verdict).toBe('deny');
    const groups = { ...CONNECTED.groups, 'sg-app': { in: ['tcp/80 0.0.0.0/0'] } };
    expect(
      explain('app', 'ingress', { more: { groups }, probe: { protocol: 6, port: 80 } }),
    ).toEqual({
      verdict: 'unknown',
      why: [
        'ingress of eni-app: group sg-app (sg-app) allows it from 0.0.0.0/0',
        'rtb-subnet-2 leads to 198.51.100.7 over nat-1; what lies beyond was not read',
      ],
    });
  });

  test.each([
    [
      'toward the gateway',
      '5 in deny tcp/443 10.0.2.0/24',
      'ingress of NACL acl-subnet-1: entry 5 denies 10.0.2.1',
    ],
    [
      'of the answers toward the host',
      '5 out deny tcp/1024-65535 10.0.2.0/24',
      'the answers do not get back: egress of NACL acl-subnet-1 denies 10.0.2.1 on some of the ports 32768-60999',
    ],
    [
      'away from it',
      '5 out deny tcp/443 198.51.100.0/24',
      'egress of NACL acl-subnet-1: entry 5 denies 198.51.100.7',
    ],
    [
      'of the answers toward it',
      '5 in deny tcp/1024-65535 198.51.100.0/24',
      'the answers do not get back: ingress of NACL acl-subnet-1 denies 198.51.100.7 on some of the ports 32768-60999',
    ],
  ])("the NACL of the gateway's subnet counts %s", (_, entry, why) => {
    const more = changed('subnet-1', { acl: [entry, ...OPEN_ACL] });
    expect(explain('app', 'egress', { more })).toEqual({ verdict: 'deny', why: [why] });
  });

  test('its NACL is not crossed inside its own subnet', () => {
    const hosts = { ...CONNECTED.hosts, app: { at: '10.0.1.5', groups: ['sg-app'] } };
    const more = changed('subnet-1', {
      acl: ['5 in deny all 10.0.1.5/32', '5 out deny all 10.0.1.5/32', ...OPEN_ACL],
      routes: ['10.0.0.0/16 local', '0.0.0.0/0 nat-1'],
    });
    // Its own way on leads back to itself here, so that what lies beyond is not known.
    expect(explain('app', 'egress', { more: { ...more, hosts } })).toEqual({
      verdict: 'unknown',
      why: [APP_OUT, 'what lies beyond nat-1 was not read'],
    });
  });

  test.each([
    ['without a way on to an internet gateway', routed('10.0.0.0/16 local', '0.0.0.0/0 vpce-1')],
    ['with a way on that is a blackhole', routed('0.0.0.0/0 igw-1 blackhole')],
  ])('what lies beyond is not known %s', (_, more) => {
    expect(explain('app', 'egress', { more })).toEqual({
      verdict: 'unknown',
      why: [APP_OUT, 'what lies beyond nat-1 was not read'],
    });
  });

  test('nor beyond a private one', () => {
    const { nat } = { nat: { at: '10.0.1.9', type: 'natGateway', natGateway: 'nat-1' } };
    expect(explain('app', 'egress', { more: { hosts: { ...CONNECTED.hosts, nat } } })).toEqual({
      verdict: 'unknown',
      why: [
        APP_OUT,
        'rtb-subnet-2 leads to 198.51.100.7 over nat-1; what lies beyond was not read',
      ],
    });
  });
});

describe('to the public address of another host of the estate', () => {
  const [LEAVES, THERE] = [
    'it leaves over nat-1 as 192.0.2.9',
    (address: string) => `rtb-subnet-1 leads to ${address} over igw-1`,
  ];

  test('it goes out, and comes in again under the address that the gateway gives it', () => {
    expect(translated('app', 'web')).toEqual({
      verdict: 'allow',
      why: [APP_OUT, LEAVES, IN, THERE('192.0.2.9')],
    });
    const other = { at: '10.0.1.2', groups: ['sg-web'], publicIpv4: '192.0.2.2' };
    const more = { hosts: { ...CONNECTED.hosts, other } };
    const sent = 'egress of eni-other: group sg-web (sg-web) allows it to 0.0.0.0/0';
    expect(translated('other', 'web', { more })).toEqual({
      verdict: 'allow',
      why: [sent, THERE('192.0.2.1'), IN, THERE('192.0.2.2')],
    });
  });

  test('rules about groups and private addresses do not match there', () => {
    expect(translated('app', 'web', { probe: { protocol: 6, port: 22 } })).toEqual({
      verdict: 'deny',
      why: ['ingress of eni-web: none of its groups (sg-web) has a rule for it from 192.0.2.9'],
    });
  });

  test('what stops it on the way out is said first', () => {
    expect(translated('shut', 'web')).toEqual({
      verdict: 'deny',
      why: ['egress of eni-shut: none of its groups (sg-shut) has a rule for it to 192.0.2.1'],
    });
  });

  test('nothing is known of it where either half is not', () => {
    expect(translated('app', 'balancer')).toEqual({
      verdict: 'unknown',
      why: [APP_OUT, LEAVES, UNREAD, THERE('192.0.2.9')],
    });
    expect(translated('guarded', 'web')).toEqual({
      verdict: 'unknown',
      why: [
        'egress of eni-guarded: group sg-app (sg-app) allows it to 0.0.0.0/0',
        'rtb-subnet-4 leads to 192.0.2.1 over vpce-firewall; what lies beyond was not read',
      ],
    });
    const more = { subnets: { ...CONNECTED.subnets, 'subnet-2': {} } };
    expect(translated('app', 'web', { more })).toEqual({
      verdict: 'unknown',
      why: [APP_OUT, 'no route table of vpc-1 was read'],
    });
    expect(translated('balancer', 'web')).toEqual({
      verdict: 'unknown',
      why: [UNREAD, THERE('192.0.2.1'), IN, THERE('192.0.2.8')],
    });
  });
});
