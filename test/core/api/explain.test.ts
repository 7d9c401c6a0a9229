import { describe, expect, test } from 'vitest';
import { explainPath } from '../../../core/api/explain.ts';
import { CONNECTED as BASE, OPEN_ACL } from '../reach/connected-estate.ts';
import { type EstateText, estate } from '../reach/estate.ts';

function ask(from: string, to: string, port: string, text: EstateText = BASE) {
  const found = explainPath({
    inventory: estate(text),
    from,
    to,
    port,
    now: '2026-11-24T00:00:00Z',
  });
  if (found.kind !== 'answer') throw new Error(found.message);
  return found.answer.aws;
}

describe("AWS's answer, where the way leads out of what groups can name", () => {
  test.each([
    ['in over an internet gateway', '198.51.100.7', 'i-web', 'tcp/443', 'allow', /over igw-1/],
    ['in, on a port of nobody', '198.51.100.7', 'i-web', 'tcp/80', 'deny', /none of its groups/],
    [
      'in, to a host without public address',
      '198.51.100.7',
      'i-app',
      'tcp/80',
      'deny',
      /none of its/,
    ],
    ['out over an internet gateway', 'i-web', '198.51.100.7', 'tcp/443', 'allow', /over igw-1/],
    [
      'out over a NAT gateway',
      'i-app',
      '198.51.100.7',
      'tcp/443',
      'allow',
      /nat-1 as 192\.0\.2\.9/,
    ],
    [
      'out over what was not read',
      'i-guarded',
      '198.51.100.7',
      'tcp/443',
      'unknown',
      /vpce-firewall/,
    ],
    [
      'out of a group without egress',
      'i-shut',
      '198.51.100.7',
      'tcp/443',
      'deny',
      /egress of eni-shut/,
    ],
    [
      'to an address that the internet does not have',
      'i-app',
      '10.77.0.1',
      'tcp/443',
      'deny',
      /no such/,
    ],
    [
      'to a public address of the estate',
      'i-app',
      '192.0.2.1',
      'tcp/443',
      'allow',
      /ingress of eni-web/,
    ],
    [
      'there, by a rule about private addresses',
      'i-app',
      '192.0.2.1',
      'tcp/22',
      'deny',
      /from 192\.0\.2\.9/,
    ],
    ['to a balancer without groups', 'i-app', '10.0.1.8', 'tcp/80', 'unknown', /has no groups/],
    [
      'to it from a group without egress',
      'i-shut',
      '10.0.1.8',
      'tcp/80',
      'deny',
      /egress of eni-shut/,
    ],
    ['to its public address', '198.51.100.7', '192.0.2.8', 'tcp/80', 'unknown', /has no groups/],
    ['over a transit gateway', 'i-app', 'i-far', 'tcp/5432', 'unknown', /tgw-1.*not read/],
    [
      'over it, by a rule that names a group',
      'i-app',
      'i-far',
      'tcp/22',
      'unknown',
      /names a group/,
    ],
    ['over it, without a rule', 'i-app', 'i-far', 'tcp/80', 'deny', /ingress of eni-far/],
    ['to itself', 'i-shut', 'i-shut', 'tcp/80', 'allow', /never leaves it/],
    ['between two strangers', '198.51.100.7', '203.0.113.1', 'tcp/80', 'unknown', /neither/],
  ])('%s: %s -> %s %s is %s', (_, from, to, port, verdict, why) => {
    const answer = ask(from, to, port);
    expect(answer.verdict, answer.why.join()).toBe(verdict);
    expect(answer.why.join()).toMatch(why);
  });

  test('a NAT gateway is seen under its own address', () => {
    expect(ask('i-web', '192.0.2.1', 'tcp/25').verdict).toBe('deny');
    const hosts = {
      ...BASE.hosts,
      nat: { ...BASE.hosts.nat, at: '10.0.1.9', publicIpv4: '192.0.2.7' },
    };
    expect(ask('i-app', '192.0.2.1', 'tcp/25', { ...BASE, hosts }).verdict).toBe('allow');
  });

  test.each([
    ['toward the NAT gateway', '5 in deny tcp/443 10.0.2.0/24', /entry 5 denies 10\.0\.2\.1/],
    ['away from it', '5 out deny tcp/443 198.51.100.0/24', /entry 5 denies 198\.51\.100\.7/],
    ['for its answers', '5 in deny tcp/1024-65535 198.51.100.0/24', /answers do not get back/],
  ])("the NACL of the NAT gateway's subnet counts %s", (_, entry, why) => {
    const subnets = {
      ...BASE.subnets,
      'subnet-1': { ...BASE.subnets?.['subnet-1'], acl: [entry, ...OPEN_ACL] },
    };
    const answer = ask('i-app', '198.51.100.7', 'tcp/443', { ...BASE, subnets });
    expect(answer.verdict).toBe('deny');
    expect(answer.why.join()).toMatch(why);
  });

  test('a NACL denies before a transit gateway is unknown', () => {
    const subnets = {
      ...BASE.subnets,
      'subnet-3': {
        ...BASE.subnets?.['subnet-3'],
        acl: ['1 in deny tcp/5432 10.0.2.1/32', ...OPEN_ACL],
      },
    };
    expect(ask('i-app', 'i-far', 'tcp/5432', { ...BASE, subnets }).verdict).toBe('deny');
  });

  test.each([
    ['in, some of the ports', '198.51.100.7', 'i-web', 'tcp/400-500', 'partly', 'only tcp/443'],
    ['in, everything', '198.51.100.7', 'i-web', 'all', 'partly', 'only tcp/443'],
    ['in, none of the ports', '198.51.100.7', 'i-web', 'tcp/444-500', 'deny', /none of its groups/],
    ['out, everything', 'i-web', '198.51.100.7', 'all', 'allow', /over igw-1/],
    ['out over a NAT gateway, everything', 'i-app', '198.51.100.7', 'all', 'allow', /nat-1/],
    ['out of nothing', 'i-shut', '198.51.100.7', 'all', 'deny', /egress of eni-shut/],
    ['out over what was not read', 'i-guarded', '198.51.100.7', 'all', 'unknown', /vpce-/],
    ['to a public address', 'i-app', '192.0.2.1', 'tcp/1-1023', 'partly', 'only tcp/443'],
    ['to that of a balancer', '198.51.100.7', '192.0.2.8', 'all', 'unknown', /has no groups/],
  ])('counts every port: %s, %s -> %s %s is %s', (_, from, to, port, verdict, why) => {
    const answer = ask(from, to, port);
    expect(answer.verdict, answer.why.join()).toBe(verdict);
    if (typeof why === 'string') expect(answer.why[0]).toBe(why);
    else expect(answer.why.join()).toMatch(why);
  });

  test.each([
    ['on the way to the NAT gateway', '5 in deny tcp/443 10.0.2.0/24'],
    ['on the way out of it', '5 out deny tcp/443 198.51.100.0/24'],
  ])('counts every port that a NACL takes %s', (_, entry) => {
    const subnets = {
      ...BASE.subnets,
      'subnet-1': { ...BASE.subnets?.['subnet-1'], acl: [entry, ...OPEN_ACL] },
    };
    const answer = ask('i-app', '198.51.100.7', 'tcp/440-450', { ...BASE, subnets });
    expect(answer).toMatchObject({ verdict: 'partly' });
    expect(answer.why[0]).toBe('only tcp/440-442, tcp/444-450');
  });

  test('some of the ports, over what was not read, are unknown', () => {
    const acl = ['5 out deny tcp/443 0.0.0.0/0', ...OPEN_ACL];
    const subnets = { ...BASE.subnets, 'subnet-4': { ...BASE.subnets?.['subnet-4'], acl } };
    const answer = ask('i-guarded', '198.51.100.7', 'tcp/440-450', { ...BASE, subnets });
    expect(answer.verdict).toBe('unknown');
  });

  test('over several interfaces: what some of them let pass is partly open, with both reasons', () => {
    const inventory = estate(BASE);
    const [web, ...others] = inventory.workloads;
    if (web === undefined) throw new Error('no workload');
    const twoFaced = { ...web, interfaces: ['eni-shut', 'eni-web', 'eni-guarded'] };
    const found = explainPath({
      ...{ inventory: { ...inventory, workloads: [twoFaced, ...others] }, port: 'tcp/80' },
      ...{ from: 'i-web', to: 'i-app', now: '2026-11-24T00:00:00Z' },
    });
    expect(found).toMatchObject({
      answer: {
        aws: {
          verdict: 'partly',
          why: [
            'egress of eni-web: group sg-web (sg-web) allows it to 0.0.0.0/0',
            'ingress of eni-app: group sg-app (sg-app) allows it from 10.0.0.0/8',
            'egress of eni-shut: none of its groups (sg-shut) has a rule for it to 10.0.2.1',
          ],
        },
      },
    });
  });
});

