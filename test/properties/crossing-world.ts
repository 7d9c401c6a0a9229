import type { Inventory } from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import { guardrail, inventory, policy, rule, segment } from './builders.ts';

/** An estate, the policy in force and the one that comes. */
export interface Change {
  readonly inventory: Inventory;
  readonly before: Policy;
  readonly after: Policy;
}

type Rules = readonly (readonly [from: string, to: string])[];

const ESTATE = inventory([
  { name: 'x', app: 'x' },
  { name: 'y', app: 'y' },
  { name: 'p', app: 'p' },
]);

/** Which app is in which segment; `dev` and `prod` are zones of their own, which no rule may join. */
function policyOf(members: Readonly<Record<string, readonly string[]>>, rules: Rules): Policy {
  const zoned = new Set(['dev', 'prod']);
  return policy({
    segments: Object.entries(members).map(([name, app]) =>
      segment(name, {
        ...{ select: { tags: { app: [...app] } }, egress: 'closed' },
        ...(zoned.has(name) ? { zone: name } : {}),
      }),
    ),
    rules: rules.map(([from, to]) => rule(`${from}-${to}`, from, to, ['tcp/443'])),
    guardrails: [guardrail('apart', { from: { zone: 'dev' }, to: { zone: 'prod' } })],
  });
}

/** `x` goes from `shared` to `dev` while `shared` gets a rule to `prod`. */
export const RULES_COME: Change = {
  inventory: ESTATE,
  before: policyOf({ shared: ['x', 'y'], prod: ['p'] }, [['prod', 'shared']]),
  after: policyOf({ shared: ['y'], dev: ['x'], prod: ['p'] }, [['shared', 'prod']]),
};

/** `x` goes from `shared` to `dev` while `p` joins a segment of `prod` that `shared` may reach. */
export const PEERS_JOIN: Change = {
  inventory: ESTATE,
  before: policyOf({ shared: ['x'], prod: ['y'], free: ['p'] }, [['shared', 'prod']]),
  after: policyOf({ shared: ['z'], dev: ['x'], prod: ['y', 'p'] }, [['shared', 'prod']]),
};

/** `x` joins `shared`, which is in no zone, and `dev` while the rule of `shared` to `prod` goes. */
export const RULES_GO: Change = {
  inventory: ESTATE,
  before: policyOf({ shared: ['y'], prod: ['p'] }, [['shared', 'prod']]),
  after: policyOf({ shared: ['x', 'y'], dev: ['x'], prod: ['p'] }, []),
};
