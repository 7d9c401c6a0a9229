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

function principalKey(arn: string): string {
  const session = /^(arn:[^:]+:sts::\d*:assumed-role)\/([^/]+)\/(.+)$/.exec(arn);
  if (session === null) return arn;
  const [, prefix = '', role = '', name = ''] = session;
  return role.startsWith('AWSReservedSSO_') ? `${prefix}/${role}/${name}` : `${prefix}/${role}`;
}
