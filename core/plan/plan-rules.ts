import { listWeights, ruleWeight } from '../compile/rule-weight.ts';
import type { DesiredGroup, DesiredRule, GroupKey } from '../model/desired-state.ts';
import type { GroupRule, Inventory, SecurityGroup } from '../model/inventory.ts';
import type { AuthorizeStep, CreateGroupStep, Direction, RevokeStep } from '../model/plan.ts';
import { covers, groupNamedBy, ruleKey } from './rule-keys.ts';

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** What planning rules has to know of the groups. */
export interface GroupPlanInput {
  readonly inventory: Inventory;
  readonly desired: readonly DesiredGroup[];
  /** Owned groups that exist, by key; where a key exists twice, the one that is used. */
  readonly existing: ReadonlyMap<GroupKey, SecurityGroup>;
  readonly keysById: ReadonlyMap<string, GroupKey>;
  /** Keys of the owned groups that some interface carries now. */
  readonly carriedNow: ReadonlySet<GroupKey>;
  /** Keys of owned groups that nobody wants but some interface keeps: held, blocked, not ours to write. */
  readonly retained: ReadonlySet<GroupKey>;
  readonly addOnly: boolean;
}

export interface RuleSteps {
  readonly create: readonly (CreateGroupStep | AuthorizeStep | RevokeStep)[];
  /** Phase revoke, before their `after` on detach steps is known. */
  readonly revoke: readonly RevokeStep[];
  /** Keys of desired groups that lose traffic which no desired rule replaces. */
  readonly narrowed: ReadonlySet<GroupKey>;
  /** Revocations in phase create from groups that interfaces carry: the quota has no room for both. */
  readonly forced: readonly RevokeStep[];
}

/** AWS puts this rule into every new group (page "Security groups for your VPC"). */
function defaultEgress(cidr: '0.0.0.0/0' | '::/0'): GroupRule {
  const kind = cidr === '::/0' ? 'ipv6' : 'ipv4';
  return { protocol: -1, fromPort: -1, toPort: -1, peer: { kind, cidr } };
}

/** Steps that bring every owned group's rules to what is desired. */
export function planRules(input: GroupPlanInput): RuleSteps {
  const create: (CreateGroupStep | AuthorizeStep | RevokeStep)[] = [];
  const revoke: RevokeStep[] = [];
  const narrowed = new Set<GroupKey>();
  for (const group of input.desired) {
    const existing = input.existing.get(group.key);
    if (existing === undefined) {
      create.push(...createGroup(input, group));
      continue;
    }
    for (const direction of DIRECTIONS) {
      const steps = reconcile(input, group, existing, direction);
      create.push(...steps.create);
      revoke.push(...steps.revoke);
      if (steps.narrows) narrowed.add(group.key);
    }
  }
  revoke.push(...emptySurplus(input));
  const forced = create.filter(
    (step): step is RevokeStep =>
      step.kind === 'revoke' && input.existing.has(step.group) && input.carriedNow.has(step.group),
  );
  return { create, revoke, narrowed, forced };
}

/**
 * Takes the rules out of groups that nobody wants, so that they no longer hold each other back from
 * deletion. One that an interface keeps loses only what names a group that goes.
 */
function emptySurplus(input: GroupPlanInput): readonly RevokeStep[] {
  if (input.addOnly) return [];
  const desired = new Set(input.desired.map((group) => group.key));
  const goes = (key: string | undefined): boolean =>
    key !== undefined && input.existing.has(key) && !desired.has(key) && !input.retained.has(key);
  return [...input.existing].flatMap(([key, group]) => {
    if (desired.has(key)) return [];
    return DIRECTIONS.flatMap((direction) => {
      const rules = input.retained.has(key)
        ? group[direction].filter((rule) => goes(groupNamedBy(rule, input.keysById)))
        : group[direction];
      return revokeStep(key, direction, 'revoke', rules);
    });
  });
}

/** Where a new group of this key would be made. */
export function createId(key: GroupKey): string {
  return `create:${key}`;
}

function createGroup(
  input: GroupPlanInput,
  group: DesiredGroup,
): (CreateGroupStep | AuthorizeStep | RevokeStep)[] {
  const step: CreateGroupStep = {
    id: createId(group.key),
    kind: 'create-group',
    phase: 'create',
    after: [],
    group: group.key,
    vpc: group.vpc,
    name: group.name,
    description: group.description,
  };
  const ipv6 = input.inventory.vpcs.some((v) => v.id === group.vpc && v.ipv6.length > 0);
  const defaults = [defaultEgress('0.0.0.0/0'), ...(ipv6 ? [defaultEgress('::/0')] : [])];
  const wanted = new Set(group.egress.map((rule) => ruleKey(rule, input.keysById)));
  // One step each: AWS revokes nothing of a call that names a rule which is not there.
  const unwanted = defaults
    .filter((rule) => !wanted.has(ruleKey(rule, input.keysById)))
    .flatMap((rule) =>
      revokeStep(group.key, 'egress', 'create', [rule], {
        id: `revoke-default:${group.key}:${rule.peer.kind}`,
        after: [step.id],
      }),
    );
  // Only IPv4 is certain to be there already; a duplicate of the other is no error by itself.
  const there = ruleKey(defaultEgress('0.0.0.0/0'), input.keysById);
  const egress = group.egress.filter((rule) => ruleKey(rule, input.keysById) !== there);
  return [
    step,
    ...unwanted,
    ...authorizeStep(input, group.key, 'ingress', group.ingress),
    ...authorizeStep(input, group.key, 'egress', egress),
  ];
}

