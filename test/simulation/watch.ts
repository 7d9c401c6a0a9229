import type { Inventory } from '../../core/model/inventory.ts';
import type { Plan } from '../../core/model/plan.ts';
import type {
  Bundle,
  Head,
  InterfaceRecord,
  PlanRecord,
  WorkloadRecord,
} from '../../core/model/record.ts';
import type { LeaseClaim, Store } from '../../engine/ports.ts';
import type { FakeEc2, PendingCall, Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import type { MemoryArchive } from '../fakes/store/memory-archive.ts';
import { BudgetWatch } from './budget-watch.ts';
import type { Environment, PortCall } from './environment.ts';
import { filtersOf, passes, passesBy } from './flows.ts';
import type { Ec2Watch } from './lambda.ts';
import { findOpenings } from './openings.ts';
import { inPlay, push, type Said } from './said.ts';
import {
  portsBetween,
  portsWritten,
  type SimPolicy,
  segmentsOf,
  type Tags,
  wishFor,
} from './sim-policy.ts';
import { isOurs, keyOf, nicOf, withGroups } from './snapshots.ts';
import type { World } from './world.ts';

/** Whoever decided has written by now, or has lost its lease (engine/write-path.ts). */
const IN_PLAY_MS = 15_000;

/** Between the last look at the rules before groups may come off, and the head that says so. */
const MENDING_MS = 5_000;

/** So old may be what a Describe shows (simulate.ts, `staleMsMax`). */
const STALE_READ_MS = 3_000;

/** A Describe that an inventory was made from may be this old. */
const STALE_MS = 10_000;

type Nic = Snapshot['interfaces'][number];

/**
 * Looks at every write of EC2 as it happens, with nothing but the state of the fakes and the calls
 * made: whether a flow was cut that nobody asked to be, a foreign thing touched without the ledger
 * holding it, or a younger generation's word overwritten by an older one's.
 */
export class Watch implements Ec2Watch {
  readonly complaints: string[] = [];
  readonly policies = new Map<string, SimPolicy>();
  writes = 0;
  readonly #ec2: FakeEc2;
  readonly #store: Store;
  readonly #archive: MemoryArchive;
  readonly #world: World;
  readonly #now: () => number;
  readonly #heads: Said<Head>[] = [];
  /** Plans that may have left rules behind: the last one that was done, and all that started since. */
  readonly #underWay = new Map<number, PlanRecord>();
  readonly #records = new Map<string, Said<Tags>[]>();
  readonly #held = new Set<string>();
  readonly #blocked = new Set<string>();
  readonly #settled = new Map<string, number>();
  readonly #claims = new Map<string, Said<LeaseClaim>>();
  readonly #headsRead = new Map<string, Said<number>[]>();
  readonly #applied = new Map<string, number>();
  /** Foreign groups that Bulkhead has taken off each interface and not put back, by its own count. */
  readonly takenOff = new Map<string, Set<string>>();
  /** How often a write was refused for good, by workload. */
  readonly refusals = new Map<string, number>();
  readonly #budget = new BudgetWatch();
  #before: Snapshot | undefined;

  constructor(options: {
    readonly ec2: FakeEc2;
    readonly store: Store;
    readonly archive: MemoryArchive;
    readonly world: World;
    readonly now: () => number;
  }) {
    this.#ec2 = options.ec2;
    this.#store = options.store;
    this.#archive = options.archive;
    this.#world = options.world;
    this.#now = options.now;
  }

  /** Every call of a port, once it has taken effect. */
  heard(call: PortCall): void {
    if (call.outcome !== 'done' && call.outcome !== 'lost') return;
    const [first] = call.args;
    const said = <T>(what: T): Said<T> => ({ at: call.at, what });
    if (call.name === 'store.writeHead') this.#heads.push(said(first as Head));
    if (call.name === 'store.writePlan') this.#notePlan(first as PlanRecord);
    if (call.name === 'store.writeWorkload') {
      const { identity, held } = first as WorkloadRecord;
      push(this.#records, identity.workload, said(identity.tags));
      if (held) this.#held.add(identity.workload);
      else this.#held.delete(identity.workload);
    }
    if (call.name === 'store.claim') {
      const claim = first as LeaseClaim;
      this.#claims.set(`${call.environment} ${claim.interfaceId}`, said(claim));
    }
    if (call.name === 'store.readHead') {
      const head = call.result as Head | undefined;
      push(this.#headsRead, call.environment, said(head?.generation ?? 0));
    }
    if (call.name === 'store.settle') {
      const record = first as InterfaceRecord;
      const isDone = record.doneFence === record.fence && record.outcome !== 'waiting';
      if (isDone) this.#settled.set(record.interface, call.at);
      if (record.outcome === 'blocked') this.#blocked.add(record.interface);
      else this.#blocked.delete(record.interface);
      this.#apply(record.interface, record.generation);
    }
  }

  #notePlan(record: PlanRecord): void {
    const { generation, state } = record;
    if (state === 'applying' || state === 'done') this.#underWay.set(generation, record);
    // With gaps in its inventory it has removed nothing.
    if (state !== 'done' || this.#planOf(record.id)?.addOnly === true) return;
    for (const other of this.#underWay.keys()) if (other < generation) this.#underWay.delete(other);
  }

  #planOf(id: string): Plan | undefined {
    return this.#archive.documents.get(`plans/${id}/plan`) as Plan | undefined;
  }

  async before(call: PendingCall): Promise<void> {
    this.#before = this.#ec2.snapshot();
    const over = this.#budget.over(call.action, this.#now());
    if (over !== undefined) this.#complain(over);
    if (call.action !== 'ModifyNetworkInterfaceAttribute') return;
    this.#checkControl(call);
    await this.#checkLedger(call);
  }

  /** What a service has is never written, not even tried, whatever its groups and its tags say. */
  #checkControl(call: PendingCall): void {
    const nic = nicOf(this.#ec2.snapshot(), String(call.input.NetworkInterfaceId));
    if (nic?.requester === undefined) return;
    const { id, requester } = nic;
    this.#complain(`${id}, which is managed by ${requester.service}, was about to be written`);
  }

  refuses(call: PendingCall): string | undefined {
    if (call.action !== 'ModifyNetworkInterfaceAttribute') return undefined;
    const nic = nicOf(this.#ec2.snapshot(), String(call.input.NetworkInterfaceId));
    const owner = nic?.attachment?.instance ?? '';
    if (this.#world.services?.refusing.has(owner) !== true) return undefined;
    this.refusals.set(owner, (this.refusals.get(owner) ?? 0) + 1);
    return 'UnauthorizedOperation';
  }

  after(call: PendingCall, by: Environment): void {
    this.writes += 1;
    const before = this.#before;
    const after = this.#ec2.snapshot();
    if (before === undefined) return;
    if (call.action === 'ModifyNetworkInterfaceAttribute') {
      this.#checkGeneration(call, by);
      this.#noteTakenOff(call, before);
      const id = String(call.input.NetworkInterfaceId);
      // It has moved under the writer's hands, or he was shown it as it was before.
      const { at = 0 } = this.#claims.get(`${by.name} ${id}`) ?? {};
      if ((this.#world.moved.get(id) ?? 0) > at - STALE_READ_MS) return;
      this.#checkOpenings(call, before, after, (nic) => nic.id === id);
      const [was, is] = [nicOf(before, id), nicOf(after, id)];
      const lost = was?.groups.filter((group) => !is?.groups.includes(group)) ?? [];
      if (lost.length === 0 || was === undefined) return;
      const isAsked = (group: string): boolean =>
        isOurs(before, group) &&
        (this.#isToBeObserved(was) || this.#isOfObserved(keyOf(before, group)));
      const asked = lost.filter(isAsked);
      if (asked.length === lost.length || this.#hasOnlyLeftovers(before, was, lost)) return;
      this.#checkFlows(call, before, withGroups(after, id, asked), (nic) => nic.id === id);
      return;
    }
    const id = String(call.input.GroupId ?? '');
    if (id !== '' && !isOurs(before, id)) this.#complain(`${call.action} of foreign group ${id}`);
    if (call.action.startsWith('Authorize')) {
      this.#checkOpenings(call, before, after, (nic) => nic.groups.includes(id));
    }
    if (call.action.startsWith('Revoke')) {
      // Who is held, or waits for a group to be made, carries one whose rules are not about it any more.
      const isConcerned = (nic: Nic): boolean => nic.groups.includes(id) && this.#isKnown(nic);
      this.#checkFlows(call, before, after, isConcerned);
    }
  }

  /** Before a foreign group comes off, table and archive have the set. */
  async #checkLedger(call: PendingCall): Promise<void> {
    const { id, foreign } = this.#comingOff(call, this.#ec2.snapshot());
    if (foreign.length === 0) return;
    const inTable = (await this.#store.readLedger(id))?.groups ?? [];
    const inArchive = [...this.#archive.documents]
      .filter(([name]) => name.startsWith(`ledger/${id}/`))
      .flatMap(([, entry]) => (entry as { readonly groups: readonly string[] }).groups);
    for (const group of foreign) {
      if (!inTable.includes(group)) this.#complain(`${group} comes off ${id}, not in the table`);
      if (!inArchive.includes(group))
        this.#complain(`${group} comes off ${id}, not in the archive`);
    }
  }

  #comingOff(call: PendingCall, snapshot: Snapshot) {
    const id = String(call.input.NetworkInterfaceId);
    const wanted = call.input.Groups as readonly string[];
    const current = nicOf(snapshot, id)?.groups ?? [];
    const foreign = current.filter((one) => !wanted.includes(one) && !isOurs(snapshot, one));
    return { id, foreign };
  }

  #noteTakenOff(call: PendingCall, before: Snapshot): void {
    const { id, foreign } = this.#comingOff(call, before);
    const known = this.takenOff.get(id) ?? new Set();
    for (const group of foreign) known.add(group);
    for (const group of call.input.Groups as readonly string[]) known.delete(group);
    this.takenOff.set(id, known);
  }

  /**
   * A writer acts on a head that it read under its lease. The youngest that it can have meant must not
   * be older than what was applied to the interface before.
   */
  #checkGeneration(call: PendingCall, by: Environment): void {
    const id = String(call.input.NetworkInterfaceId);
    const claim = this.#claims.get(`${by.name} ${id}`);
    if (claim === undefined) {
      this.#complain(`${id} was written without a lease`);
      return;
    }
    const read = (this.#headsRead.get(by.name) ?? []).filter(({ at }) => at >= claim.at);
    const meant = Math.max(claim.what.generation, ...read.map(({ what }) => what));
    const applied = this.#applied.get(id) ?? 0;
    if (meant < applied) {
      this.#complain(`${id} was written by generation ${meant} after ${applied}`);
    }
    this.#apply(id, claim.what.generation);
  }

  #apply(nic: string, generation: number): void {
    this.#applied.set(nic, Math.max(generation, this.#applied.get(nic) ?? 0));
  }

  /**
   * What every policy and every identity in play allows and what passed before, must pass after. Of
   * an interface whose workload has only just changed nobody can know yet, so its pairs are left out
   * until it was looked at.
   */
  #checkFlows(
    call: PendingCall,
    before: Snapshot,
    after: Snapshot,
    isConcerned: (nic: Nic) => boolean,
  ): void {
    const policies = this.#policiesInPlay();
    const isLeaving = this.#headsInPlay().some(({ kind }) => kind === 'uninstall');
    const [old, now] = [filtersOf(before), filtersOf(this.#withRulesTaken(after))];
    const later = new Map(after.interfaces.map((nic) => [nic.id, nic]));
    const theirs = ({ id }: Nic): readonly string[] => [...this.#world.theirsOf(id)];
    for (const nic of before.interfaces.filter(isConcerned)) {
      for (const peer of before.interfaces) {
        if (peer.id === nic.id || !this.#isKnown(peer)) continue;
        if (this.#isAsleep(before, peer) || this.#isToSwap(before, peer)) continue;
        const demoted = this.#demoted(before, peer);
        const isStripped = [nic, peer].some((one) => this.#isStripped(before, one));
        for (const [from, to] of [
          [nic, demoted],
          [demoted, nic],
        ] as const) {
          for (const port of this.#allowed(policies, [from, to], isStripped)) {
            const [source, target] = [later.get(from.id), later.get(to.id)];
            if (source === undefined || target === undefined) continue;
            // Who uninstalls asks for what the owners' own groups let pass, and for nothing beyond it.
            if (isLeaving && !passesBy(old, [from, to], port, theirs)) continue;
            if (!passes(old, from, to, port) || passes(now, source, target, port)) continue;
            this.#complain(
              `${call.action} cut ${from.id} (${this.#world.ownerOf(from)}) -> ` +
                `${to.id} (${this.#world.ownerOf(to)}) tcp/${port}`,
            );
          }
        }
      }
    }
  }

  /**
   * With the rules of ours that somebody has taken away since groups may come off: until the plan puts
   * them back, what they carried is cut by whoever took them. Before that it must put them back first.
   */
  #withRulesTaken(snapshot: Snapshot): Snapshot {
    const head = this.#heads.at(-1);
    if (head?.what.phase !== 'steady') return snapshot;
    const taken = this.#world.rulesTaken.filter(({ at }) => at > head.at - MENDING_MS);
    const groups = snapshot.groups.map((group) => {
      const lost = taken.filter((one) => one.group === group.id).map(({ rule }) => rule);
      return lost.length === 0 ? group : { ...group, rules: [...group.rules, ...lost] };
    });
    return { ...snapshot, groups };
  }

  /** What nothing that stands allows, and what was shut to an enforced workload, stays shut. */
  #checkOpenings(
    call: PendingCall,
    before: Snapshot,
    after: Snapshot,
    isConcerned: (nic: Nic) => boolean,
  ): void {
    const plans = [...this.#underWay.values()];
    const versions = plans.map(({ policyVersion }) => policyVersion);
    const isLeaving = plans.some(({ kind }) => kind === 'uninstall');
    const policies = versions.flatMap((version) => this.policies.get(version) ?? []);
    const blocked = this.#heads.at(-1)?.what.blockedSegments ?? {};
    const openings = findOpenings(before, after, isConcerned, {
      policies: isLeaving ? [] : policies,
      identities: (nic) => this.#identities(nic),
      isExcused: (nic) =>
        this.#held.has(this.#world.ownerOf(nic)) ||
        this.#identities(nic).some((tags) =>
          policies.some((policy) =>
            segmentsOf(policy, tags).some(({ name }) => blocked[name] !== undefined),
          ),
        ),
      keyOf: (group) => (isOurs(after, group) ? keyOf(after, group) : undefined),
      plans: plans.flatMap(({ id }) => this.#planOf(id) ?? []),
    });
    for (const text of openings) this.#complain(`${call.action} ${text}`);
  }

  /**
   * Readiness counts the running members alone of an observed peer, and of one that EC2 does not let us
   * write (design section 3): one that is stopped talks to nobody, and holds nobody up.
   */
  #isAsleep({ instances }: Snapshot, peer: Nic): boolean {
    const state = instances.find(({ id }) => id === peer.attachment?.instance)?.state;
    if (state !== 'stopped' && state !== 'stopping') return false;
    const isRefused = this.#world.services?.refusing.has(this.#world.ownerOf(peer)) === true;
    return isRefused || this.#isToBeObserved(peer);
  }

  /**
   * It has no room for the groups that it lacks beside those that it has, so that it swaps them in one
   * write; who moves before that misses it for a moment, as the plan says (a warning).
   */
  #isToSwap(snapshot: Snapshot, nic: Nic): boolean {
    const limit = this.#slots();
    const carried = nic.groups.map((id) => (isOurs(snapshot, id) ? keyOf(snapshot, id) : id));
    const theirs = [...this.#world.theirsOf(nic.id)].filter((id) => !carried.includes(id));
    const isLeaving = this.#headsInPlay().some(({ kind }) => kind === 'uninstall');
    if (isLeaving && theirs.length > 0 && nic.groups.length + theirs.length > limit) return true;
    return this.#policiesInPlay().some((policy) =>
      this.#identities(nic).some((tags) => {
        const lacking = wishFor(policy, tags).stems.filter(
          (stem) => !carried.includes(`${stem}@${nic.vpc}`),
        );
        return lacking.length > 0 && nic.groups.length + lacking.length > limit;
      }),
    );
  }

  /** A plan that could not read the quota takes AWS's default for it. */
  #slots(): number {
    const taken = this.#headsInPlay().map(({ generation }) => {
      const bundle = this.#archive.documents.get(`bundles/${generation}`) as Bundle | undefined;
      return bundle?.groupsPerInterface ?? Number.POSITIVE_INFINITY;
    });
    return Math.min(this.#ec2.quotas.groupsPerInterface, ...taken);
  }

  /** Without ours where it is observed: what rests on them the demotion ends, now or in a moment. */
  #demoted(snapshot: Snapshot, nic: Nic): Nic {
    if (!this.#isToBeObserved(nic)) return nic;
    return { ...nic, groups: nic.groups.filter((group) => !isOurs(snapshot, group)) };
  }

  /** Its owners took theirs off while it is staged: it has what is written, as if it enforced. */
  #isStripped(snapshot: Snapshot, nic: Nic): boolean {
    if (!nic.groups.every((group) => isOurs(snapshot, group))) return false;
    return this.#policiesInPlay().some((policy) =>
      this.#identities(nic).some((tags) => wishFor(policy, tags).mode === 'stage'),
    );
  }

  /** Whoever sets a segment back to `observe` asks for its group to come off. */
  #isToBeObserved(nic: Nic): boolean {
    const identities = this.#identities(nic);
    return this.#policiesInPlay().some((policy) =>
      identities.some((tags) => wishFor(policy, tags).mode === 'observe'),
    );
  }

  #isOfObserved(key: string): boolean {
    const isIt = (name: string): boolean => key.startsWith(`segment:${name}@`);
    return this.#policiesInPlay().some(({ segments }) =>
      segments.some(({ name, mode }) => mode === 'observe' && isIt(name)),
    );
  }

  /**
   * Its owner took its last foreign group off by hand, and what comes off now is of segments that it is
   * in by no policy in play: AWS wants one group at least, so that it was left with
   * that one when it had nothing to go back to. What such a group happened to let through for another
   * segment nobody owes it; it would let others in the same way.
   */
  #hasOnlyLeftovers(before: Snapshot, was: Nic, lost: readonly string[]): boolean {
    const isStripped = was.groups.every((group) => isOurs(before, group));
    if (!isStripped || (this.takenOff.get(was.id)?.size ?? 0) > 0) return false;
    // What is true by now: whoever still acts on what was true before, may take off nothing of it.
    const tags = this.#world.turns.get(this.#world.ownerOf(was))?.at(-1)?.tags ?? {};
    const owed = this.#policiesInPlay().flatMap((policy) => wishFor(policy, tags).stems);
    return lost.every((id) => {
      const key = before.groups.find((group) => group.id === id)?.tags['bulkhead:group'] ?? '';
      return !owed.includes(key.split('@')[0] ?? '');
    });
  }

  #allowed(
    policies: readonly SimPolicy[],
    [from, to]: readonly [Nic, Nic],
    isStripped: boolean,
  ): readonly number[] {
    const portsFor = isStripped ? portsWritten : portsBetween;
    const [sources, targets] = [this.#identities(from), this.#identities(to)];
    let ports: readonly number[] | undefined;
    for (const policy of policies) {
      for (const source of sources) {
        for (const target of targets) {
          const allowed = portsFor(policy, source, target);
          ports = ports?.filter((port) => allowed.has(port)) ?? [...allowed];
          if (ports.length === 0) return [];
        }
      }
    }
    return ports ?? [];
  }

  /** When it was recorded first as what it is recorded as now. */
  #heardAt(workload: string): number {
    const records = this.#records.get(workload) ?? [];
    const last = JSON.stringify(records.at(-1)?.what);
    const other = records.findLastIndex(({ what }) => JSON.stringify(what) !== last);
    return records[other + 1]?.at ?? 0;
  }

  /** What is true of it, and what a worker may hold for true that works on it right now. */
  #identities(nic: Nic): readonly Tags[] {
    const workload = this.#world.ownerOf(nic);
    const since = this.#now() - IN_PLAY_MS;
    const turns = this.#world.turns.get(workload) ?? [];
    const records = this.#records.get(workload) ?? [];
    return [
      ...inPlay(
        turns.map(({ at, tags }) => ({ at, what: tags })),
        since,
      ),
      ...inPlay(records, since),
    ];
  }

  #headsInPlay(): readonly Head[] {
    return inPlay(this.#heads, this.#now() - IN_PLAY_MS);
  }

  #policiesInPlay(): readonly SimPolicy[] {
    return [...new Set(this.#headsInPlay().map(({ policyVersion }) => policyVersion))].flatMap(
      (version) => this.policies.get(version) ?? [],
    );
  }

  /**
   * Since it last changed, it was settled, or a plan that is in force has seen it. What is held is
   * not what its tags say until a person has decided; and readiness is judged when a plan comes into
   * force, so that of whom nobody had told by then, and whose group no publish has made yet, is not known
   * to its peers.
   */
  #isKnown(nic: Nic): boolean {
    if (this.#held.has(this.#world.ownerOf(nic))) return false;
    const touched = this.#world.touched.get(nic.id) ?? 0;
    const heard = Math.max(touched, this.#heardAt(this.#world.ownerOf(nic)));
    if (this.#blocked.has(nic.id) && heard > (this.#heads.at(-1)?.at ?? 0)) return false;
    const plan = this.#heads.at(-1)?.what.plan ?? '';
    const inventory = this.#archive.documents.get(`plans/${plan}/inventory`);
    const planned = Date.parse((inventory as Inventory | undefined)?.takenAt ?? '') || 0;
    return Math.max(this.#settled.get(nic.id) ?? 0, planned) > touched + STALE_MS;
  }

  #complain(text: string): void {
    this.complaints.push(`${new Date(this.#now()).toISOString().slice(11, 23)} ${text}`);
  }
}
