import { describe, expect, test } from 'vitest';
import type { Blocked, DesiredAttachment, Membership } from '../../../core/model/desired-state.ts';
import type { Plan } from '../../../core/model/plan.ts';
import type { Guardrail } from '../../../core/model/policy.ts';
import { blockedSegments } from '../../../engine/publish/blocked-segments.ts';
import { guardrail, NOW, policy, rule, segment } from '../../properties/builders.ts';

const NO_PEER: Blocked = {
  reason: 'peer does not carry the group',
  message: 'db-1 does not carry it',
  hint: 'stage it',
};

function membership(workload: string, segments: readonly string[]): Membership {
  return {
    ...{ workload, segments, withheld: [], mode: 'enforce', openEgress: false, conflicts: [] },
    carries: [],
  };
}

/** One workload and interface a segment, with what compile says of the segment. */
function contextOf(
  unready: ReadonlyMap<string, Blocked | undefined>,
  options: {
    readonly kind?: Plan['kind'];
    readonly rules?: readonly (readonly string[])[];
    readonly guardrails?: readonly Guardrail[];
  } = {},
): Parameters<typeof blockedSegments>[0] {
  const names = [...unready.keys()];
  const attachments = names.map(
    (name) =>
      ({
        ...{ interface: `eni-${name}`, workload: `i-${name}`, vpc: 'vpc-1' },
      }) as DesiredAttachment,
  );
  const blocked = [...unready].flatMap(([name, because]) =>
    because === undefined ? [] : [[name, because] as const],
  );
  const rules = (options.rules ?? []).map(([from = '', to = '']) =>
    rule(`${from}-${to}`, from, to, ['tcp/443']),
  );
  return {
    desired: {
      ...{ groups: [], attachments, blockedSegments: Object.fromEntries(blocked) },
      memberships: names.map((name) => membership(`i-${name}`, [name])),
    },
    plan: { kind: options.kind ?? 'publish', createdAt: NOW } as Plan,
    policy: policy({
      ...{ segments: names.map((name) => segment(name)), rules },
      guardrails: options.guardrails ?? [],
    }),
  };
}

describe('blockedSegments', () => {
  test('takes over what compile says', () => {
    const context = contextOf(
      new Map([
        ['api', NO_PEER],
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

  test('knows no peers where a guardrail forbids the pair, unless it excepts the rule', () => {
    const free = new Map([
      ['api', undefined],
      ['web', undefined],
      ['db', undefined],
    ]);
    const rules = [
      ['web', 'api'],
      ['api', 'db'],
    ];
    const deny = { from: { segment: 'api' }, to: { segment: 'db' } };
    const names = (except: readonly string[]): readonly string[] => {
      const context = contextOf(free, { rules, guardrails: [guardrail('g', deny, except)] });
      return Object.keys(blockedSegments(context, new Set(['eni-api'])));
    };
    expect(names([])).toEqual(['web']);
    expect(names(['api-db'])).toEqual(['db', 'web']);
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
