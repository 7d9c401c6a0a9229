import { z } from 'zod';
import { LEAVE_GUARD_DEFAULTS } from '../plan/leave-guard.ts';
import { LEAVE_MOVES_MAX } from './limits.ts';

/**
 * The shape of policy files: which keys there are and what kind of value each takes. What a value
 * means (names, CIDRs, ports, dates) is read afterwards, with messages of its own; the formats are
 * repeated here as metadata, so that editors know them too.
 */

export const API_VERSION = 'bulkhead/v1';

/** Texts in a YAML file may look like numbers or booleans (an account, a tag `true`). */
const text = z.union([z.string(), z.number(), z.boolean()]);
const textOrList = z.union([text, z.array(text)]);

/** 1 to 63 lower-case letters, digits and inner hyphens, starting with a letter. */
export const NAME_PATTERN = '^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$';

const name = z.string().meta({ pattern: NAME_PATTERN });
const nameOrList = z.union([name, z.array(name)]);
const why = z.string().meta({ description: 'why it exists, for whoever reviews it' });
const pattern = textOrList.meta({
  description: 'a text, a glob with `*` and `?`, or a list of which any may fit',
});
const tagMap = z.record(z.string(), pattern);
const allow = textOrList.meta({
  description:
    'ports: `tcp/443`, `udp/8000-8100`, `tcp`, `icmp/8`, a protocol number, `all`, a service',
  examples: [['tcp/443'], ['postgres', 'icmp/8']],
});

export const SELECTOR_FIELDS = [
  'iamRole',
  'kind',
  'account',
  'region',
  'vpc',
  'subnet',
  'cluster',
  'service',
  'autoScalingGroup',
  'name',
] as const;

export interface SelectorInput {
  readonly all?: readonly SelectorInput[] | undefined;
  readonly any?: readonly SelectorInput[] | undefined;
  readonly not?: SelectorInput | undefined;
  readonly tags?: Readonly<Record<string, TextInput>> | undefined;
  readonly iamRole?: TextInput | undefined;
  readonly kind?: TextInput | undefined;
  readonly account?: TextInput | undefined;
  readonly region?: TextInput | undefined;
  readonly vpc?: TextInput | undefined;
  readonly subnet?: TextInput | undefined;
  readonly cluster?: TextInput | undefined;
  readonly service?: TextInput | undefined;
  readonly autoScalingGroup?: TextInput | undefined;
  readonly name?: TextInput | undefined;
}

export type TextInput = string | number | boolean | readonly (string | number | boolean)[];

/** Several keys in one selector all have to hold. */
const selectorSchema: z.ZodType<SelectorInput> = z
  .strictObject({
    get all() {
      return z.array(selectorSchema).optional();
    },
    get any() {
      return z.array(selectorSchema).optional();
    },
    get not() {
      return selectorSchema.optional();
    },
    tags: tagMap.optional(),
    iamRole: pattern.optional(),
    kind: pattern.optional(),
    account: pattern.optional(),
    region: pattern.optional(),
    vpc: pattern.optional(),
    subnet: pattern.optional(),
    cluster: pattern.optional(),
    service: pattern.optional(),
    autoScalingGroup: pattern.optional(),
    name: pattern.optional(),
  })
  .meta({ id: 'selector', description: 'which workloads; several keys all have to hold' });

export const segmentSchema = z
  .strictObject({
    select: selectorSchema,
    mode: z.enum(['observe', 'stage', 'enforce']).default('observe').meta({
      description: 'observe writes nothing; stage adds the group; enforce takes foreign groups off',
    }),
    egress: z.enum(['open', 'closed']).default('open'),
    zone: name.optional(),
    crownJewel: z.boolean().optional(),
    bornIn: textOrList
      .optional()
      .meta({ description: 'ids of VPCs where the group always exists' }),
    why: why.optional(),
  })
  .meta({ id: 'segment' });

export const ruleSchema = z
  .strictObject({
    id: name,
    from: nameOrList,
    to: nameOrList,
    allow,
    why,
    ticket: text.optional(),
    expires: z.string().optional().meta({
      pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
      description: 'the last day on which the rule holds, UTC',
    }),
  })
  .meta({ id: 'rule' });

