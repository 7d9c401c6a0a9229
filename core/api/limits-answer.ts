import * as z from 'zod';

const count = z.number().int();
const use = {
  now: count,
  during: count.meta({ description: 'at the most while the plan runs: old and new side by side' }),
  after: count,
  limit: count,
};
const direction = z.enum(['ingress', 'egress']);
const family = z.enum(['ipv4', 'ipv6']);

/** Use and headroom of AWS's limits under a plan; as model/limits.ts has it. */
export const limitsSchema = z.object({
  quotas: z.object({
    groupsPerInterface: count,
    rulesPerGroup: count,
    groupsPerRegion: count,
    assumed: z
      .array(z.enum(['groupsPerInterface', 'rulesPerGroup', 'groupsPerRegion']))
      .readonly()
      .optional()
      .meta({ description: "those that could not be read, so that AWS's defaults stand here" }),
  }),
  region: z.object(use),
  rules: z.array(z.object({ group: z.string(), direction, family, ...use })).readonly(),
  interfaces: z
    .array(
      z.object({
        interface: z.string(),
        workload: z.string(),
        ...use,
        slots: z.object({
          foreign: count,
          kept: count,
          baseline: count,
          openEgress: count,
          segments: count,
          surplus: count,
        }),
      }),
    )
    .readonly(),
  lists: z
    .array(
      z.object({
        list: z.string(),
        name: z.string(),
        family,
        entries: count,
        maxEntries: count,
        rules: count,
      }),
    )
    .readonly(),
  growth: z
    .array(
      z.object({
        segment: z.string(),
        vpc: z.string(),
        room: z.object({ ingress: count, egress: count }),
        furtherGroups: count,
        furtherGroupsStaged: count,
        bound: z.enum(['slots', 'groups in the Region']),
        interface: z.string().optional(),
        cutAddresses: count.optional().meta({
          description:
            'so many further addresses that guardrails cut out of networks in its rules fit for certain',
        }),
      }),
    )
    .readonly(),
  counted: z.object({ rules: count, interfaces: count, lists: count, growth: count }),
});
