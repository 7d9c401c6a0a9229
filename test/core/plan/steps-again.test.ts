import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import { groupsByKey } from '../../../core/compile/owned-groups.ts';
import type { SecurityGroup } from '../../../core/model/inventory.ts';
import { stepsAgain } from '../../../core/plan/steps-again.ts';
import { NOW, OWNER } from '../../properties/builders.ts';
import { publish, START, webAndDb } from './plan-for.ts';

const DB = 'segment:db@vpc-1';
const WEB = 'segment:web@vpc-1';
const POLICY = webAndDb('stage', ['tcp/10', 'tcp/20']);
const PUBLISHED = publish(POLICY, START);

function groupsOf(): ReadonlyMap<string, SecurityGroup> {
  return groupsByKey(PUBLISHED.inventory, OWNER);
}

/** What is to be made again when the groups were like that, and are like this by now. */
function again(now: ReadonlyMap<string, SecurityGroup>, before = groupsOf()) {
  const { inventory, ledger } = PUBLISHED;
  const { desired } = compilePolicy({ policy: POLICY, inventory, ledger, now: NOW, owner: OWNER });
  return stepsAgain({ inventory, desired: desired.groups, before, now });
}

function without(key: string, groups = groupsOf()): ReadonlyMap<string, SecurityGroup> {
  return new Map([...groups].filter(([name]) => name !== key));
}

/** The group has but the first of its ingress rules. */
function halved(key: string): ReadonlyMap<string, SecurityGroup> {
  return new Map(
    [...groupsOf()].map(([name, group]) => [
      name,
      name === key ? { ...group, ingress: group.ingress.slice(0, 1) } : group,
    ]),
  );
}

describe('stepsAgain', () => {
  test('asks for nothing where all is there', () => {
    expect(groupsOf().get(DB)?.ingress).toHaveLength(2);
    expect(again(groupsOf())).toEqual([]);
  });

  test('makes a group that is gone as if it were new, under names of its own', () => {
    const steps = again(without(DB));
    expect(steps.map(({ id, after }) => [id, [...new Set(after)]])).toEqual([
      [`again:create:${DB}`, []],
      [`again:revoke-default:${DB}:ipv4`, [`again:create:${DB}`]],
      [`again:authorize:${DB}:ingress`, [`again:create:${DB}`]],
      [`again:authorize:${WEB}:egress`, [`again:create:${DB}`]],
    ]);
  });

  test('puts back a rule that is gone, and no other', () => {
    const [step, ...more] = again(halved(DB));
    expect(more).toEqual([]);
    expect(step).toMatchObject({ id: `again:authorize:${DB}:ingress`, kind: 'authorize' });
    expect(step?.kind === 'authorize' && step.rules.map(({ toPort }) => toPort)).toEqual([20]);
  });

  test('leaves to the plan what was missing when it was made', () => {
    expect(again(halved(DB), halved(DB))).toEqual([]);
    expect(again(without(DB), without(DB))).toEqual([]);
  });

  test('knows rules by the group that they name, whatever its id is by now', () => {
    const web = groupsOf().get(WEB);
    if (web === undefined) throw new Error('there is no group for web');
    const anew = new Map([...without(WEB), [WEB, { ...web, id: 'sg-anew' }]]);
    expect(again(anew).map(({ id }) => id)).toEqual([`again:authorize:${DB}:ingress`]);
  });

  test('takes no rule away', () => {
    const more = { ...groupsOf().get(WEB), ingress: groupsOf().get(DB)?.ingress ?? [] };
    expect(again(new Map([...groupsOf(), [WEB, more as SecurityGroup]]))).toEqual([]);
  });
});