describe('of a range of ports or types', () => {
  const groups = {
    'sg-a': { out: ['all 0.0.0.0/0'] },
    'sg-b': { in: ['icmp/8 10.0.0.0/8', 'tcp/100-200 10.0.0.0/8'] },
  };
  const a = { at: '10.0.1.1', groups: ['sg-a'] };
  const near: EstateText = { groups, hosts: { a, b: { at: '10.0.1.2', groups: ['sg-b'] } } };
  const far: EstateText = {
    groups: { ...groups, 'sg-b': { ...groups['sg-b'], vpc: 'vpc-9' } },
    vpcs: { 'vpc-1': ['10.0.0.0/16'], 'vpc-9': ['10.9.0.0/16'] },
    subnets: {
      'subnet-1': { routes: ['10.0.0.0/16 local', '10.9.0.0/16 tgw-1'] },
      'subnet-9': { vpc: 'vpc-9', routes: ['10.9.0.0/16 local', '10.0.0.0/16 tgw-1'] },
    },
    hosts: { a, b: { at: '10.9.1.1', subnet: 'subnet-9', groups: ['sg-b'] } },
  };
  const ADMITS = 'ingress of eni-b: group sg-b (sg-b) allows it from 10.0.0.0/8';

  test('some are allowed: which, and by what', () => {
    expect(ask('i-a', 'i-b', 'tcp/150-300', near)).toEqual({
      verdict: 'partly',
      why: ['only tcp/150-200', expect.stringContaining('sg-a'), ADMITS],
    });
    expect(ask('i-a', 'i-b', 'icmp', near).why[0]).toBe('only icmp/8');
    expect(ask('i-a', 'i-b', 'tcp/100-200', near).why).toEqual([
      expect.stringContaining('sg-a'),
      ADMITS,
    ]);
  });

  test('what was not read leaves open is unknown, though the groups deny the rest', () => {
    for (const port of ['icmp', 'tcp', 'tcp/200-300', 'all']) {
      const { verdict, why } = ask('i-a', 'i-b', port, far);
      expect([port, verdict]).toEqual([port, 'unknown']);
      expect(why.join()).toContain('tgw-1');
      expect(why).toContain(ADMITS);
    }
    for (const port of ['icmp/0', 'tcp/201-300', 'udp']) {
      expect([port, ask('i-a', 'i-b', port, far).verdict]).toEqual([port, 'deny']);
    }
  });

  test('between ends that share no address family nothing is known, and why', () => {
    const b = { at: '2001:db8::2', groups: ['sg-b'] };
    const found = ask('i-a', 'i-b', 'tcp', { ...near, hosts: { a, b } });
    expect(found).toEqual({ verdict: 'unknown', why: ['they share no address family'] });
  });
});
