import { DEFAULT_QUOTAS } from '../model/inventory.ts';
import { assumedQuotas, growthText } from '../show/limits.ts';
import { printable } from '../show/printable.ts';
import type { Assessment, PolicyEffect } from './assess.ts';

/** Lines of one list; the JSON has all of them. */
const SHOWN_MAX = 15;

/** Segments whose room to grow is told, those with the least first. */
const GROWTH_SHOWN_MAX = 5;

/** Characters of one line of text; some of it was written by strangers. */
const LINE_MAX = 400;

interface Section {
  readonly title: string;
  readonly text: readonly string[];
  readonly table?: {
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
  };
}

/** For a terminal. */
export function renderAssessment(assessment: Assessment): string {
  const sections = sectionsOf(assessment).map(({ title, text, table }) =>
    [
      title,
      ...text.map((line) => `  ${printable(line, LINE_MAX)}`),
      ...(table === undefined ? [] : columns(table)),
    ].join('\n'),
  );
  return `${sections.join('\n\n')}\n`;
}

/** For a report or a ticket. */
export function renderMarkdown(assessment: Assessment): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const sections = sectionsOf(assessment).map(({ title, text, table }) => {
    const rows =
      table === undefined ? [] : [table.head, table.head.map(() => '---'), ...table.rows];
    return [
      `## ${title}`,
      text.map((line) => `- ${printable(line, LINE_MAX)}`).join('\n'),
      rows.map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n'),
    ]
      .filter((block) => block !== '')
      .join('\n\n');
  });
  return `# How segmented is this estate?\n\n${sections.join('\n\n')}\n`;
}

function sectionsOf(assessment: Assessment): readonly Section[] {
  const { policy } = assessment;
  return [
    overview(assessment),
    paths(assessment),
    blastRadius(assessment),
    world(assessment),
    quotas(assessment),
    ...(policy === undefined ? [] : [effect(assessment, policy)]),
  ];
}

function overview({ flatness, ...one }: Assessment): Section {
  return {
    title: 'Estate',
    text: [
      `account ${one.account || '(unknown)'}, Region ${one.region || '(unknown)'}, as of ${one.takenAt}`,
      `${one.workloads} workloads with ${one.interfaces} interfaces`,
      `${percent(flatness.share)} flat: ${flatness.open} of ${flatness.pairs} pairs of workloads may exchange something`,
      ...one.gaps.map((gap) => `not read: ${gap}`),
      ...one.notCounted.map((what) => `not counted: ${what}`),
    ],
  };
}

function paths({ flatness }: Assessment): Section {
  const rows = [...flatness.paths]
    .sort((a, b) => b.open - a.open)
    .map(({ from, to, open, pairs, traffic }) => [
      printable(from, 32),
      printable(to, 32),
      `${open} of ${pairs}`,
      traffic.slice(0, 3).join(' | ') + (traffic.length > 3 ? ' | ...' : ''),
    ]);
  const by = flatness.groupedBy.length === 0 ? 'VPC or fleet' : flatness.groupedBy.join('/');
  return {
    title: `Who may reach whom, by ${by}`,
    text: cut(rows, 'open paths'),
    ...tableOf(['from', 'to', 'open pairs', 'traffic'], rows),
  };
}

function blastRadius({ blastRadius: radius, workloads }: Assessment): Section {
  const rows = radius.workloads.map((one) => [
    nameOf(one),
    `${one.reaches} (${percent(one.share)})`,
    String(one.reachedBy),
  ]);
  return {
    title: 'Blast radius',
    text: [
      `from one workload an attacker reaches ${radius.median} others (median), ${radius.max} at most, of ${Math.max(workloads - 1, 0)}`,
      ...cut(rows, 'workloads'),
    ],
    ...tableOf(['workload', 'reaches', 'reached by'], rows),
  };
}

function world({ openToWorld }: Assessment): Section {
  const rows = openToWorld.map((one) => [nameOf(one), one.address, one.traffic.join(' ')]);
  const none = 'nothing is open to the world, by what was read';
  return {
    title: 'Open to the world',
    text: rows.length === 0 ? [none] : cut(rows, 'addresses'),
    ...tableOf(['workload', 'address', 'traffic'], rows),
  };
}

function quotas({ quotas: used }: Assessment): Section {
  const uses = [
    { what: 'groups in the Region', ...used.groupsInRegion },
    ...used.rulesOfGroups.slice(0, 5).map(({ direction, family, group, name, ...use }) => ({
      ...use,
      what: `${direction} rules, ${family}: ${group} (${printable(name, 32)})`,
    })),
    ...used.groupsOfInterfaces
      .slice(0, 3)
      .map((use) => ({ ...use, what: `groups on ${use.interface}` })),
    ...used.entriesOfLists
      .slice(0, 3)
      .map((use) => ({ ...use, what: `entries of ${use.list} (${printable(use.name, 32)})` })),
    { what: 'rules per group x groups per interface', ...used.product },
  ];
  const rows = uses
    .map(({ what, used: count, limit }) => ({
      what,
      count,
      limit,
      share: limit === 0 ? 1 : count / limit,
    }))
    .sort((a, b) => b.share - a.share)
    .map(({ what, count, limit, share }) => [what, `${count} of ${limit} (${percent(share)})`]);
  const text = assumedQuotas({ ...DEFAULT_QUOTAS, assumed: used.assumed });
  return { title: 'Quotas, the fullest first', text, ...tableOf(['quota', 'used'], rows) };
}

function effect({ flatness }: Assessment, policy: PolicyEffect): Section {
  const { opened, closed } = policy.difference;
  const rows = [
    ...opened.map((one) => ['opens', one.from, one.to, one.ports.join(' ')]),
    ...closed.map((one) => ['closes', one.from, one.to, one.ports.join(' ')]),
  ].map((row) => row.map((text) => printable(text, 48)));
  return {
    title: 'What the policy would do',
    text: [
      `${policy.segments.length} segments; ${policy.unclassified.length} workloads in none`,
      `${percent(flatness.share)} flat now, ${percent(policy.shareAfter)} after ${policy.steps} steps`,
      `${opened.length} paths open, ${closed.length} close`,
      ...policy.warnings.map((warning) => `warning: ${warning}`),
      ...policy.limits.growth
        .slice(0, GROWTH_SHOWN_MAX)
        .map((growth) => growthText(growth, policy.limits.quotas)),
      ...cut(rows, 'paths'),
    ],
    ...tableOf(['', 'from', 'to', 'traffic'], rows),
  };
}

function nameOf(one: { readonly workload: string; readonly name?: string }): string {
  return one.name === undefined ? one.workload : `${printable(one.name, 32)} (${one.workload})`;
}

function cut(rows: readonly unknown[], what: string): readonly string[] {
  return rows.length > SHOWN_MAX ? [`the first ${SHOWN_MAX} of ${rows.length} ${what}`] : [];
}

function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Pick<Section, 'table'> {
  return rows.length === 0 ? {} : { table: { head, rows: rows.slice(0, SHOWN_MAX) } };
}

function columns({ head, rows }: NonNullable<Section['table']>): string[] {
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  return [head, ...rows].map((row) =>
    `  ${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value > 0 && value < 1 ? value.toFixed(1) : Math.round(value)} %`;
}
