import {
  type CompileInput,
  type CompileResult,
  compilePolicy,
} from '../../../core/compile/compile-policy.ts';
import { GROUP_TAG, OWNER_TAG } from '../../../core/compile/owned-groups.ts';
import type { DesiredRule } from '../../../core/model/desired-state.ts';
import type { Inventory, NetworkInterface, SecurityGroup } from '../../../core/model/inventory.ts';
import type { Diagnostic, Policy } from '../../../core/model/policy.ts';
import { group, NOW, OWNER } from '../../properties/builders.ts';

export function compile(
  policy: Policy,
  inventory: Inventory,
  more: Partial<CompileInput> = {},
): CompileResult {
  return compilePolicy({ policy, inventory, now: NOW, owner: OWNER, ...more });
}

export function errorsOf(policy: Policy, inventory: Inventory): readonly Diagnostic[] {
  return compile(policy, inventory).diagnostics.filter(({ severity }) => severity === 'error');
}

/** E.g. `6:443-443 segment:web@vpc-1`. */
export function textOf({ protocol, fromPort, toPort, peer }: DesiredRule): string {
  const named = peer.kind === 'owned' ? peer.key : 'id' in peer ? peer.id : peer.cidr;
  return `${protocol}:${fromPort}-${toPort} ${named}`;
}

/** The rules of each group, as texts. */
export function rulesByGroup(policy: Policy, inventory: Inventory, more?: Partial<CompileInput>) {
  const { desired } = compile(policy, inventory, more);
  return Object.fromEntries(
    desired.groups.map((g) => [g.key, { in: g.ingress.map(textOf), out: g.egress.map(textOf) }]),
  );
}

/** A group of ours that exists, with the id `sg-<key>`. */
export function ours(key: string, more: Partial<SecurityGroup> = {}): SecurityGroup {
  const vpc = key.slice(key.lastIndexOf('@') + 1);
  return group(`sg-${key}`, vpc, { tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: key }, ...more });
}

/** Everything in the other order: no answer may depend on it. */
export function reversed({ policy, inventory }: { policy: Policy; inventory: Inventory }): {
  policy: Policy;
  inventory: Inventory;
} {
  const turned = <T extends object>(value: T): T => {
    const entries = Object.entries(value).map(([key, one]) => [
      key,
      Array.isArray(one) ? one.toReversed() : one,
    ]);
    return Object.fromEntries(entries);
  };
  const rules = policy.rules.map(turned);
  return { policy: turned({ ...policy, rules }), inventory: turned(inventory) };
}

/** The inventory with one more interface on a workload that has one. */
export function withInterface(
  inventory: Inventory,
  workload: string,
  more: Partial<NetworkInterface>,
): Inventory {
  const [first] = inventory.interfaces.filter((nic) => nic.workload === workload);
  if (first === undefined) throw new Error(`${workload} has no interface`);
  return { ...inventory, interfaces: [...inventory.interfaces, { ...first, ...more }] };
}
