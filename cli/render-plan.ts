import type { PlanAnswer } from '../core/api/plan-answer.ts';
import type { LimitsReport } from '../core/model/limits.ts';
import type { Plan, PlanStep } from '../core/model/plan.ts';
import { approvalReasons } from '../core/show/approval.ts';
import { assumedQuotas, growthText, limitRows } from '../core/show/limits.ts';
import { printable } from './printable.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

/** How a plan ended or stands: state, who, numbers, and everything that did not happen with why. */
export function renderPlanAnswer(session: Session, answer: PlanAnswer): string {
  const { colours } = session;
  const lines = [
    `${colours.bold(answer.id)}  ${answer.kind}  ${answer.state}` +
      `${answer.state === 'applying' ? ` (${answer.phase})` : ''}`,
    `  policy    ${answer.policyVersion}`,
    `  author    ${printable(answer.author)}`,
  ];
  if (answer.decidedBy !== undefined) lines.push(`  decided   ${printable(answer.decidedBy)}`);
  if (answer.reason !== undefined) lines.push(`  reason    ${printable(answer.reason, 500)}`);
  lines.push(`  created   ${answer.createdAt}`, `  changed   ${answer.changedAt}`);
  const outcomes = Object.entries(answer.outcomes ?? {}).map(([kind, count]) => `${count} ${kind}`);
  if (outcomes.length > 0) lines.push(`  steps     ${outcomes.join(', ')}`);
  return [
    lines.join('\n'),
    '\n',
    renderReasons(answer),
    renderDifference(answer.difference),
    renderUndone(session, answer),
    renderWarnings(answer),
    renderLimits(session, answer.plan?.limits),
  ].join('');
}

/** What whoever approves has to judge. */
function renderReasons({ state, plan }: PlanAnswer): string {
  if (state !== 'waiting-for-approval' || plan === undefined) return '';
  const reasons = approvalReasons(plan).map((reason) => `  ${reason}\n`);
  return ['\nwaits for approval:\n', ...reasons].join('');
}

/** Rows of a table of limits; the JSON has more. */
const LIMITS_SHOWN_MAX = 8;
const GROWTH_SHOWN_MAX = 5;

/** How much of AWS's limits is taken, the tightest first, and where growth hits one. */
export function renderLimits(session: Session, limits: LimitsReport | undefined): string {
  if (limits === undefined) return '';
  const rows = limitRows(limits)
    .slice(0, LIMITS_SHOWN_MAX)
    .map(({ what, now, during, after, limit }) => [
      what,
      ...[now, during, after, limit].map(String),
    ]);
  return [
    '\n',
    renderTable(['limit', 'now', 'at most', 'after', 'of'], rows, session.colours.bold),
    ...limits.growth
      .slice(0, GROWTH_SHOWN_MAX)
      .map((growth) => `${growthText(growth, limits.quotas)}\n`),
    ...assumedQuotas(limits.quotas).map((text) => `${text}\n`),
  ].join('');
}

/** Steps that were not done: blocked, waiting, skipped, failed; with the reason. */
function renderUndone(session: Session, answer: PlanAnswer): string {
  const rows: string[][] = [];
  for (const { step, outcome } of answer.report ?? []) {
    if (outcome.kind === 'failed') rows.push([outcome.kind, step, outcome.error]);
    else if ('reason' in outcome) rows.push([outcome.kind, step, outcome.reason]);
  }
  if (answer.report === undefined) {
    for (const step of answer.plan?.steps ?? []) {
      if (!('blocked' in step) || step.blocked === undefined) continue;
      rows.push(['blocked', step.id, `${step.blocked.message}; ${step.blocked.hint}`]);
    }
  }
  if (rows.length === 0) return '';
  return `\n${renderTable(['not done', 'step', 'why'], rows, session.colours.bold)}`;
}

export function renderDifference(difference: PlanAnswer['difference']): string {
  if (difference === undefined) return '';
  const lines: string[] = [];
  for (const path of difference.opened) lines.push(`  + ${pathText(path)}`);
  for (const path of difference.closed) lines.push(`  - ${pathText(path)}`);
  if (lines.length === 0) return '\nno path opens, no path closes\n';
  return `\npaths: ${difference.opened.length} opened, ${difference.closed.length} closed\n${lines.join('\n')}\n`;
}

function pathText(path: { from: string; to: string; ports: readonly string[] }): string {
  return `${printable(path.from)} -> ${printable(path.to)}  ${path.ports.join(', ')}`;
}

function renderWarnings(answer: PlanAnswer): string {
  const warnings = answer.plan?.warnings ?? [];
  if (warnings.length === 0) return '';
  return `\n${warnings.map((text) => `warning: ${printable(text, 500)}`).join('\n')}\n`;
}

/** What a plan would do, before it has a number: a line per step, and what waits for a person. */
export function renderSteps(session: Session, plan: Plan): string {
  if (plan.steps.length === 0) return 'nothing to change\n';
  const rows = plan.steps.map((step) => [step.phase, step.kind, targetOf(step), contentOf(step)]);
  return [
    renderTable(['phase', 'step', 'on', 'what'], rows, session.colours.bold),
    ...plan.warnings.map((text) => `warning: ${printable(text, 500)}\n`),
    plan.addOnly ? 'the inventory has gaps, so nothing is removed\n' : '',
    ...approvalReasons(plan).map((reason) => `needs approval: ${reason}\n`),
  ].join('');
}

function targetOf(step: PlanStep): string {
  return 'interface' in step ? `${step.workload} ${step.interface}` : step.group;
}

function contentOf(step: PlanStep): string {
  if ('interface' in step) {
    const added = step.to.filter((id) => !step.from.includes(id)).map((id) => `+${id}`);
    const removed = step.from.filter((id) => !step.to.includes(id)).map((id) => `-${id}`);
    const blocked = step.blocked === undefined ? [] : [`blocked: ${step.blocked.message}`];
    return [...added, ...removed, ...blocked].join(' ');
  }
  if ('rules' in step) {
    const count = step.rules.length;
    return `${step.direction}, ${count} ${count === 1 ? 'rule' : 'rules'}`;
  }
  return step.kind === 'create-group' ? step.vpc : step.groupId;
}
