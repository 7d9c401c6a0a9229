import type { Status } from '../core/api/status-answer.ts';
import { printable } from './printable.ts';
import { plural } from './render-diagnostics.ts';
import type { Session } from './session.ts';

type Sweep = NonNullable<Status['sweep']>;

export function renderStatus(session: Session, status: Status): string {
  const { colours } = session;
  const lines = [
    `${colours.bold(status.stack)}  version ${status.version}  ${describeForce(status)}`,
    row('policy', status.policyVersion ?? 'none yet'),
    row('managed', status.managedVpcs.length === 0 ? 'no VPC' : status.managedVpcs.join(', ')),
    row('segments', String(status.segments)),
    row('workloads', describeWorkloads(status)),
    ...describeHeld(status).map((text) => row('held', colours.yellow(text))),
    ...status.blockedSegments.map((blocked) =>
      row(
        'blocked',
        colours.yellow(`${printable(blocked.segment)}: ${blocked.message}; ${blocked.hint}`),
      ),
    ),
    ...(status.plan === undefined
      ? []
      : [row('plan', `${status.plan.id} ${status.plan.state} (${status.plan.phase})`)]),
    row('latency', describeLatency(status)),
    row('open', describeOpen(status)),
    ...(status.parked.count === 0 ? [] : [row('parked', describeParked(status))]),
    row('sweep', status.sweep === undefined ? 'none yet' : describeSweep(status.sweep)),
    ...renderProof(session, status.proof),
    ...Object.entries(status.counts).map(([name, count]) => row('count', `${name}: ${count}`)),
  ];
  return `${lines.join('\n')}\n`;
}

type Proof = NonNullable<Status['proof']>;

/** What was compared, and by name what AWS does otherwise than the policy. */
function renderProof(session: Session, proof: Proof | undefined): readonly string[] {
  if (proof === undefined) return [row('proof', 'none yet')];
  const { holes, cuts, excused } = proof;
  const found =
    holes + cuts === 0
      ? 'no hole, no cut'
      : session.colours.red(`${plural(holes, 'hole')}, ${plural(cuts, 'cut')}`);
  const known = excused === 0 ? '' : `, ${excused} excused`;
  const size = `${plural(proof.pairs, 'pair')} in ${proof.classes} classes, ${proof.durationMs} ms`;
  return [
    row('proof', `${proof.at}, generation ${proof.generation}: ${found}${known} (${size})`),
    ...proof.named.slice(0, NAMED_SHOWN_MAX).map((one) => row('', renderFinding(session, one))),
  ];
}

const NAMED_SHOWN_MAX = 10;

function renderFinding({ colours }: Session, one: Proof['named'][number]): string {
  const path = `${printable(one.fromName)} -> ${printable(one.toName)} ${one.traffic}`;
  if (one.because === undefined) return colours.red(`${one.kind}: ${path}`);
  return `excused ${one.kind}: ${path} (${printable(one.because, 200)})`;
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(10)} ${text}`;
}

function describeForce(status: Status): string {
  if (status.generation === 0) return 'idle: nothing was published yet';
  const generation = `generation ${status.generation}`;
  if (status.idle) return `idle: no VPC is managed (${generation})`;
  return `${generation}, ${status.phase ?? 'steady'}`;
}

function describeWorkloads(status: Status): string {
  const { total, byStatus, complete } = status.workloads;
  const parts = Object.entries(byStatus).map(([name, count]) => `${count} ${name}`);
  const more = complete ? '' : ' or more';
  return parts.length === 0 ? `${total}${more}` : `${total}${more}: ${parts.join(', ')}`;
}

const HELD_BECAUSE: Readonly<Record<string, string>> = {
  left: 'in no segment any more',
  loosened: 'an event would have ended their enforcement',
  share: 'their segments have lost as many as the leave guard lets go',
  flapping: 'moved by events again and again',
};

/** How many are held and why; `bulkhead workloads` names them. */
function describeHeld({ workloads }: Status): readonly string[] {
  return Object.entries(workloads.heldBecause).map(
    ([because, count]) => `${count}: ${HELD_BECAUSE[because] ?? because}`,
  );
}

function describeLatency(status: Status): string {
  const { count, receivedToWritten } = status.latency;
  if (receivedToWritten === undefined) return 'no change measured yet';
  const { p50, p95, p99 } = receivedToWritten;
  return `received to written p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms (${plural(count, 'change')})`;
}

function describeOpen(status: Status): string {
  const { count, oldest } = status.open;
  if (oldest === undefined) return 'nothing';
  const since = oldest.since === undefined ? '' : ` since ${oldest.since}`;
  return `${plural(count, 'interface')}; oldest ${oldest.interface} of ${printable(oldest.workload)}${since}`;
}

function describeParked({ parked: { count, oldest } }: Status): string {
  if (oldest === undefined) return plural(count, 'workload');
  const { workload, since, due, reason } = oldest;
  return `${plural(count, 'workload')}; oldest ${printable(workload)} since ${since}, next look ${due}: ${printable(reason)}`;
}

function describeSweep(sweep: Sweep): string {
  const gaps = sweep.gaps.length === 0 ? '' : `, gaps: ${printable(sweep.gaps.join(', '), 300)}`;
  return (
    `${sweep.finishedAt}: ${plural(sweep.workloads, 'workload')}, ` +
    `${sweep.missedByEvents} missed by events, ${sweep.drifted} drifted${gaps}`
  );
}

export function renderSweep(sweep: Sweep): string {
  return `sweep ${describeSweep(sweep)}\n`;
}
