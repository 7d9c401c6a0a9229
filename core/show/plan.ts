import type { DesiredRule } from '../model/desired-state.ts';
import type { GroupRule } from '../model/inventory.ts';
import type { InterfaceStep, Phase, Plan, PlanStep } from '../model/plan.ts';
import { PHASES } from '../model/plan.ts';
import { approvalReasons } from './approval.ts';
import { printable } from './printable.ts';

const TITLES: Readonly<Record<Phase, string>> = {
  create: 'create groups and authorise rules (nothing is taken away)',
  attach: 'attach groups beside the existing ones',
  detach: 'take groups off that are no longer wanted',
  revoke: 'revoke rules that nobody wants',
  delete: 'delete groups that nobody carries',
};

/** The plan for people: by phase, what is blocked and why, and what waits for approval. */
export function renderPlan(plan: Plan): string {
  if (plan.steps.length === 0) return [...notes(plan), 'nothing to change', ''].join('\n');
  const lines = PHASES.flatMap((phase) => renderPhase(plan, phase));
  return [...notes(plan), ...lines, ...renderApproval(plan), ''].join('\n');
}

function notes(plan: Plan): string[] {
  const gaps = plan.addOnly ? ['the inventory has gaps: this plan adds and never removes'] : [];
  return [...gaps, ...plan.warnings.map((warning) => `warning: ${printable(warning, 400)}`)];
}

function renderPhase(plan: Plan, phase: Phase): string[] {
  const steps = plan.steps.filter((step) => step.phase === phase);
  if (steps.length === 0) return [];
  const number = PHASES.indexOf(phase) + 1;
  return [`${number}. ${TITLES[phase]}`, ...steps.flatMap(renderStep)];
}

function renderStep(step: PlanStep): string[] {
  switch (step.kind) {
    case 'create-group':
      return [`  + group ${step.group}`];
    case 'delete-group':
      return [`  - group ${step.group} (${step.groupId})`];
    case 'authorize':
      return step.rules.map((rule) => `  + ${step.group} ${step.direction} ${ruleText(rule)}`);
    case 'revoke':
      return step.rules.map((rule) => `  - ${step.group} ${step.direction} ${ruleText(rule)}`);
    default:
      return renderInterface(step);
  }
}

function renderInterface(step: InterfaceStep): string[] {
  const added = step.to.filter((id) => !step.from.includes(id)).map((id) => `+${id}`);
  const removed = step.from.filter((id) => !step.to.includes(id)).map((id) => `-${id}`);
  const line =
    `  ~ ${step.workload} ${step.interface} ${[...added, ...removed].join(' ')}`.trimEnd();
  if (step.blocked === undefined) return [line];
  const { reason, message, hint } = step.blocked;
  return [
    line,
    `      blocked (${reason}): ${printable(message, 300)}`,
    `      ${printable(hint, 300)}`,
  ];
}

function ruleText(rule: DesiredRule | GroupRule): string {
  const { peer } = rule;
  const name = peer.kind === 'owned' ? peer.key : 'cidr' in peer ? peer.cidr : peer.id;
  const because =
    'because' in rule && rule.because.length > 0 ? `  (${rule.because.join(', ')})` : '';
  return `${portText(rule)} ${name}${because}`;
}

const NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };

/** `tcp/443`, `udp`, `icmp/8`, `all`: as a policy would write it. */
export function portText(rule: {
  readonly protocol: number;
  readonly fromPort: number;
  readonly toPort: number;
}): string {
  const { protocol, fromPort, toPort } = rule;
  if (protocol === -1) return 'all';
  const name = NAMES[protocol] ?? String(protocol);
  if (fromPort === -1 || (fromPort === 0 && toPort === 65_535)) return name;
  if (protocol === 1 || protocol === 58) {
    return toPort === -1 ? `${name}/${fromPort}` : `${name}/${fromPort}/${toPort}`;
  }
  return fromPort === toPort ? `${name}/${fromPort}` : `${name}/${fromPort}-${toPort}`;
}

function renderApproval(plan: Plan): string[] {
  const reasons = approvalReasons(plan);
  if (reasons.length === 0) return [];
  return ['this waits for approval:', ...reasons.map((reason) => `  ${reason}`)];
}