function reconcile(
  input: GroupPlanInput,
  group: DesiredGroup,
  existing: SecurityGroup,
  direction: Direction,
): {
  create: readonly (AuthorizeStep | RevokeStep)[];
  revoke: readonly RevokeStep[];
  narrows: boolean;
} {
  const { keysById } = input;
  const have = new Set(existing[direction].map((rule) => ruleKey(rule, keysById)));
  const want = new Set(group[direction].map((rule) => ruleKey(rule, keysById)));
  const missing = group[direction].filter((rule) => !have.has(ruleKey(rule, keysById)));
  const surplus = input.addOnly
    ? []
    : existing[direction].filter(
        (rule) => !want.has(ruleKey(rule, keysById)) && !namesRetained(input, rule),
      );
  // Nobody is behind the rules of a group that no interface carries; a new group's egress to
  // anywhere, left by a plan that died, must be gone before the group is attached.
  const early = input.carriedNow.has(group.key)
    ? forcedByQuota(input, existing[direction], missing, surplus)
    : surplus;
  const late = surplus.filter((rule) => !early.includes(rule));
  const earlySteps = revokeStep(group.key, direction, 'create', early, {
    id: `revoke-early:${group.key}:${direction}`,
    after: [],
  });
  return {
    create: [
      ...earlySteps,
      ...authorizeStep(input, group.key, direction, missing).map((step) => ({
        ...step,
        after: [...step.after, ...earlySteps.map((s) => s.id)],
      })),
    ],
    revoke: revokeStep(group.key, direction, 'revoke', late),
    narrows: surplus.some((old) => !group[direction].some((rule) => covers(rule, old, keysById))),
  };
}

function namesRetained(input: GroupPlanInput, rule: GroupRule): boolean {
  const named = groupNamedBy(rule, input.keysById);
  return named !== undefined && input.retained.has(named);
}

/**
 * The surplus rules that must go before the missing ones fit, as few as the quota asks for: those
 * first whose traffic no missing rule takes over, since the others carry flows that stay allowed.
 */
function forcedByQuota(
  input: GroupPlanInput,
  existing: readonly GroupRule[],
  missing: readonly DesiredRule[],
  surplus: readonly GroupRule[],
): readonly GroupRule[] {
  if (missing.length === 0 || surplus.length === 0) return [];
  const lists = listWeights(input);
  const limit = input.inventory.quotas.rulesPerGroup;
  const staysAllowed = (old: GroupRule): boolean =>
    missing.some((rule) => covers(rule, old, input.keysById));
  const order = [...surplus].sort((a, b) => Number(staysAllowed(a)) - Number(staysAllowed(b)));
  const forced = new Set<GroupRule>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const weigh = (rules: readonly (GroupRule | DesiredRule)[]): number =>
      rules.reduce((sum, rule) => sum + ruleWeight(rule.peer, family, lists), 0);
    let used = weigh(existing.filter((rule) => !forced.has(rule))) + weigh(missing);
    for (const rule of order) {
      if (used <= limit) break;
      const weight = ruleWeight(rule.peer, family, lists);
      if (forced.has(rule) || weight === 0) continue;
      forced.add(rule);
      used -= weight;
    }
  }
  return surplus.filter((rule) => forced.has(rule));
}

function authorizeStep(
  input: GroupPlanInput,
  key: GroupKey,
  direction: Direction,
  rules: readonly DesiredRule[],
): AuthorizeStep[] {
  if (rules.length === 0) return [];
  const named = rules.flatMap((rule) => groupNamedBy(rule, input.keysById) ?? []);
  const made = [key, ...named].filter(
    (name) => !input.existing.has(name) && input.desired.some((group) => group.key === name),
  );
  const after = made.map(createId);
  const id = `authorize:${key}:${direction}`;
  return [{ id, kind: 'authorize', phase: 'create', after, group: key, direction, rules }];
}

function revokeStep(
  key: GroupKey,
  direction: Direction,
  phase: RevokeStep['phase'],
  rules: readonly GroupRule[],
  step: { readonly id: string; readonly after: readonly string[] } = {
    id: `revoke:${key}:${direction}`,
    after: [],
  },
): RevokeStep[] {
  if (rules.length === 0) return [];
  return [{ ...step, kind: 'revoke', phase, group: key, direction, rules }];
}
