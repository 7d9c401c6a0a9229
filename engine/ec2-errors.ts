/**
 * EC2's errors by name, in sets of what to do about them. Source: EC2 API reference, "Error codes";
 * the handling is ours. Messages are never looked at: they change.
 */

/** The code of an error of the SDK: EC2's Code stands in `name`. Empty for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function oneOf(...codes: readonly string[]): (error: unknown) => boolean {
  const known = new Set(codes);
  return (error) => known.has(codeOf(error));
}

/** The bucket of this API action is empty for now. */
export const isThrottling = oneOf(
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'SlowDown',
);

/** The interface, instance or task is not there any more. */
export const isGone = oneOf(
  'InvalidNetworkInterfaceID.NotFound',
  'InvalidNetworkInterfaceId.NotFound',
  'InvalidInstanceID.NotFound',
  'InvalidInstanceId.NotFound',
);

/** What was to be made exists: the same rule, or a group of that name in the VPC. */
export const isAlreadyThere = oneOf('InvalidPermission.Duplicate', 'InvalidGroup.Duplicate');

/** What was to be taken away is not there: read again, then go on. */
export const isNotThere = oneOf(
  'InvalidPermission.NotFound',
  'InvalidSecurityGroupRuleId.NotFound',
  'InvalidGroup.NotFound',
  'InvalidGroupId.NotFound',
);

/** A group that does not exist, or that was made a moment ago and is not visible everywhere yet. */
export const isGroupMissing = oneOf(
  'InvalidGroup.NotFound',
  'InvalidGroupId.NotFound',
  'InvalidSecurityGroupID.NotFound',
);

/** Right after a creation these may only mean "not visible yet" (EC2: eventual consistency). */
export const isNotYetVisible = oneOf(
  'InvalidGroup.NotFound',
  'InvalidGroupId.NotFound',
  'InvalidSecurityGroupID.NotFound',
  'InvalidVpcID.NotFound',
);

/** A service owns the interface, or IAM refuses: no repetition changes that. */
export const isUnmanageable = oneOf(
  'OperationNotPermitted',
  'AuthFailure',
  'UnauthorizedOperation',
  'AccessDenied',
  'AccessDeniedException',
);

/** Something still refers to it. */
export const isDependency = oneOf('DependencyViolation');

/** More groups than the quota allows on one interface. */
export const isGroupLimit = oneOf(
  'SecurityGroupsPerInterfaceLimitExceeded',
  'SecurityGroupsPerInstanceLimitExceeded',
);

/** A quota on rules or on groups of the Region is full. */
export const isQuota = oneOf(
  'RulesPerSecurityGroupLimitExceeded',
  'SecurityGroupLimitExceeded',
  'SecurityGroupsPerInterfaceLimitExceeded',
  'SecurityGroupsPerInstanceLimitExceeded',
);

/** Something else has to finish first. */
export const isIncorrectState = oneOf(
  'IncorrectState',
  'IncorrectInstanceState',
  'ConcurrentMutationLimitExceeded',
);

/** EC2's own trouble, or the way there; nothing is known about whether the write was made. */
export const isTransient = oneOf(
  'InternalError',
  'InternalFailure',
  'Unavailable',
  'ServiceUnavailable',
  'RetryableError',
  'TimeoutError',
  'RequestTimeout',
  'NetworkingError',
);
