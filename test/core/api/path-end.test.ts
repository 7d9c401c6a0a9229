import { describe, expect, test } from 'vitest';
import { findEnd } from '../../../core/api/path-end.ts';
import { estate } from '../reach/estate.ts';

const found = estate({
  hosts: {
    one: { at: ['10.0.1.1', '10.0.1.11', '2001:db8::1'], publicIpv4: '192.0.2.1' },
    two: { at: '10.0.1.2' },
  },
});
const [one, two] = found.interfaces;
const [oneHost, twoHost] = found.workloads;
if (one === undefined || two === undefined || twoHost === undefined) throw new Error('no hosts');

/** `i-two` also has a second interface, and `eni-nobody` is of a workload that was not read. */
const third = { ...two, id: 'eni-third', ipv4: ['10.0.1.3'] };
const nobody = { ...two, id: 'eni-nobody', ipv4: ['10.0.1.4'], workload: 'i-gone' };
const inventory = {
  ...found,
  interfaces: [one, two, third, nobody],
  workloads: [...found.workloads.slice(0, 1), { ...twoHost, interfaces: ['eni-two', 'eni-third'] }],
};
const [, bothHost] = inventory.workloads;

const ofOne = {
  workload: oneHost,
  interfaces: [one],
  ipv4: ['10.0.1.1', '10.0.1.11'],
  ipv6: ['2001:db8::1'],
};

describe('findEnd', () => {
  test.each([
    ['i-one', ofOne],
    ['eni-one', ofOne],
    ['10.0.1.11', ofOne],
    ['2001:db8::1', ofOne],
    ['2001:0db8:0::0001', ofOne],
    ['192.0.2.1', { ...ofOne, publicAddress: '192.0.2.1' }],
    [
      'i-two',
      {
        workload: bothHost,
        interfaces: [two, third],
        ipv4: ['10.0.1.2', '10.0.1.3'],
        ipv6: [],
      },
    ],
    ['eni-third', { workload: bothHost, interfaces: [third], ipv4: ['10.0.1.3'], ipv6: [] }],
    ['10.0.1.3', { workload: bothHost, interfaces: [third], ipv4: ['10.0.1.3'], ipv6: [] }],
    ['eni-nobody', { interfaces: [nobody], ipv4: ['10.0.1.4'], ipv6: [] }],
    ['10.0.1.4', { interfaces: [nobody], ipv4: ['10.0.1.4'], ipv6: [] }],
    ['198.51.100.7', { interfaces: [], ipv4: ['198.51.100.7'], ipv6: [] }],
    ['2001:DB8::0:99', { interfaces: [], ipv4: [], ipv6: ['2001:db8::99'] }],
  ])('%s', (asked, expected) => {
    expect(findEnd(inventory, asked)).toStrictEqual({ asked, ...expected });
  });

  test.each(['i-gone', 'eni-none', '', '10.0.1', '10.0.1.0/24', '2001:db8::/32', 'one'])(
    '%j is none',
    (asked) => expect(findEnd(inventory, asked)).toBeUndefined(),
  );
});
