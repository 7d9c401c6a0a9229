import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import { WorldReach } from '../../../core/reach/world.ts';
import { OPEN_ACL, OPEN_ACL_BOTH } from './connected-estate.ts';
import { type EstateText, estate } from './estate.ts';

const WEB = { at: '10.0.1.1', groups: ['sg-web'], publicIpv4: '192.0.2.1' };

/** What anybody may send to host `web`, whose subnet has routes for both families. */
function open(into: readonly string[], more: Partial<EstateText> = {}): string {
  const inventory = estate({
    groups: { 'sg-web': { in: into } },
    subnets: { 'subnet-1': { acl: OPEN_ACL_BOTH, routes: ['0.0.0.0/0 igw-1', '::/0 igw-1'] } },
    hosts: { web: WEB },
    ...more,
  });
  const [web] = inventory.interfaces;
  if (web === undefined) throw new Error('no host');
  return new WorldReach(inventory)
    .into(web)
    .map(({ address, traffic }) => `${address}: ${trafficTexts(traffic).join(' ')}`)
    .join(', ');
}

describe('open to the world', () => {
  test('is what every public address may send', () => {
    expect(open(['tcp/443 0.0.0.0/0', 'tcp/22 198.51.100.0/24', 'udp/53 0.0.0.0/0'])).toBe(
      '192.0.2.1: tcp/443 udp/53',
    );
    expect(open(['tcp/443 0.0.0.0/1', 'tcp/443 128.0.0.0/1'])).toBe('192.0.2.1: tcp/443');
    expect(open(['tcp/443 0.0.0.0/1'])).toBe('');
    expect(open(['tcp/443 128.0.0.0/1'])).toBe('');
    expect(open([])).toBe('');
  });

  test('is what comes in over IPv6 too, from every address there', () => {
    const hosts = { web: { ...WEB, at: ['10.0.1.1', '2001:db8::1'] } };
    const rules = ['tcp/443 0.0.0.0/0', 'tcp/22 ::/0', 'tcp/25 2000::/7'];
    expect(open(rules, { hosts })).toBe('192.0.2.1: tcp/443, 2001:db8::1: tcp/22');
    expect(open(rules)).toBe('192.0.2.1: tcp/443');
    const six = { web: { at: '2001:db8::1', groups: ['sg-web'] } };
    expect(open(rules, { hosts: six })).toBe('2001:db8::1: tcp/22');
    expect(open(['tcp/22 2001:4860::/32'], { hosts: six })).toBe('');
  });

  test.each([
    ['no public address', { hosts: { web: { at: '10.0.1.1', groups: ['sg-web'] } } }],
    ['another way out', { subnets: { 'subnet-1': { routes: ['0.0.0.0/0 nat-1'] } } }],
    ['a gateway for some alone', { subnets: { 'subnet-1': { routes: ['8.8.8.0/24 igw-1'] } } }],
    [
      'a gateway that is gone',
      { subnets: { 'subnet-1': { routes: ['0.0.0.0/0 igw-1 blackhole'] } } },
    ],
    [
      'a NACL that lets nobody in',
      { subnets: { 'subnet-1': { acl: OPEN_ACL.slice(1), routes: ['0.0.0.0/0 igw-1'] } } },
    ],
    [
      'a NACL that lets no answer out',
      { subnets: { 'subnet-1': { acl: OPEN_ACL.slice(0, 1), routes: ['0.0.0.0/0 igw-1'] } } },
    ],
  ])('is nothing with %s', (_, more) => {
    expect(open(['tcp/443 0.0.0.0/0'], more)).toBe('');
  });

  test('is what the NACL leaves of it', () => {
    const acl = ['5 in deny tcp/20-30 0.0.0.0/0', ...OPEN_ACL];
    const subnets = { 'subnet-1': { acl, routes: ['0.0.0.0/0 igw-1'] } };
    expect(open(['tcp/22-443 0.0.0.0/0'], { subnets })).toBe('192.0.2.1: tcp/31-443');
    expect(
      open(['tcp/22 0.0.0.0/0'], { subnets: { 'subnet-1': { routes: ['0.0.0.0/0 igw-1'] } } }),
    ).toBe('192.0.2.1: tcp/22');
  });
});
