/** What the process ends with. Stable: scripts depend on it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  badInput: 2,
  refused: 3,
  unreachable: 4,
  unknown: 5,
  notFinished: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_TEXT = `exit codes:
  0  done
  1  failed: the control plane or a step of the plan reported an error
  2  bad input: the policy has errors, or an argument is not understood
  3  refused: no permission, stale version, rejected, author may not approve, not confirmed
  4  unreachable: no address, no credentials, or no answer from the API
  5  unknown: there is no such segment, workload, plan, policy, file or folder
  6  not finished: --timeout ran out first; the plan goes on without the command`;
