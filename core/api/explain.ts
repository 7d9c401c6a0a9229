import { type PolicyAnswer, type PolicyTraffic, policyTraffic } from '../check/policy-traffic.ts';
import { decideMembership } from '../compile/decide-membership.ts';
import { indexPolicy } from '../compile/index-policy.ts';
import type { Membership } from '../model/desired-state.ts';
import type { Inventory } from '../model/inventory.ts';
import { ownValue } from '../model/own-value.ts';
import type { BaselineEntry, Policy, Rule } from '../model/policy.ts';
import { ALL_TRAFFIC, type PairTraffic, type TrafficSet } from '../model/traffic.ts';
import { readTraffic } from '../policy/read-traffic.ts';
import { type AwsReach, awsReach } from '../reach/aws-reach.ts';
import { OutsideReach } from '../reach/outside.ts';
import { TrafficRegion } from '../reach/traffic-region.ts';
import type { Probe } from '../reach/verdict.ts';
import type { ExplainAnswer } from './explain-answer.ts';
import { findEnd, type PathEnd } from './path-end.ts';
import { joinVerdicts, judgeTraffic, type PathVerdict } from './path-verdict.ts';
import { trafficTexts } from './traffic-text.ts';

export interface ExplainInput {
  /** Absent while nothing is in force: then only AWS answers. */
  readonly policy?: Policy | undefined;
  readonly inventory: Inventory;
  /** Workload id, interface id or address. */
  readonly from: string;
  readonly to: string;
  /** As in an `allow` list: `tcp/443`, `icmp/8`, a service, `all`. */
  readonly port: string;
  /** ISO 8601, UTC. */
  readonly now: string;
}

/** An answer, or what about the question is wrong. */
export type Explanation =
  | { readonly kind: 'answer'; readonly answer: ExplainAnswer }
  | { readonly kind: 'unknown-end'; readonly message: string }
  | { readonly kind: 'bad-port'; readonly message: string };

interface Question {
  readonly input: ExplainInput;
  readonly from: PathEnd;
  readonly to: PathEnd;
  readonly asked: TrafficSet;
  readonly memberships: readonly [Membership | undefined, Membership | undefined];
}

/** A verdict with what decides it, most important first. */
interface Judged {
  readonly verdict: PathVerdict;
  readonly why: readonly string[];
}

/** May one end reach the other? The policy's answer and AWS's, each with what decides it. */
export function explainPath(input: ExplainInput): Explanation {
  const asked = readPort(input);
  if (typeof asked === 'string') return { kind: 'bad-port', message: asked };
  const [from, to] = [findEnd(input.inventory, input.from), findEnd(input.inventory, input.to)];
  if (from === undefined) return unknownEnd(input.from);
  if (to === undefined) return unknownEnd(input.to);
  const memberships = [membershipOf(input, from), membershipOf(input, to)] as const;
  const question: Question = { input, from, to, asked, memberships };
  const policy = judgeByPolicy(question);
  const aws = judgeByAws(question);
  return {
    kind: 'answer',
    answer: {
      from: toEndView(from, memberships[0]),
      to: toEndView(to, memberships[1]),
      port: input.port,
      policy,
      aws,
      agree: policy.verdict === aws.verdict,
      notes: notesOn(question, policy, aws),
      inventoryAt: input.inventory.takenAt,
      ...(input.policy === undefined ? {} : { policyVersion: input.policy.version }),
    },
  };
}

function unknownEnd(asked: string): Explanation {
  const seen = `\`${asked.slice(0, 100)}\` is neither a known workload nor an interface nor an address`;
  return { kind: 'unknown-end', message: seen };
}

/** The traffic asked about; a text says what is wrong with it. */
function readPort({ policy, port }: ExplainInput): TrafficSet | string {
  const reading = readTraffic(port);
  if (reading.kind === 'ranges') return [reading.range];
  if (reading.kind === 'bad') return `\`${port}\` ${reading.seen}; ${reading.hint}`;
  const service = ownValue(policy?.services ?? {}, port);
  if (service !== undefined) return service.ranges;
  return `\`${port}\` is no service of the policy; write \`tcp/443\`, \`udp/53\`, \`icmp/8\` or \`all\``;
}

function membershipOf({ policy, now }: ExplainInput, end: PathEnd): Membership | undefined {
  if (policy === undefined || end.workload === undefined) return undefined;
  return decideMembership(indexPolicy(policy, { now }), end.workload.identity);
}

function toEndView(end: PathEnd, membership: Membership | undefined): ExplainAnswer['from'] {
  return {
    asked: end.asked,
    ...(end.workload === undefined ? {} : { workload: end.workload.identity.workload }),
    addresses: [...end.ipv4, ...end.ipv6],
    segments: membership?.segments ?? [],
  };
}

