/** What the publishing state machine is started with. */
export interface PublishInput {
  /** `plan-<generation>`; also the name of the execution, so that a plan starts once. */
  readonly plan: string;
  readonly generation: number;
  readonly policyVersion: string;
  readonly kind: 'publish' | 'uninstall';
  /** ARN of the caller. */
  readonly author: string;
  /** Version of the policy that is replaced; null where none is in force. */
  readonly expectedVersion: string | null;
}

export interface Decision {
  /** ARN of the caller. */
  readonly by: string;
  readonly why?: string;
}

/** The state machine that publishes, as the API needs it. aws/machine.ts is the real one. */
export interface Machine {
  /** Starts once per plan; a second start of the same plan changes nothing. */
  start(input: PublishInput): Promise<void>;
  /** Lets the execution that waits on the token go on. Throws DecisionTooLate. */
  approve(token: string, decision: Decision): Promise<void>;
  /** Ends the execution that waits on the token. Throws DecisionTooLate. */
  reject(token: string, decision: Decision): Promise<void>;
}
