import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../core/api/traffic-text.ts';
import { type CheckEnd, policyTraffic } from '../core/check/policy-traffic.ts';
import { compilePolicy } from '../core/compile/compile-policy.ts';
import type { Inventory } from '../core/model/inventory.ts';
import type { Policy } from '../core/model/policy.ts';
import type { PairTraffic } from '../core/model/traffic.ts';
import { planChanges } from '../core/plan/plan-changes.ts';
import { parsePolicy } from '../core/policy/parse-policy.ts';
import { awsReach } from '../core/reach/aws-reach.ts';
import { type EstateText, estate } from './core/reach/estate.ts';
import { applySteps } from './properties/apply-steps.ts';
import { NOW, OWNER } from './properties/builders.ts';

/**
 * One case of test/cases: the policy is published onto the estate, and both evaluators are asked. A
 * pair is `from -> to`; traffic reads as in a policy, `-` is nothing, and where the families differ
 * it is `IPv4 | IPv6`, with nothing written for a family that the ends do not share.
 */
interface Case {
  readonly name: string;
  readonly shows: string;
  readonly policy: readonly string[];
  /** When the policy was linted, where that was not now: an expired rule does not lint. */
  readonly written?: string;
  readonly estate: EstateText;
  readonly pairs: Readonly<Record<string, { readonly policy: string; readonly aws: string }>>;
}

const folder = fileURLToPath(new URL('cases', import.meta.url));
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case] as const);

const HEADER = [
  'apiVersion: bulkhead/v1',
  'settings: { vpcs: { tags: { segmentation: bulkhead } } }',
];

/** Lines of segments and rules are a team's; everything else is the root's. */
function readPolicy({ policy, written = NOW }: Case): Policy {
  const isTeams = (line: string): boolean => /^(segments|rules):/.test(line);
  const root = [...HEADER, ...policy.filter((line) => !isTeams(line))].join('\n');
  const team = ['apiVersion: bulkhead/v1', 'team: t', ...policy.filter(isTeams)].join('\n');
  const sources = [
    { file: 'root.yaml', text: root },
    { file: 't.yaml', text: team },
  ];
  const parsed = parsePolicy(sources, { now: written });
  if (parsed.policy === undefined) throw new Error(JSON.stringify(parsed.diagnostics, null, 2));
  return parsed.policy;
}

/** The policy's answers are about the estate as it was; AWS's about what was written to it. */
function publish(policy: Policy, inventory: Inventory) {
  const input = { policy, now: NOW, owner: OWNER };
  const { desired } = compilePolicy({ ...input, inventory });
  const plan = planChanges({
    ...{ ...input, desired, inventory, ledger: {}, held: new Set<string>() },
    ...{ generation: 1, base: 0, kind: 'publish' as const },
  });
  return { after: applySteps({ inventory, ledger: {} }, plan.steps).inventory, desired };
}

function told({ ipv4, ipv6 }: PairTraffic): string {
  const [four, six] = [ipv4, ipv6].map((set) =>
    set === undefined ? '' : trafficTexts(set).join(' ') || '-',
  );
  if (six === '') return four ?? '';
  return four === six ? (four ?? '') : `${four} | ${six}`.trim();
}

function answers(one: Case): Case['pairs'] {
  const policy = readPolicy(one);
  const before = estate(one.estate);
  const { after, desired } = publish(policy, before);
  const said = policyTraffic(policy, { now: NOW, ...before });
  const reach = awsReach(after);
  const end = (name: string): CheckEnd => {
    const nic = before.interfaces.find(({ id }) => id === `eni-${name}`);
    const workload = before.workloads.find((each) => each.identity.workload === `i-${name}`);
    const membership = desired.memberships.find((each) => each.workload === `i-${name}`);
    if (nic === undefined || workload === undefined) throw new Error(`no host \`${name}\``);
    return {
      ...{ identity: workload.identity, ipv4: nic.ipv4, ipv6: nic.ipv6, groups: nic.groups },
      withheld: membership?.withheld.map(({ segment }) => segment) ?? [],
      baseline: membership !== undefined && membership.mode !== 'observe',
    };
  };
  return Object.fromEntries(
    Object.keys(one.pairs).map((pair) => {
      const [from = '', to = ''] = pair.split(' -> ');
      const aws = told(reach.between(`eni-${from}`, `eni-${to}`));
      return [pair, { policy: told(said.between(end(from), end(to)).traffic), aws }];
    }),
  );
}

describe('named cases', () => {
  test('there are cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(25);
  });

  test.each(cases)('%s', (_, one) => {
    expect(answers(one)).toEqual(one.pairs);
  });
});
