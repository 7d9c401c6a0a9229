/** What a workload is made of; decides whether its groups can be written (design section 4). */
export type WorkloadKind = 'instance' | 'task' | 'interface' | 'external';

/**
 * What is known about a workload. Selectors see this and nothing else; in particular never an
 * address.
 */
export interface Identity {
  /** `i-...`, `ecs:<cluster>:<taskId>`, `eni-...` or `ext:<name>`. Never an ARN. */
  readonly workload: string;
  readonly kind: WorkloadKind;
  readonly tags: Readonly<Record<string, string>>;
  /** ARN of the IAM role: of the instance profile for an instance, the task role for a task. */
  readonly iamRole?: string;
  readonly account: string;
  readonly region: string;
  readonly vpc?: string;
  /** Subnets of all its interfaces, sorted. */
  readonly subnets: readonly string[];
  /** ECS cluster and service by name. */
  readonly cluster?: string;
  readonly service?: string;
  readonly autoScalingGroup?: string;
  /** The Name tag, or the name of an external host. */
  readonly name?: string;
}
