import { describe, expect, test } from 'vitest';
import type { GroupRule, RulePeer } from '../../../core/model/inventory.ts';
import { covers, groupNamedBy, ruleKey } from '../../../core/plan/rule-keys.ts';

const KEYS = new Map([['sg-api', 'segment:api@vpc-1']]);
const TEN: RulePeer = { kind: 'ipv4', cidr: '10.0.0.0/8' };

/** `<protocol> <from> <to>` with a peer. */
function rule(text: string, peer: RulePeer = TEN): GroupRule {
  const [protocol = 0, fromPort = 0, toPort = 0] = text.split(' ').map(Number);
  return { protocol, fromPort, toPort, peer };
}

describe('covers', () => {
  test.each([
    ['everything', '-1 -1 -1', '6 80 80'],
    ['itself', '6 80 80', '6 80 80'],
    ['a part of its ports', '6 80 90', '6 81 90'],
    ['a part of its ports at the other end', '6 80 90', '6 80 89'],
    ['all of a protocol without ports', '47 -1 -1', '47 -1 -1'],
    ['every ICMP type', '1 -1 -1', '1 8 0'],
    ['every code of a type', '1 8 -1', '1 8 0'],
    ['one code', '58 128 0', '58 128 0'],
  ])('%s', (_, wider, narrower) => {
    expect(covers(rule(wider), rule(narrower), KEYS)).toBe(true);
  });

  test.each([
    ['one protocol not all of them', '6 0 65535', '-1 -1 -1'],
    ['another protocol', '17 80 80', '6 80 80'],
    ['ports below', '6 80 90', '6 79 80'],
    ['ports above', '6 80 90', '6 90 91'],
    ['another ICMP type', '1 8 -1', '1 0 -1'],
    ['a smaller ICMP type', '1 0 -1', '1 8 -1'],
    ['all codes by one', '1 8 0', '1 8 -1'],
    ['another code', '58 1 4', '58 1 3'],
    ['all types by one', '1 8 -1', '1 -1 -1'],
  ])('but not %s', (_, wider, narrower) => {
    expect(covers(rule(wider), rule(narrower), KEYS)).toBe(false);
  });

  test('another peer is never covered, and a group of ours is the same by id and by key', () => {
    const other: RulePeer = { kind: 'ipv4', cidr: '11.0.0.0/8' };
    expect(covers(rule('-1 -1 -1', other), rule('6 80 80'), KEYS)).toBe(false);
    const byId = rule('6 80 80', { kind: 'group', id: 'sg-api' });
    const byKey = {
      ...rule('6 80 80'),
      ...{ peer: { kind: 'owned' as const, key: 'segment:api@vpc-1' }, because: [] },
    };
    expect(covers(byId, byKey, KEYS)).toBe(true);
    expect(ruleKey(byId, KEYS)).toBe(ruleKey(byKey, KEYS));
  });
});

test('rules differ in what they allow, not in how they are written', () => {
  const six = (cidr: string) => ruleKey(rule('6 80 80', { kind: 'ipv6', cidr }), KEYS);
  expect(six('2001:DB8::/32')).toBe(six('2001:db8::/32'));
  expect(six('2001:db8::/32')).not.toBe(six('2001:db8::/33'));
  const keys = [
    ...['6 80 80', '6 80 81', '6 79 80', '17 80 80'].map((text) => rule(text)),
    rule('6 80 80', { kind: 'prefixList', id: 'pl-1' }),
    rule('6 80 80', { kind: 'group', id: 'sg-1' }),
  ].map((one) => ruleKey({ ...one, description: 'd', id: 'sgr-1' }, KEYS));
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  ['a group of ours by its key', { kind: 'group', id: 'sg-api' }, 'segment:api@vpc-1'],
  ['a foreign group by its id', { kind: 'group', id: 'sg-1' }, 'sg-1'],
  ['no group by addresses', TEN, undefined],
  ['no group by a prefix list', { kind: 'prefixList', id: 'pl-1' }, undefined],
] as const)('a rule names %s', (_, peer, named) => {
  expect(groupNamedBy(rule('6 80 80', peer), KEYS)).toBe(named);
});
