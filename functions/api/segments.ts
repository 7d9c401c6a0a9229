import type { SegmentAnswer, SegmentList, SegmentSummary } from '../../core/api/segment-answer.ts';
import { parseGroupKey } from '../../core/compile/owned-groups.ts';
import { ownValue } from '../../core/model/own-value.ts';
import type { Policy, Rule, Segment } from '../../core/model/policy.ts';
import type { ApiAnswer } from './answer.ts';
import { type ApiContext, type InForce, isoNow, readInForce } from './context.ts';
import { ApiFault } from './fault.ts';
import { walkPages } from './pages.ts';

/** Members that are looked at for the counts by status of one segment. */
const STATUSES_OF_MAX = 1_000;

export async function listSegments(context: ApiContext): Promise<ApiAnswer> {
  const inForce = await readInForce(context);
  const segments = inForce?.bundle?.policy.segments ?? [];
  const items = await Promise.all(segments.map((segment) => summarise(context, inForce, segment)));
  const body: SegmentList = { generation: inForce?.head.generation ?? 0, items };
  return { status: 200, body };
}

export async function readSegment(context: ApiContext, name: string): Promise<ApiAnswer> {
  const inForce = await readInForce(context);
  const policy = inForce?.bundle?.policy;
  const segment = findSegment(policy, name);
  const today = isoNow(context).slice(0, 10);
  const [summary, statuses] = await Promise.all([
    summarise(context, inForce, segment),
    countStatuses(context, name),
  ]);
  const body: SegmentAnswer = {
    ...summary,
    generation: inForce?.head.generation ?? 0,
    rules: (policy?.rules ?? [])
      .filter((rule) => rule.from.includes(name) || rule.to.includes(name))
      .map((rule) => toRuleView(rule, today)),
    groups: groupsOf(inForce, name),
    statuses,
  };
  return { status: 200, body };
}

/** Throws ApiFault `unknown-segment`. */
export function findSegment(policy: Policy | undefined, name: string): Segment {
  const segment = policy?.segments.find((candidate) => candidate.name === name);
  if (segment !== undefined) return segment;
  throw new ApiFault(
    'unknown-segment',
    `the policy in force has no segment \`${name.slice(0, 100)}\`; GET /v1/segments lists them`,
  );
}

async function summarise(
  context: ApiContext,
  inForce: InForce | undefined,
  segment: Segment,
): Promise<SegmentSummary> {
  const blocked = ownValue(inForce?.head.blockedSegments ?? {}, segment.name);
  return {
    name: segment.name,
    mode: segment.mode,
    egress: segment.egress,
    ...(segment.zone === undefined ? {} : { zone: segment.zone }),
    crownJewel: segment.crownJewel,
    ...(segment.team === undefined ? {} : { team: segment.team }),
    ...(segment.why === undefined ? {} : { why: segment.why }),
    members: await context.ports.store.countMembers(segment.name),
    ...(blocked === undefined ? {} : { blocked }),
  };
}

function toRuleView(rule: Rule, today: string): SegmentAnswer['rules'][number] {
  return {
    id: rule.id,
    from: rule.from,
    to: rule.to,
    allow: rule.allow.map((allowance) => allowance.text),
    why: rule.why,
    ...(rule.ticket === undefined ? {} : { ticket: rule.ticket }),
    ...(rule.expires === undefined ? {} : { expires: rule.expires }),
    expired: rule.expires !== undefined && rule.expires < today,
  };
}

function groupsOf(inForce: InForce | undefined, name: string): SegmentAnswer['groups'] {
  const groups: SegmentAnswer['groups'][number][] = [];
  for (const [key, group] of Object.entries(inForce?.bundle?.groupIds ?? {})) {
    const parsed = parseGroupKey(key);
    if (parsed?.kind === 'segment' && parsed.segment === name) {
      groups.push({ vpc: parsed.vpc, group });
    }
  }
  return groups;
}

async function countStatuses(context: ApiContext, segment: string) {
  const statuses: Record<string, number> = {};
  await walkPages(
    STATUSES_OF_MAX,
    (cursor) =>
      context.ports.store.listWorkloads({
        segment,
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    (record) => {
      statuses[record.status] = (statuses[record.status] ?? 0) + 1;
    },
  );
  return statuses;
}
