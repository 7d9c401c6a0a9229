import { type PlanPage, planAnswerSchema, planPageSchema } from '../../core/api/plan-answer.ts';
import {
  type SegmentAnswer,
  type SegmentList,
  segmentAnswerSchema,
  segmentListSchema,
} from '../../core/api/segment-answer.ts';
import { statusSchema } from '../../core/api/status-answer.ts';
import {
  type WorkloadAnswer,
  type WorkloadPage,
  workloadAnswerSchema,
  workloadPageSchema,
} from '../../core/api/workload-answer.ts';
import type { ApiClient } from '../client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { renderPlanAnswer } from '../render-plan.ts';
import { renderStatus } from '../render-status.ts';
import type { Session } from '../session.ts';
import { renderTable } from '../table.ts';

export async function status(session: Session, client: ApiClient): Promise<ExitCode> {
  const { value } = await client.call({ method: 'GET', path: '/v1/status', answer: statusSchema });
  session.result(value, renderStatus(session, value));
  return EXIT.ok;
}

export async function segments(
  session: Session,
  client: ApiClient,
  name: string | undefined,
): Promise<ExitCode> {
  if (name === undefined) {
    const path = '/v1/segments';
    const { value } = await client.call({ method: 'GET', path, answer: segmentListSchema });
    session.result(value, renderSegments(session, value));
    return EXIT.ok;
  }
  const path = `/v1/segments/${encodeURIComponent(name)}`;
  const { value } = await client.call({ method: 'GET', path, answer: segmentAnswerSchema });
  session.result(value, renderSegment(session, value));
  return EXIT.ok;
}

function renderSegments(session: Session, list: SegmentList): string {
  if (list.items.length === 0) return 'no segment is in force\n';
  return renderTable(
    ['segment', 'mode', 'egress', 'zone', 'members', 'team', 'blocked'],
    list.items.map((item) => [
      item.name,
      item.mode,
      item.egress,
      item.zone ?? '-',
      String(item.members),
      item.team ?? '-',
      item.blocked?.message ?? '-',
    ]),
    session.colours.bold,
  );
}

function renderSegment(session: Session, segment: SegmentAnswer): string {
  const { bold } = session.colours;
  const statuses = Object.entries(segment.statuses).map(([name, count]) => `${count} ${name}`);
  const blocked =
    segment.blocked === undefined
      ? ''
      : `  blocked: ${segment.blocked.message}; ${segment.blocked.hint}\n`;
  const rules = segment.rules.map((rule) => [
    rule.id,
    rule.from.join(', '),
    rule.to.join(', '),
    rule.allow.join(', '),
    rule.expires === undefined ? '-' : `${rule.expires}${rule.expired ? ' (expired)' : ''}`,
    rule.why,
  ]);
  return [
    `${bold(segment.name)}  ${segment.mode}, egress ${segment.egress}, zone ${segment.zone ?? '-'}\n`,
    `  members: ${segment.members}${statuses.length === 0 ? '' : ` (${statuses.join(', ')})`}\n`,
    blocked,
    ...segment.groups.map(({ vpc, group }) => `  group in ${vpc}: ${group}\n`),
    rules.length === 0
      ? '  no rule names it\n'
      : `\n${renderTable(['rule', 'from', 'to', 'allow', 'expires', 'why'], rules, bold)}`,
  ].join('');
}

export interface WorkloadsOptions {
  readonly segment?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: string | undefined;
  readonly all: boolean;
}

export async function workloads(
  session: Session,
  client: ApiClient,
  id: string | undefined,
  options: WorkloadsOptions,
): Promise<ExitCode> {
  if (id !== undefined) {
    const path = `/v1/workloads/${encodeURIComponent(id)}`;
    const { value } = await client.call({ method: 'GET', path, answer: workloadAnswerSchema });
    session.result(value, renderWorkload(session, value));
    return EXIT.ok;
  }
  const page = await readWorkloads(session, client, options);
  session.result(page, renderWorkloads(session, page));
  return EXIT.ok;
}

