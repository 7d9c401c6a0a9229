/**
 * Are two callers the same person, as far as an ARN can tell? Decides whether an author approves
 * their own plan, so it errs towards yes.
 *
 * A session name of an assumed role is chosen by whoever assumes it; two sessions of one role may
 * be one person and count as the same. The exception is a role of IAM Identity Center
 * (`AWSReservedSSO_...`): there AWS sets the session name to the user's name.
 * ARN shapes: AWS page "IAM identifiers" and "AWS STS identifiers in CloudTrail".
 */
export function isSamePrincipal(left: string, right: string): boolean {
  return principalKey(left) === principalKey(right);
}

/** Without the session's name, unless IAM Identity Center chose it. */
function principalKey(arn: string): string {
  return arn.replace(
    /^(arn:[^:]+:sts::\d*:assumed-role\/(?!AWSReservedSSO_)[^/]+)\/.+$/,
    (_, role: string) => role,
  );
}
