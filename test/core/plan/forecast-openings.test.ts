import { describe, expect, test } from 'vitest';
import type { SecurityGroup } from '../../../core/model/inventory.ts';
import type { AuthorizeStep, RevokeStep } from '../../../core/model/plan.ts';
import { forecastOpenings } from '../../../core/plan/forecast-openings.ts';
import type { InterfacePlan } from '../../../core/plan/plan-interfaces.ts';
import { group as groupOf } from '../../properties/builders.ts';

const WEB = 'segment:web@vpc-1';
const DB = 'segment:db@vpc-1';

const toDb = {
  protocol: 6,
  fromPort: 443,
  toPort: 443,
  peer: { kind: 'group', id: 'sg-db' },
} as const;

function plan(workload: string, from: readonly string[], final: readonly string[]) {
  return { nic: { id: `eni-${workload}`, workload, groups: from }, final } as InterfacePlan;
}

const step = { after: [], direction: 'egress' } as const;

function comes(key: string): AuthorizeStep {
  const rules = [{ ...toDb, peer: { kind: 'owned', key: DB }, because: ['r'] }] as const;
  return { ...step, id: `authorize:${key}`, kind: 'authorize', phase: 'create', group: key, rules };
}

function goes(key: string): RevokeStep {
  return {
    ...step,
    id: `revoke:${key}`,
    kind: 'revoke',
    phase: 'revoke',
    group: key,
    rules: [toDb],
  };
}

function openings(
  interfaces: readonly InterfacePlan[],
  more: {
    coming?: string;
    going?: string;
    ingress?: SecurityGroup['ingress'];
    egress?: SecurityGroup['egress'];
  } = {},
) {
  const existing = new Map([
    [
      WEB,
      { ...groupOf('sg-web', 'vpc-1'), ingress: more.ingress ?? [], egress: more.egress ?? [] },
    ],
    [DB, groupOf('sg-db', 'vpc-1')],
  ]);
  return forecastOpenings({
    ...{
      interfaces,
      existing,
      keysById: new Map([...existing].map(([key, one]) => [one.id, key])),
    },
    coming: more.coming === undefined ? [] : [comes(more.coming)],
    going: more.going === undefined ? [] : [goes(more.going)],
  }).map(({ group, workloads, because }) => [group, workloads.join(), because]);
}

describe('forecastOpenings', () => {
  const leaves = plan('i-1', ['sg-flat', 'sg-web'], ['sg-flat']);
  const joins = plan('i-2', ['sg-flat'], ['sg-db', 'sg-flat']);

  test('who leaves a group has the rules that come to it, or that name it, until then', () => {
    expect(openings([leaves], { coming: WEB })).toEqual([[WEB, 'i-1', 'leave while rules come']]);
    const fromDb = plan('i-3', ['sg-db'], ['sg-flat']);
    expect(openings([fromDb], { coming: WEB })).toEqual([[DB, 'i-3', 'leave while rules come']]);
  });

  test('who leaves a group meets who joins a group that its rules name', () => {
    expect(openings([leaves, joins], { egress: [toDb] })).toEqual([
      [WEB, 'i-1', 'leave while peers join'],
    ]);
    expect(openings([leaves, joins], { ingress: [toDb] })).toEqual([
      [WEB, 'i-1', 'leave while peers join'],
    ]);
    expect(openings([leaves, joins])).toEqual([]);
  });

  test('who joins a group has the rules that go from it, or that name it, until then', () => {
    expect(openings([joins], { going: WEB })).toEqual([[DB, 'i-2', 'join while rules go']]);
    expect(openings([leaves], { going: WEB })).toEqual([]);
  });

  test('foreign groups and new ones count for nothing', () => {
    const other = plan('i-4', ['sg-flat'], ['segment:new@vpc-1']);
    expect(openings([other], { coming: WEB, going: DB })).toEqual([]);
  });
});
