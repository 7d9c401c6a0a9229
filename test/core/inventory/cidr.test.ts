import { describe, expect, test } from 'vitest';
import { canonicalAddress, canonicalCidr } from '../../../core/inventory/cidr.ts';

describe('CIDRs and addresses', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::1', '2001:db8::1/128'],
    ['::/0', '::/0'],
    ['192.0.2.7/32', '192.0.2.7/32'],
    ['::1/128', '::1/128'],
    ['2001:db8:0:0:0:0:0:1/64', '2001:db8::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0/128'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalCidr(text)).toBe(expected);
  });

  test.each([
    ...['300.1.1.1/8', '10.0.0.256', '010.1.1.1', '0x0a.1.1.1', '10.1', '1.2.3.4.5', '1..2.3'],
    ...['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/', '10.0.0.0/8/9', ' 10.0.0.0/8'],
    ...['1::2::3', '12345::/16', 'gggg::', ':::', '1:2', '1:2:3:4:5:6:7:8:9', '::1%eth0', '::/129'],
    ...['a.b.c.d', 'localhost', '', '/', '/8', '::ffff:300.1.1.1', '1:2:3:4:5:6:7::8:9'],
    ...['1:2:3::4:5:6::7:8', '10.0.0.0/1x', 'fe80::1/64/', '1:2:3:4:5:6:7:8::'],
  ])('`%s` is never read as something else', (text) => {
    expect(canonicalCidr(text)).toBeUndefined();
  });

  test('a block is no address, were it of one', () => {
    expect(canonicalAddress('10.0.0.1')).toBe('10.0.0.1');
    expect(canonicalAddress('2001:DB8::0:1')).toBe('2001:db8::1');
    for (const text of ['10.0.0.1/24', '10.0.0.1/32', '::1/128', '10.0.0']) {
      expect(canonicalAddress(text)).toBeUndefined();
    }
  });
});
