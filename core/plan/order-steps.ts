import type { GroupKey } from '../model/desired-state.ts';
import { type InterfaceStep, PHASES, type PlanStep } from '../model/plan.ts';
import { groupNamedBy } from './rule-keys.ts';

/** Within a phase: what others wait for comes first. */
const KINDS: readonly PlanStep['kind'][] = [
  'create-group',
  'revoke',
  'authorize',
  'attach',
  'detach',
  'delete-group',
];

/**
 * Sorts the steps and says what each waits for. The edges are those inside a plan that a barrier
 * alone would not explain to a reader: an interface waits for the groups it gets and for the rules
 * on and about them; a rule or group goes when the interfaces that it served have moved. Between
 * interfaces there are no edges: the barrier between the phases stands for them, which would be as
 * many as there are pairs.
 */
export function orderSteps(
  steps: readonly PlanStep[],
  keysById: ReadonlyMap<string, GroupKey>,
): readonly PlanStep[] {
  const graph = new StepGraph(steps, keysById);
  return [...steps].sort(compareSteps).map((step) => ({
    ...step,
    after: [...new Set([...step.after, ...graph.before(step)])].sort(),
  }));
}

function compareSteps(a: PlanStep, b: PlanStep): number {
  const byPhase = PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase);
  const byKind = KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
  return byPhase || byKind || (a.id < b.id ? -1 : 1);
}

class StepGraph {
  readonly #keysById: ReadonlyMap<string, GroupKey>;
  /** Steps of phase create on a group, or on another one whose rules name it. */
  readonly #making = new Map<GroupKey, string[]>();
  readonly #moving = new Map<GroupKey, string[]>();
  readonly #revoking = new Map<GroupKey, string[]>();
  readonly #attaching = new Map<string, string>();

  constructor(steps: readonly PlanStep[], keysById: ReadonlyMap<string, GroupKey>) {
    this.#keysById = keysById;
    for (const step of steps) this.#enter(step);
  }

  #enter(step: PlanStep): void {
    switch (step.kind) {
      case 'delete-group':
        return;
      case 'create-group':
        file(this.#making, step.group, step.id);
        return;
      case 'authorize':
      case 'revoke': {
        const index = step.phase === 'create' ? this.#making : this.#revoking;
        for (const key of new Set([step.group, ...this.#named(step)])) file(index, key, step.id);
        return;
      }
      default:
        if (step.phase === 'attach') this.#attaching.set(step.interface, step.id);
        for (const key of this.#keysOf([...step.from, ...step.to])) {
          file(this.#moving, key, step.id);
        }
    }
  }

  before(step: PlanStep): readonly string[] {
    switch (step.kind) {
      case 'attach':
        return this.#gained(step).flatMap((key) => this.#making.get(key) ?? []);
      case 'detach': {
        const attach = this.#attaching.get(step.interface);
        const gained = this.#keysOf(step.to).flatMap((key) => this.#making.get(key) ?? []);
        return attach === undefined ? gained : [...gained, attach];
      }
      case 'revoke':
        if (step.phase === 'create') return [];
        return [step.group, ...this.#named(step)].flatMap((key) => this.#moving.get(key) ?? []);
      case 'delete-group':
        return [...(this.#revoking.get(step.group) ?? []), ...(this.#moving.get(step.group) ?? [])];
      default:
        return [];
    }
  }

  #gained(step: InterfaceStep): readonly GroupKey[] {
    return this.#keysOf(step.to.filter((id) => !step.from.includes(id)));
  }

  #named(step: Extract<PlanStep, { rules: unknown }>): readonly string[] {
    return step.rules.flatMap((rule) => groupNamedBy(rule, this.#keysById) ?? []);
  }

  /** Keys of groups of ours; a group that does not exist yet stands under its key already. */
  #keysOf(ids: readonly string[]): readonly GroupKey[] {
    return ids.map((id) => this.#keysById.get(id) ?? id);
  }
}

function file(index: Map<string, string[]>, key: string, id: string): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, [id]);
  else known.push(id);
}
