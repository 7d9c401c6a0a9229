import type { DesiredGroup, DesiredRule } from '../model/desired-state.ts';
import { type ListWeight, ruleWeight } from './check-limits.ts';
import { parseGroupKey, surplusKey } from './owned-groups.ts';

export interface SpreadOptions {
  /** Rules that a group takes in one direction and family: the account's quota. */
  readonly limit: number;
  readonly lists: ReadonlyMap<string, ListWeight>;
  /** Becomes part of the names. */
  readonly owner: string;
}

/**
 * Gives each segment whose group cannot hold all its rules further groups for the rest, which its
 * members carry as well: groups add up, so what is allowed stays exactly the same. Groups that fit
 * are left as they are. Whether the interfaces have slots for more is for others to judge.
 */
export function spreadRules(
  groups: readonly DesiredGroup[],
  options: SpreadOptions,
): readonly DesiredGroup[] {
  return groups
    .flatMap((group) => {
      const parsed = parseGroupKey(group.key);
      return parsed?.kind === 'segment' && parsed.segment !== undefined
        ? spread(group, parsed.segment, options)
        : [group];
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

function spread(
  group: DesiredGroup,
  segment: string,
  options: SpreadOptions,
): readonly DesiredGroup[] {
  const ingress = bins(group.ingress, options);
  const egress = bins(group.egress, options);
  const count = Math.max(ingress.length, egress.length, 1);
  return Array.from({ length: count }, (_, at) => ({
    ...(at === 0 ? group : surplusOf(group, segment, at + 1, options.owner)),
    ingress: ingress[at] ?? [],
    egress: egress[at] ?? [],
  }));
}

function surplusOf(
  { vpc }: DesiredGroup,
  segment: string,
  nth: number,
  owner: string,
): Pick<DesiredGroup, 'key' | 'vpc' | 'name' | 'description'> {
  // AWS's limit for both is 255 characters (CreateSecurityGroup); names are unique per VPC.
  return {
    key: surplusKey(segment, nth, vpc),
    vpc,
    name: `${owner}/rules-${nth}/${segment}`.slice(0, 255),
    description: `Bulkhead: further rules of segment ${segment}`.slice(0, 255),
  };
}

interface Bin {
  readonly rules: DesiredRule[];
  readonly used: { ipv4: number; ipv6: number };
}

/** In the order of the rules, each into the first group with room in both families. */
function bins(
  rules: readonly DesiredRule[],
  { limit, lists }: SpreadOptions,
): readonly (readonly DesiredRule[])[] {
  const found: Bin[] = [];
  for (const rule of rules) {
    const weight = {
      ipv4: ruleWeight(rule.peer, 'ipv4', lists),
      ipv6: ruleWeight(rule.peer, 'ipv6', lists),
    };
    let bin = found.find(
      ({ used }) => used.ipv4 + weight.ipv4 <= limit && used.ipv6 + weight.ipv6 <= limit,
    );
    if (bin === undefined) {
      bin = { rules: [], used: { ipv4: 0, ipv6: 0 } };
      found.push(bin);
    }
    bin.rules.push(rule);
    bin.used.ipv4 += weight.ipv4;
    bin.used.ipv6 += weight.ipv6;
  }
  return found.map((bin) => bin.rules);
}