/** One page, or with --all every page as one. */
async function readWorkloads(
  session: Session,
  client: ApiClient,
  options: WorkloadsOptions,
): Promise<WorkloadPage> {
  const items: WorkloadPage['items'][number][] = [];
  const progress = options.all ? session.progress('reading workloads') : undefined;
  let cursor = options.cursor;
  try {
    for (;;) {
      const limit = options.limit ?? (options.all ? '100' : undefined);
      const { value } = await client.call({
        method: 'GET',
        path: '/v1/workloads',
        query: { segment: options.segment, cursor, limit },
        answer: workloadPageSchema,
      });
      items.push(...value.items);
      cursor = value.cursor;
      if (!options.all || cursor === undefined) break;
      progress?.update(`reading workloads: ${items.length}`);
    }
  } finally {
    progress?.stop();
  }
  return { items, ...(cursor === undefined ? {} : { cursor }) };
}

function renderWorkloads(session: Session, page: WorkloadPage): string {
  if (page.items.length === 0) return 'no workload is known\n';
  const table = renderTable(
    ['workload', 'name', 'state', 'status', 'segments', 'why'],
    page.items.map((item) => [
      item.id,
      item.name ?? '-',
      item.state,
      item.status,
      item.segments.join(', ') || '-',
      item.statusReason ?? '-',
    ]),
    session.colours.bold,
  );
  return page.cursor === undefined ? table : `${table}there are more: --cursor ${page.cursor}\n`;
}

function renderWorkload(session: Session, workload: WorkloadAnswer): string {
  const { bold } = session.colours;
  const tags = Object.entries(workload.identity.tags).map(
    ([key, value]) => `${printable(key)}=${printable(value)}`,
  );
  const reason =
    workload.statusReason === undefined ? '' : `: ${printable(workload.statusReason, 500)}`;
  const lines = [
    `${bold(printable(workload.id))}  ${printable(workload.name ?? '')}`,
    `  status     ${workload.status}${reason}`,
    `  state      ${workload.state}`,
    `  segments   ${workload.segments.join(', ') || '-'}`,
    ...workload.withheld.map(
      (held) => `  withheld   ${held.segment}: ${printable(held.because, 500)}`,
    ),
    ...(workload.keeps === undefined ? [] : [`  keeps      ${workload.keeps.join(', ')}`]),
    ...workload.conflicts.map((conflict) => `  conflict   ${printable(conflict, 500)}`),
    `  control    ${workload.control}${workload.controlReason === undefined ? '' : `: ${printable(workload.controlReason, 500)}`}`,
    `  tags       ${tags.join(', ') || '-'}`,
    `  changed    ${workload.changedAt}, generation ${workload.generation}`,
  ];
  const rows = workload.interfaces.map((item) => [
    item.id,
    item.groups.join(', '),
    item.ledger?.join(', ') ?? '-',
    item.pending ? 'waits to be looked at' : item.outcome,
    item.reason ?? '-',
  ]);
  const table = renderTable(['interface', 'groups', 'before us', 'outcome', 'why'], rows, bold);
  return `${lines.join('\n')}\n${rows.length === 0 ? '' : `\n${table}`}`;
}

export async function plans(
  session: Session,
  client: ApiClient,
  id: string | undefined,
  cursor: string | undefined,
): Promise<ExitCode> {
  if (id !== undefined) {
    const path = `/v1/plans/${encodeURIComponent(id)}`;
    const { value } = await client.call({ method: 'GET', path, answer: planAnswerSchema });
    session.result(value, renderPlanAnswer(session, value));
    return EXIT.ok;
  }
  const { value } = await client.call({
    method: 'GET',
    path: '/v1/plans',
    query: { cursor },
    answer: planPageSchema,
  });
  session.result(value, renderPlans(session, value));
  return EXIT.ok;
}

function renderPlans(session: Session, page: PlanPage): string {
  if (page.items.length === 0) return 'no plan was made yet\n';
  const table = renderTable(
    ['plan', 'kind', 'state', 'phase', 'author', 'changed', 'reason'],
    page.items.map((item) => [
      item.id,
      item.kind,
      item.state,
      item.phase,
      item.author,
      item.changedAt,
      item.reason ?? '-',
    ]),
    session.colours.bold,
  );
  return page.cursor === undefined ? table : `${table}there are more: --cursor ${page.cursor}\n`;
}