function judgeByPolicy({ input, from, to, asked, memberships }: Question): Judged {
  const { policy, inventory, now } = input;
  if (policy === undefined) return { verdict: 'unknown', why: ['no policy is in force'] };
  const answer = trafficOf(policy, inventory, now).between(
    toCheckEnd(from, memberships[0]),
    toCheckEnd(to, memberships[1]),
  );
  const verdict = judgeFamilies(answer.traffic, asked);
  const why = [
    ...allowances(policy, answer, asked),
    ...prohibitions(policy, answer, asked),
    ...withheld(memberships),
  ];
  if (verdict === 'unknown') return { verdict, why: ['the two ends share no address family'] };
  if (why.length > 0) return { verdict, why };
  const names = memberships.map((one) => one?.segments.join(', ') || 'no segment');
  return { verdict, why: [`no rule lets ${names[0]} reach ${names[1]} on ${input.port}`] };
}

interface KnownTraffic {
  readonly policy: Policy;
  readonly now: string;
  readonly traffic: PolicyTraffic;
}

/** Many questions are asked of one inventory under one policy at one time. */
const traffics = new WeakMap<Inventory, KnownTraffic>();

function trafficOf(policy: Policy, inventory: Inventory, now: string): PolicyTraffic {
  const known = traffics.get(inventory);
  if (known?.policy === policy && known.now === now) return known.traffic;
  const { prefixLists, groups } = inventory;
  const traffic = policyTraffic(policy, { now, prefixLists, groups });
  traffics.set(inventory, { policy, now, traffic });
  return traffic;
}

function toCheckEnd(end: PathEnd, membership: Membership | undefined) {
  return {
    ...(end.workload === undefined ? {} : { identity: end.workload.identity }),
    ipv4: end.ipv4,
    ipv6: end.ipv6,
    groups: [...new Set(end.interfaces.flatMap((nic) => nic.groups))],
    withheld: membership?.withheld.map(({ segment }) => segment) ?? [],
    baseline: membership !== undefined && membership.mode !== 'observe',
  };
}

function judgeFamilies({ ipv4, ipv6 }: PairTraffic, asked: TrafficSet): PathVerdict {
  const shared = [ipv4, ipv6].filter((set) => set !== undefined);
  return joinVerdicts(shared.map((set) => judgeTraffic(asked, set)));
}

/** Rules and baseline entries that are about some of the traffic. */
function entriesOn(policy: Policy, asked: TrafficSet): readonly (Rule | BaselineEntry)[] {
  return [...policy.rules, ...policy.baseline].filter(({ allow }) =>
    allow.some(({ ranges }) => judgeTraffic(asked, ranges) !== 'deny'),
  );
}

function allowances(policy: Policy, answer: PolicyAnswer, asked: TrafficSet): string[] {
  return entriesOn(policy, asked)
    .filter(({ id }) => answer.allowedBy.includes(id))
    .map(({ id, allow, why, location: { file, line } }) => {
      const ports = allow.map((one) => one.text).join(', ');
      return `rule \`${id}\` allows ${ports}: ${why} (${file}:${line})`;
    });
}

function prohibitions(policy: Policy, answer: PolicyAnswer, asked: TrafficSet): string[] {
  const about = entriesOn(policy, asked).map(({ id }) => id);
  return policy.guardrails.flatMap(({ id, why }) =>
    answer.forbidden
      .filter(({ rule, guardrail }) => guardrail === id && about.includes(rule))
      .map(({ rule }) => `guardrail \`${id}\` forbids what rule \`${rule}\` would allow: ${why}`),
  );
}

function withheld(memberships: Question['memberships']): string[] {
  return memberships
    .filter((one) => one !== undefined)
    .flatMap(({ workload, withheld: segments }) =>
      segments.map(
        ({ segment, because }) => `segment \`${segment}\` is withheld from ${workload}: ${because}`,
      ),
    );
}

/** Nothing that is asked about is empty: a service has one entry at least. */
function firstPacket([{ protocolFrom, from } = ALL_TRAFFIC]: TrafficSet): Probe {
  return { protocol: protocolFrom, port: from };
}

/** Over every pair of interfaces of the two ends; the first pair of each verdict says why. */
function judgeByAws({ input, from, to, asked }: Question): Judged {
  if (from.interfaces.length === 0 || to.interfaces.length === 0) {
    return judgeOutside({ input, from, to, asked });
  }
  const { inside: reach, outside } = reachOf(input.inventory);
  const { publicAddress } = to;
  if (publicAddress !== undefined) {
    const found = from.interfaces.flatMap((source) =>
      to.interfaces.map((nic) =>
        judgeOver(asked, outside.passingTranslated(source, nic, publicAddress), (packet) =>
          outside.explainTranslated(source, nic, publicAddress, packet),
        ),
      ),
    );
    return joinWhy(found);
  }
  const whyByVerdict = new Map<PathVerdict, readonly string[]>();
  const verdicts: PathVerdict[] = [];
  for (const source of from.interfaces) {
    for (const destination of to.interfaces) {
      const { verdict, why } = judgePair(reach, source.id, destination.id, asked);
      verdicts.push(verdict);
      if (!whyByVerdict.has(verdict)) whyByVerdict.set(verdict, why);
    }
  }
  return { verdict: joinVerdicts(verdicts), why: [...whyByVerdict.values()].flat() };
}

