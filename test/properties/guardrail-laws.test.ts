import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import type { DesiredState, Membership } from '../../core/model/desired-state.ts';
import type { Guardrail, ZoneMatcher } from '../../core/model/policy.ts';
import { NOW, OWNER } from './builders.ts';
import { arbitraryWorld } from './worlds.ts';

/** What a host is by its tags alone, whatever was withheld from it. */
function looksLike(matcher: ZoneMatcher, host: Membership): boolean {
  if ('not' in matcher) return !looksLike(matcher.not, host);
  if ('zone' in matcher) return host.zone === matcher.zone;
  return [...host.segments, ...host.withheld.map((w) => w.segment)].includes(matcher.segment);
}

function crosses(guardrail: Guardrail, rule: string, from: Membership, to: Membership): boolean {
  return (
    !guardrail.except.includes(rule) &&
    looksLike(guardrail.deny.from, from) &&
    looksLike(guardrail.deny.to, to)
  );
}

/** Rule ids that join two hosts by groups which both carry, on both sides. */
function joinedBy(desired: DesiredState, from: Membership, to: Membership): ReadonlySet<string> {
  const stemOf = (key: string) => key.slice(0, key.lastIndexOf('@'));
  const carried = (host: Membership, stem: string) => host.carries?.includes(stem) ?? false;
  const found = new Set<string>();
  for (const group of desired.groups.filter((g) => carried(from, stemOf(g.key)))) {
    for (const rule of group.egress) {
      if (rule.peer.kind !== 'owned' || !carried(to, stemOf(rule.peer.key))) continue;
      for (const id of rule.because) found.add(id);
    }
  }
  return found;
}

describe('laws of guardrails', () => {
  test('no two hosts are joined across a guardrail by a rule that it does not except', () => {
    fc.assert(
      fc.property(arbitraryWorld(), ({ policy, inventory }) => {
        const { desired } = compilePolicy({ policy, inventory, now: NOW, owner: OWNER });
        for (const from of desired.memberships) {
          for (const to of desired.memberships) {
            for (const rule of joinedBy(desired, from, to)) {
              const broken = policy.guardrails.filter((g) => crosses(g, rule, from, to));
              expect(broken.map((g) => [g.id, rule, from.workload, to.workload])).toEqual([]);
            }
          }
        }
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) },
    );
  });
});
