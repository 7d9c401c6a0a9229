/** Calls that may be under way at once beyond the budget's own pace. */
const SLACK = 15;

/** Holds all functions together to nine tenths of EC2's bucket for each action. */
export class BudgetWatch {
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: number }>();

  /** What is wrong with a call at that time. */
  over(action: string, now: number): string | undefined {
    const { size, refill } =
      action === 'ModifyNetworkInterfaceAttribute'
        ? { size: 90, refill: 4.5 }
        : { size: 45, refill: 4.5 };
    const before = this.#buckets.get(action) ?? { tokens: size, at: now };
    const tokens = Math.min(size, before.tokens + ((now - before.at) / 1_000) * refill) - 1;
    this.#buckets.set(action, { tokens, at: now });
    // The way to EC2 takes up to seconds, so that calls may arrive closer together than they set out.
    return tokens < -SLACK ? `${action} is over its budget by ${-tokens} calls` : undefined;
  }
}
