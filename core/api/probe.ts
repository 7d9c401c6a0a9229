import * as z from 'zod';
import type { Inventory } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';
import { proposePlan } from '../plan/propose-plan.ts';
import { explainPath } from './explain.ts';
import type { ExplainAnswer } from './explain-answer.ts';
import { plannedInventory } from './planned-inventory.ts';

/** One question: an ICMP type stands as port; protocols without ports have none. */
export const probeSchema = z.object({
  from: z.string().min(1).max(256),
  to: z.string().min(1).max(256),
  protocol: z.union([z.string().min(1).max(16), z.number().int().min(-1).max(255)]),
  port: z.number().int().min(-1).max(65_535).nullish(),
});
export type Probe = z.infer<typeof probeSchema>;

export interface ProbeVerdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** The rule, guardrail, group, NACL entry or missing route that decides, most important first. */
  readonly why: readonly string[];
}

/** The policy's answer, AWS's as it is, and AWS's after the plan, approvals taken as given. */
export interface ProbeAnswer extends Probe {
  readonly policy: ProbeVerdict;
  readonly now: ProbeVerdict;
  readonly planned: ProbeVerdict;
}

export interface ProbeInput {
  readonly probes: readonly Probe[];
  readonly inventory: Inventory;
  readonly policy?: Policy | undefined;
  readonly owner: string;
  /** ISO 8601, UTC. */
  readonly now: string;
}

/** In the order of the probes. A question that cannot be answered is `unknown` and says why. */
export function answerProbes(input: ProbeInput): readonly ProbeAnswer[] {
  const planned = plan(input);
  return input.probes.map((probe) => {
    const before = ask(input, input.inventory, probe);
    const after = typeof planned === 'string' ? unknown(planned) : ask(input, planned, probe).aws;
    return { ...probe, policy: before.policy, now: before.aws, planned: after };
  });
}

/** The inventory after the plan; a text says why there is none. */
function plan({ inventory, policy, owner, now }: ProbeInput): Inventory | string {
  if (policy === undefined) return 'no policy was given, so nothing is planned';
  const { plan: made, diagnostics } = proposePlan({ policy, inventory, now, owner });
  if (made !== undefined) return plannedInventory(inventory, made, owner);
  const errors = diagnostics.filter((one) => one.severity === 'error');
  return `the policy does not fit the estate: ${errors.map((one) => one.message).join('; ')}`;
}

function ask({ policy, now }: ProbeInput, inventory: Inventory, probe: Probe) {
  const port = portText(probe);
  const found = explainPath({ policy, inventory, now, from: probe.from, to: probe.to, port });
  if (found.kind !== 'answer') {
    return { policy: unknown(found.message), aws: unknown(found.message) };
  }
  const { answer } = found;
  return {
    policy: policy === undefined ? unknown('no policy was given') : verdictOf(answer.policy),
    aws: verdictOf(answer.aws),
  };
}

/** Of several addresses or ports some may pass: then something passes, and `why` says so. */
function verdictOf({ verdict, why }: ExplainAnswer['aws']): ProbeVerdict {
  if (verdict !== 'partly') return { verdict, why };
  return { verdict: 'allow', why: ['not for every address and port', ...why] };
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['-1', 'all'],
  ['1', 'icmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['58', 'icmpv6'],
  ['icmp6', 'icmpv6'],
]);
const WITH_PORTS: ReadonlySet<string> = new Set(['icmp', 'tcp', 'udp', 'icmpv6']);

/** As an `allow` entry of a policy; an echo request has code 0, like most ICMP. */
function portText({ protocol, port }: Probe): string {
  const asked = String(protocol).toLowerCase();
  const text = /^-?\d+$/.test(asked) ? String(Number(asked)) : asked;
  const name = NAMES.get(text) ?? text;
  if (!WITH_PORTS.has(name) || port === undefined || port === null || port < 0) return name;
  return name.startsWith('icmp') ? `${name}/${port}/0` : `${name}/${port}`;
}

function unknown(because: string): ProbeVerdict {
  return { verdict: 'unknown', why: [because] };
}