export const networkSchema = z
  .strictObject({
    zone: name.optional(),
    cidrs: textOrList.optional(),
    except: textOrList.optional(),
    prefixList: z.string().optional(),
    securityGroups: z
      .strictObject({ ids: textOrList.optional(), tags: tagMap.optional() })
      .optional(),
    includesWorkloads: z.boolean().optional(),
    why: why.optional(),
  })
  .meta({ id: 'network', description: 'exactly one of cidrs, prefixList and securityGroups' });

export const zoneSchema = z
  .strictObject({
    subnets: z.strictObject({ tags: tagMap }).optional(),
    why: why.optional(),
  })
  .meta({ id: 'zone' });

export const baselineSchema = z
  .strictObject({ id: name, to: name.optional(), from: name.optional(), allow, why })
  .meta({
    id: 'baseline',
    description: 'for every staged or enforced workload; one of to and from',
  });

export interface ZoneMatcherInput {
  readonly zone?: string | undefined;
  readonly segment?: string | undefined;
  readonly not?: ZoneMatcherInput | undefined;
}

const zoneMatcherSchema: z.ZodType<ZoneMatcherInput> = z
  .strictObject({
    zone: name.optional(),
    segment: name.optional(),
    get not() {
      return zoneMatcherSchema.optional();
    },
  })
  .meta({ id: 'zoneMatcher', description: 'exactly one of zone, segment and not' });

export const guardrailSchema = z
  .strictObject({
    id: name,
    deny: z.strictObject({ from: zoneMatcherSchema, to: zoneMatcherSchema }),
    except: nameOrList.optional().meta({ description: 'ids of rules that may cross' }),
    why,
  })
  .meta({ id: 'guardrail' });

export const assertionSchema = z
  .strictObject({
    id: name,
    from: name,
    to: name,
    port: text,
    expect: z.enum(['allow', 'deny']),
    why: why.optional(),
  })
  .meta({ id: 'assertion' });

export const settingsSchema = z
  .strictObject({
    vpcs: z.strictObject({ tags: tagMap }).optional().meta({
      description: 'which VPCs are managed; none is idle',
    }),
    unclassified: z.enum(['observe', 'isolate']).default('observe'),
    settleWindow: z.string().default('2m').meta({ pattern: '^[0-9]+[smhd]$' }),
    keepSecurityGroups: textOrList.optional(),
    changeGuard: z.strictObject({ share: text.meta({ examples: ['20%'] }) }).optional(),
    onLeave: z.enum(['hold', 'isolate', 'restore']).default('hold'),
    leaveGuard: z
      .strictObject({
        share: text.optional().meta({
          description:
            'of a segment, how many running members events may take within the window, one at least; 100% is no limit; default: that of changeGuard',
          examples: ['20%'],
        }),
        window: z
          .string()
          .default(`${LEAVE_GUARD_DEFAULTS.windowMs / 60_000}m`)
          .meta({ pattern: '^[0-9]+[smhd]$' }),
        moves: text.optional().meta({
          description: `how often events may take one workload out of segments within the window, 1 to ${LEAVE_MOVES_MAX}; default: ${LEAVE_GUARD_DEFAULTS.movesMax}`,
          examples: [LEAVE_GUARD_DEFAULTS.movesMax],
        }),
      })
      .optional()
      .meta({ description: 'beyond it workloads keep their groups and are held' }),
  })
  .meta({ id: 'settings' });

export const serviceSchema = textOrList.meta({ id: 'service' });

/** Sections that root.yaml alone may hold: they bind every team. */
export const ROOT_SECTIONS = [
  'settings',
  'zones',
  'networks',
  'services',
  'baseline',
  'guardrails',
  'assert',
] as const;

/** Either kind of file; that ROOT_SECTIONS stand in root.yaml alone is checked by the reader. */
export const fileSchema = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    team: name.optional().meta({ description: 'whose file it is; not in root.yaml' }),
    settings: settingsSchema.optional(),
    zones: z.record(name, zoneSchema).optional(),
    networks: z.record(name, networkSchema).optional(),
    services: z.record(name, serviceSchema).optional(),
    baseline: z.array(baselineSchema).optional(),
    guardrails: z.array(guardrailSchema).optional(),
    assert: z.array(assertionSchema).optional(),
    segments: z.record(name, segmentSchema).optional(),
    rules: z.array(ruleSchema).optional(),
  })
  .meta({ title: 'Bulkhead policy file' });
