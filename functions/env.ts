/**
 * The environment of the functions: infra writes it, env parsing reads it, nothing else knows the
 * names. AWS_REGION and AWS_ENDPOINT_URL (where set) are read by the SDK itself.
 */
export const ENVIRONMENT = {
  /** Name of the stack: the value of the tag `bulkhead:owner`. */
  owner: 'BULKHEAD_OWNER',
  table: 'BULKHEAD_TABLE',
  bucket: 'BULKHEAD_BUCKET',
  /** URL of the FIFO queue that the write path works off. */
  workloadQueue: 'BULKHEAD_WORKLOAD_QUEUE_URL',
  /** URL of the queue whose messages come out when a parked workload is due. */
  parkedQueue: 'BULKHEAD_PARKED_QUEUE_URL',
  /** URL of the queue for what could not be read, with the reason. */
  deadLetterQueue: 'BULKHEAD_DEAD_LETTER_QUEUE_URL',
  enforceRole: 'BULKHEAD_ENFORCE_ROLE_ARN',
  restoreRole: 'BULKHEAD_RESTORE_ROLE_ARN',
  publishMachine: 'BULKHEAD_PUBLISH_MACHINE_ARN',
  /** ARN of the function that sweeps; the API starts it out of turn. */
  sweepFunction: 'BULKHEAD_SWEEP_FUNCTION_ARN',
} as const;

export type EnvironmentName = keyof typeof ENVIRONMENT;
