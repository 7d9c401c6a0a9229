import type { Archive } from '../../../engine/ports.ts';
import { frozenCopy } from './frozen.ts';

/** The port Archive in memory: names as aws/archive.ts gives them, contents as JSON keeps them. */
export class MemoryArchive implements Archive {
  readonly documents = new Map<string, unknown>();

  async putPolicy(...[version, sources]: Parameters<Archive['putPolicy']>): Promise<void> {
    this.#put(`policies/${version}`, sources);
  }

  async getPolicy(version: string) {
    return this.#get<Awaited<ReturnType<Archive['getPolicy']>>>(`policies/${version}`);
  }

  async putPlan(...[plan, inventory]: Parameters<Archive['putPlan']>): Promise<void> {
    this.#put(`plans/${plan.id}/inventory`, inventory);
    this.#put(`plans/${plan.id}/plan`, plan);
  }

  async getPlan(id: string) {
    return this.#get<Awaited<ReturnType<Archive['getPlan']>>>(`plans/${id}/plan`);
  }

  async getPlanInventory(id: string) {
    return this.#get<Awaited<ReturnType<Archive['getPlanInventory']>>>(`plans/${id}/inventory`);
  }

  async putBundle(bundle: Parameters<Archive['putBundle']>[0]): Promise<void> {
    this.#put(`bundles/${bundle.generation}`, bundle);
  }

  async getBundle(generation: number) {
    return this.#get<Awaited<ReturnType<Archive['getBundle']>>>(`bundles/${generation}`);
  }

  async putLedger(entry: Parameters<Archive['putLedger']>[0]): Promise<void> {
    this.#put(`ledger/${entry.interface}/${entry.recordedAt}`, entry);
  }

  async putReport(report: Parameters<Archive['putReport']>[0]): Promise<void> {
    this.#put(`plans/${report.plan}/report`, report);
  }

  async getReport(plan: string) {
    return this.#get<Awaited<ReturnType<Archive['getReport']>>>(`plans/${plan}/report`);
  }

  #put(name: string, value: unknown): void {
    this.documents.set(name, frozenCopy(value));
  }

  #get<T>(name: string): T {
    return this.documents.get(name) as T;
  }
}
