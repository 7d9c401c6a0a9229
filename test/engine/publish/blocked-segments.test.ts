import { describe, expect, test } from 'vitest';
import type { Blocked, DesiredAttachment, Membership } from '../../../core/model/desired-state.ts';
import type { Plan } from '../../../core/model/plan.ts';
import type { Policy, Rule } from '../../../core/model/policy.ts';
import { blockedSegments } from '../../../engine/publish/blocked-segments.ts';

const NO_PEER: Blocked = {
  reason: 'peer does not carry the group',
  message: 'db-1 does not carry it',
  hint: 'stage it',
};
const NO_SLOT: Blocked = { reason: 'slots', message: '6 of 5', hint: 'ask for more' };

function membership(workload: string, segments: readonly string[]): Membership {
  return {
    ...{ workload, segments, withheld: [], mode: 'enforce', openEgress: false, conflicts: [] },
    carries: [],
  };
}

/** One workload and interface a segment, with what its interface is blocked for. */
function contextOf(
  blockedBySegment: ReadonlyMap<string, Blocked | undefined>,
  options: { readonly kind?: Plan['kind']; readonly rules?: readonly (readonly string[])[] } = {},
): Parameters<typeof blockedSegments>[0] {
  const names = [...blockedBySegment.keys()];
  const attachments = names.map((name): DesiredAttachment => {
    const blocked = blockedBySegment.get(name);
    return {
      ...{ interface: `eni-${name}`, workload: `i-${name}`, vpc: 'vpc-1' },
      ...(blocked === undefined ? {} : { blocked }),
    } as DesiredAttachment;
  });
  const rules = (options.rules ?? []).map(([from = '', to = '']) => ({ from: [from], to: [to] }));
  return {
    desired: {
      ...{ groups: [], attachments },
      memberships: names.map((name) => membership(`i-${name}`, [name])),
    },
    plan: { kind: options.kind ?? 'publish' } as Plan,
    policy: {
      segments: names.map((name) => ({ name })),
      rules: rules as unknown as readonly Rule[],
    } as unknown as Policy,
  };
}

describe('blockedSegments', () => {
  test('blames the segments of a blocked interface, but not for its own lack of slots', () => {
    const context = contextOf(
      new Map([
        ['api', NO_PEER],
        ['web', NO_SLOT],
        ['db', undefined],
      ]),
    );
    expect(blockedSegments(context, new Set())).toEqual({ api: NO_PEER });
  });

  test('blames the rule peers of an interface that could not be attached', () => {
    const free = new Map([
      ['api', undefined],
      ['web', undefined],
      ['db', undefined],
    ]);
    const context = contextOf(free, {
      rules: [
        ['web', 'api'],
        ['api', 'office'],
      ],
    });
    const found = blockedSegments(context, new Set(['eni-api']));
    expect(Object.keys(found)).toEqual(['web']);
    expect(found.web?.reason).toBe('attach failed');
  });

  test('asks nobody in an uninstall', () => {
    const context = contextOf(new Map([['api', NO_PEER]]), { kind: 'uninstall' });
    expect(blockedSegments(context, new Set())).toEqual({});
  });

  test('a segment may be called what every object has', () => {
    const context = contextOf(new Map([['constructor', NO_PEER]]));
    const found = blockedSegments(context, new Set());
    expect(Object.entries(found)).toEqual([['constructor', NO_PEER]]);
  });
});
