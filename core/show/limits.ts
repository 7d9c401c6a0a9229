import { QUOTA_CODES } from '../inventory/from-describe.ts';
import type { Quotas } from '../model/inventory.ts';
import type { Growth, LimitsReport, LimitUse, SlotUse } from '../model/limits.ts';
import { printable } from './printable.ts';

/** One line of the table of limits, ready to be laid out. */
export interface LimitRow extends LimitUse {
  readonly what: string;
}

/** Every kind of limit in one list, the tightest first. */
export function limitRows(report: LimitsReport): readonly LimitRow[] {
  const rows: LimitRow[] = [
    { what: 'groups in the Region', ...report.region },
    ...report.rules.map(({ group, direction, family, ...use }) => ({
      ...use,
      what: `${direction} rules of ${group}, ${family}`,
    })),
    ...interfaceRows(report.interfaces),
    ...report.lists.map(({ list, name, entries, maxEntries }) => ({
      what: `entries of ${list} (${printable(name, 40)})`,
      ...{ now: entries, during: entries, after: entries, limit: maxEntries },
    })),
  ];
  return rows.sort((a, b) => b.during / b.limit - a.during / a.limit);
}

/** One line for those that look the same. */
function interfaceRows(uses: readonly SlotUse[]): readonly LimitRow[] {
  const alike = Map.groupBy(uses, ({ now, during, after }) => `${now} ${during} ${after}`);
  return [...alike.values()].flatMap(([first, ...others]): LimitRow[] => {
    if (first === undefined) return [];
    const more = others.length === 0 ? '' : ` and ${others.length} like it`;
    const { now, during, after, limit } = first;
    return [{ what: `groups on ${first.interface}${more}`, now, during, after, limit }];
  });
}

const QUOTA_TEXTS = {
  groupsPerInterface: 'groups per interface',
  rulesPerGroup: 'rules per group',
  groupsPerRegion: 'groups per Region',
} as const;

/** Which limits are AWS's defaults for want of a reading. */
export function assumedQuotas(quotas: Quotas): readonly string[] {
  return (quotas.assumed ?? []).map(
    (name) =>
      `quota ${QUOTA_CODES[name]} (${QUOTA_TEXTS[name]}) could not be read; AWS's default, ${quotas[name]}, is assumed`,
  );
}

/** E.g. `web in vpc-1: room for 14 more ingress and 3 more egress rules, then ...`. */
export function growthText(growth: Growth, { rulesPerGroup }: Quotas): string {
  const { segment, vpc, room, furtherGroups: further, furtherGroupsStaged: staged } = growth;
  const cut =
    growth.cutAddresses === undefined
      ? ''
      : `; ${growth.cutAddresses} more addresses that guardrails cut out of its networks fit for certain`;
  const by = growth.bound === 'slots' ? (growth.interface ?? 'slots') : growth.bound;
  const groups = `${further} further group${further === 1 ? '' : 's'} of ${rulesPerGroup}`;
  const waits =
    staged < further ? `, ${staged} of them before an interface with foreign groups waits` : '';
  return (
    `${printable(segment, 100)} in ${vpc}: room for ${room.ingress} more ingress and ${room.egress} more egress rules, ` +
    (further === 0 ? `then refused (${by})` : `then ${groups}${waits}, then refused (${by})`) +
    cut
  );
}