/** Over all that is asked about; why is told of a packet that decides. */
function judgePair(reach: AwsReach, from: string, to: string, asked: TrafficSet): Judged {
  const passing = reach.between(from, to);
  const exact = judgeFamilies(passing, asked);
  const wanted = TrafficRegion.ofSet(asked);
  if (from === to || exact === 'deny') {
    // What was not read counts as no path for the exact answer, and is no denial here.
    const open = reach.notDenied(from, to).and(wanted).toSet();
    return reach.explain(from, to, firstPacket(open.length === 0 ? asked : open));
  }
  const common = TrafficRegion.ofPair(passing).and(wanted).toSet();
  if (common.length === 0) {
    return { verdict: exact, why: reach.explain(from, to, firstPacket(asked)).why };
  }
  const { why } = reach.explain(from, to, firstPacket(common));
  const isWhole = judgeTraffic(asked, common) === 'allow';
  return {
    verdict: exact,
    why: isWhole ? why : [`only ${trafficTexts(common).join(', ')}`, ...why],
  };
}

/** A way that is explained packet by packet, over all that is asked about. */
function judgeOver(
  asked: TrafficSet,
  passing: TrafficRegion,
  explain: (packet: Probe) => Judged,
): Judged {
  const common = passing.and(TrafficRegion.ofSet(asked)).toSet();
  if (judgeTraffic(asked, common) !== 'partly') return explain(firstPacket(asked));
  const said = explain(firstPacket(common));
  if (said.verdict !== 'allow') return said;
  return { verdict: 'partly', why: [`only ${trafficTexts(common).join(', ')}`, ...said.why] };
}

/** One end is an address that no interface of the inventory has. */
function judgeOutside({ input, from, to, asked }: Omit<Question, 'memberships'>): Judged {
  const [inside, outside] = from.interfaces.length > 0 ? [from, to] : [to, from];
  if (inside.interfaces.length === 0) {
    return {
      verdict: 'unknown',
      why: [`neither ${from.asked} nor ${to.asked} is in the inventory`],
    };
  }
  const direction = inside === from ? 'egress' : 'ingress';
  const reach = reachOf(input.inventory).outside;
  const found = inside.interfaces.flatMap((nic) =>
    [...outside.ipv4, ...outside.ipv6]
      .filter((address) => (address.includes(':') ? nic.ipv6 : nic.ipv4).length > 0)
      .map((address) =>
        judgeOver(asked, reach.passing(nic, direction, address), (packet) =>
          reach.explain(nic, direction, address, packet),
        ),
      ),
  );
  if (found.length === 0) return { verdict: 'deny', why: ['the ends share no address family'] };
  return joinWhy(found);
}

function joinWhy(found: readonly Judged[]): Judged {
  return {
    verdict: joinVerdicts(found.map((one) => one.verdict)),
    why: [...new Set(found.flatMap((one) => one.why))],
  };
}

interface Reaches {
  readonly inside: AwsReach;
  readonly outside: OutsideReach;
}

/** Many questions are asked of one inventory. */
const reaches = new WeakMap<Inventory, Reaches>();

function reachOf(inventory: Inventory): Reaches {
  const known = reaches.get(inventory);
  if (known !== undefined) return known;
  const made = { inside: awsReach(inventory), outside: new OutsideReach(inventory) };
  reaches.set(inventory, made);
  return made;
}

/** What a reader should know before calling a difference a fault. */
function notesOn(question: Question, policy: Judged, aws: Judged): string[] {
  const { from, to, memberships } = question;
  const notes: string[] = [];
  const [source, destination] = memberships;
  if (policy.verdict === 'deny' && aws.verdict !== 'deny' && destination?.mode !== 'enforce') {
    notes.push(
      `the destination is not enforced (${destination?.mode ?? 'not a workload'}), ` +
        'so AWS lets through what its other groups allow',
    );
  }
  if (policy.verdict === 'allow' && aws.verdict === 'deny' && source?.mode === 'observe') {
    notes.push('the source is only observed, so nothing was written for it');
  }
  if (to.publicAddress !== undefined) {
    notes.push(`${to.asked} is a public address; AWS's answer is about the way over the internet`);
  }
  if (from.publicAddress !== undefined) {
    notes.push(`${from.asked} is a public address; the answer is about the host that has it`);
  }
  return notes;
}
