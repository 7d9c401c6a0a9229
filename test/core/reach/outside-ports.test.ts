import { describe, expect, test } from 'vitest';
import { OutsideReach } from '../../../core/reach/outside.ts';
import { estate } from './estate.ts';

const OPEN = ['99 in allow all 0.0.0.0/0', '99 out allow all 0.0.0.0/0'];

/** A web server in a public subnet, with a NAT gateway; a host in a private one behind it. */
const inventory = estate({
  groups: {
    'sg-web': { in: ['tcp/443 0.0.0.0/0', 'udp/53 pl-1'], out: ['tcp/80-90 198.51.100.0/24'] },
    'sg-app': { out: ['tcp 0.0.0.0/0'] },
  },
  prefixLists: { 'pl-1': { name: 'resolvers', cidrs: ['198.51.100.7/32'] } },
  subnets: {
    'subnet-1': {
      acl: [
        '1 in deny tcp/81 10.0.2.0/24',
        '2 out deny tcp/82 198.51.100.0/24',
        '3 in deny tcp/83 198.51.100.0/24',
        ...OPEN,
      ],
      routes: ['10.0.0.0/16 local', '0.0.0.0/0 igw-1'],
    },
    'subnet-2': {
      acl: ['1 out deny tcp/84 0.0.0.0/0', ...OPEN],
      routes: ['10.0.0.0/16 local', '0.0.0.0/0 nat-1'],
    },
    'subnet-3': { acl: ['1 out deny udp 0.0.0.0/0', ...OPEN], routes: ['0.0.0.0/0 igw-1'] },
  },
  hosts: {
    web: { at: '10.0.1.1', groups: ['sg-web'], publicIpv4: '192.0.2.1' },
    nat: { at: '10.0.1.9', type: 'natGateway', publicIpv4: '192.0.2.9', natGateway: 'nat-1' },
    app: { at: '10.0.2.1', subnet: 'subnet-2', groups: ['sg-app'] },
    balancer: { at: '10.0.3.1', subnet: 'subnet-3', type: 'lb', publicIpv4: '192.0.2.3' },
  },
});
const reach = new OutsideReach(inventory);

const PACKETS = [53, 79, 80, 81, 82, 83, 84, 90, 91, 443].map((port) => ({ protocol: 6, port }));
const QUESTIONS = [{ protocol: 17, port: 53 }, { protocol: 1, port: 2_048 }, ...PACKETS];

function nicOf(name: string) {
  const found = inventory.interfaces.find(({ id }) => id === `eni-${name}`);
  if (found === undefined) throw new Error(`no interface of ${name}`);
  return found;
}

describe('what passes', () => {
  test.each([
    ['web', 'ingress', '198.51.100.7', 2],
    ['web', 'ingress', '203.0.113.7', 1],
    ['web', 'egress', '198.51.100.7', 5],
    ['web', 'egress', '203.0.113.7', 0],
    ['app', 'egress', '198.51.100.7', 7],
    ['app', 'egress', '203.0.113.7', 8],
    ['balancer', 'ingress', '198.51.100.7', 11],
  ] as const)(
    '%s, %s, %s: is what one packet after the other does',
    (name, way, address, count) => {
      const nic = nicOf(name);
      const passing = reach.passing(nic, way, address);
      const passes = QUESTIONS.filter(({ protocol, port }) => passing.has(protocol, port));
      const explained = QUESTIONS.filter(
        (packet) => reach.explain(nic, way, address, packet).verdict !== 'deny',
      );
      expect(passes).toEqual(explained);
      expect(passes).toHaveLength(count);
    },
  );

  test.each([
    ['app', '192.0.2.1', 1],
    ['web', '192.0.2.3', 0],
    ['app', '192.0.2.3', 8],
  ])('from %s to the public address %s, too', (from, address, count) => {
    const destination = inventory.interfaces.find((nic) => nic.publicIpv4 === address);
    if (destination === undefined) throw new Error(`nobody has ${address}`);
    const source = nicOf(from);
    const passing = reach.passingTranslated(source, destination, address);
    const passes = QUESTIONS.filter(({ protocol, port }) => passing.has(protocol, port));
    const explained = QUESTIONS.filter(
      (packet) => reach.explainTranslated(source, destination, address, packet).verdict !== 'deny',
    );
    expect(passes).toEqual(explained);
    expect(passes).toHaveLength(count);
  });
});
