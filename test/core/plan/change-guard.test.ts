import { describe, expect, test } from 'vitest';
import type { DesiredState } from '../../../core/model/desired-state.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import { judgeChange } from '../../../core/plan/change-guard.ts';

interface Host {
  readonly name: string;
  readonly segments?: readonly string[];
  readonly carries?: readonly string[];
  readonly vpc?: string;
  readonly state?: string;
}

/** Hosts by name, of which those named change; a group's id is its segment's name. */
function judge(hosts: readonly Host[], changed: readonly string[], share = 0.5) {
  const names = new Set(hosts.flatMap(({ carries = [] }) => carries));
  return judgeChange({
    desired: {
      memberships: hosts.map(({ name, segments = [] }) => ({ workload: name, segments })),
    } as unknown as DesiredState,
    inventory: {
      workloads: hosts.map(({ name, state = 'running' }) => ({
        identity: { workload: name },
        state,
      })),
      interfaces: hosts.map(({ name, vpc = 'vpc-1', carries = [] }) => ({
        ...{ id: `eni-${name}`, workload: name, vpc },
        groups: ['sg-foreign', ...carries],
      })),
    } as unknown as Inventory,
    keysById: new Map([...names].map((name) => [name, `segment:${name}@vpc-1`])),
    managed: new Set(['vpc-1']),
    changed: new Set(changed),
    share,
  });
}

const told = (findings: ReturnType<typeof judgeChange>): readonly string[] =>
  findings.map(
    ({ segment, changed, members, exceeded }) =>
      `${segment}: ${changed} of ${members}${exceeded ? ', too many' : ''}`,
  );

describe('judgeChange', () => {
  test('exactly the share passes, one more does not', () => {
    const hosts = ['a', 'b', 'c', 'd'].map((name) => ({ name, segments: ['web'] }));
    expect(told(judge(hosts, ['a', 'b']))).toEqual(['*: 2 of 4', 'web: 2 of 4']);
    expect(told(judge(hosts, ['a', 'b', 'c']))).toEqual([
      '*: 3 of 4, too many',
      'web: 3 of 4, too many',
    ]);
  });

  test('who left a segment by the policy but still carries its group counts as its member', () => {
    const hosts = [
      { name: 'a', carries: ['web'] },
      { name: 'b', segments: ['web'] },
      ...['c', 'd', 'e', 'f'].map((name) => ({ name, segments: ['api'] })),
    ];
    expect(told(judge(hosts, ['a']))).toEqual(['*: 1 of 6', 'web: 1 of 2']);
    expect(told(judge(hosts, ['a'], 0.4))).toEqual(['*: 1 of 6', 'web: 1 of 2, too many']);
  });

  test('segments come by name after the estate, and those that nothing happens to not at all', () => {
    const hosts = ['web', 'api', 'db', 'cache'].map((name) => ({ name, segments: [name] }));
    expect(
      told(judge(hosts, ['web', 'api', 'cache'], 0.9)).map((one) => one.split(':')[0]),
    ).toEqual([...['*', 'api', 'cache', 'web']]);
  });

  test('one workload counts once, however many ways it belongs to a segment', () => {
    const both = { name: 'a', segments: ['web'], carries: ['web'] };
    expect(told(judge([both, { name: 'b', segments: ['web'] }], ['a']))).toEqual([
      '*: 1 of 2',
      'web: 1 of 2',
    ]);
  });

  test('what stands still is told of the estate alone, and of no running workload nothing', () => {
    const hosts = [{ name: 'a', segments: ['web'] }];
    expect(told(judge(hosts, []))).toEqual(['*: 0 of 1']);
    expect(judge([{ name: 'a', state: 'stopped' }], [])).toEqual([]);
    expect(judge([{ name: 'a', state: 'stopped' }], ['a'])).toEqual([]);
  });

  test('of a VPC that is not managed any more, those count that carry a group of ours', () => {
    const elsewhere = [
      { name: 'a', vpc: 'vpc-2', carries: ['web', 'api'] },
      { name: 'b', vpc: 'vpc-2' },
      { name: 'c' },
    ];
    expect(told(judge(elsewhere, ['a', 'b', 'c'], 0.9))).toEqual([
      '*: 2 of 2, too many',
      'api: 1 of 1, too many',
      'web: 1 of 1, too many',
    ]);
  });
});
