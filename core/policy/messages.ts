/** A kind of finding about a policy, as docs/messages.md lists it. */
export interface MessageEntry {
  readonly severity: 'error' | 'warning';
  /** What it means, one sentence. */
  readonly meaning: string;
  /** What to change, in general; each diagnostic says it for its place. */
  readonly remedy: string;
}

const error = (meaning: string, remedy: string): MessageEntry => ({
  severity: 'error',
  meaning,
  remedy,
});
const warning = (meaning: string, remedy: string): MessageEntry => ({
  severity: 'warning',
  meaning,
  remedy,
});

/** Every code of the policy language. A code is never renamed: scripts and pull requests use it. */
export const MESSAGES = {
  // Files
  'not-utf-8': error('a file holds bytes that are not UTF-8', 'save the file as UTF-8'),
  'file-too-large': error('a file is larger than the limit', 'split it by team'),
  'policy-too-large': error(
    'all files together are larger than the limit',
    'use globs and lists instead of repeating rules',
  ),
  'too-many-files': error('the policy has more files than the limit', 'use one file a team'),
  'file-twice': error('two sources have the same file name', 'give each file its own name'),
  'no-root': error('no file is called root.yaml', 'add root.yaml; it may hold `apiVersion` alone'),
  'two-roots': error('more than one file is called root.yaml', 'keep one of them'),
  'yaml-syntax': error('the text is not YAML, or a part of YAML that is not read', 'see the place'),
  'too-complex': error(
    'a file nests too deep, or has too many tokens or (through aliases) too many nodes',
    'write it flatter, without aliases that repeat aliases',
  ),
  'alias-unknown': error('an alias has no anchor before it', 'define the anchor first'),
  'alias-recursive': error('an alias stands inside its own anchor', 'write the value out'),
  'bad-merge': error('`<<` merges something that is no map', 'name a map or a list of maps'),
  'duplicate-key': error('a key stands twice in one map', 'remove or rename one of them'),
  'control-character': error(
    'a text holds control, formatting or broken characters, which hide what is meant',
    'remove them',
  ),
  'too-many-diagnostics': error('there are more findings than are listed', 'mend these first'),

  // Shape
  'unknown-key': error('a key is not part of the language', 'correct its spelling or remove it'),
  'missing-key': error('a key that is needed is not there', 'add it'),
  'wrong-type': error('a value is of the wrong kind (text, list, map, ...)', 'see the place'),
  'bad-value': error('a value is none of those that are possible', 'use one of those listed'),
  'root-only': error('a section stands outside root.yaml', 'move it to root.yaml'),
  'empty-list': error('a list that needs an entry has none', 'add one, or remove the key'),
  'too-many': error('a list or section has more entries than the limit', 'split or merge them'),
  'text-too-long': error('a text is longer than the limit', 'shorten it'),

  // Values
  'bad-name': error(
    'a name is not 1 to 63 lower-case letters, digits and inner hyphens, starting with a letter',
    'rename it',
  ),
  'bad-tag-key': error('a tag key is empty or longer than AWS allows', 'correct the key'),
  'reserved-name': error('a service is called like a protocol', 'rename it'),
  'bad-cidr': error('an address range is not a CIDR', 'write it as 10.0.0.0/16 or 2001:db8::/32'),
  'bad-port': error('a port, range, protocol or ICMP type is not readable', 'see the place'),
  'bad-duration': error('a duration is not readable', 'write a number with s, m, h or d'),
  'bad-share': error('a share is not readable', 'write a percentage such as `20%`'),
  'bad-count': error('a count is not a number in its bounds', 'see the place'),
  'bad-date': error('a date is not a day of the calendar', 'write it as 2027-03-31'),
  'bad-id': error('an id of AWS does not have the form of one', 'copy it from AWS'),
  'cidr-host-bits': warning(
    'an address range has bits set below its prefix; the whole range is meant',
    'write the range as shown, or a longer prefix if one address was meant',
  ),
  'cidr-not-canonical': warning('an address range is written in an unusual form', 'write as shown'),
  'except-outside': warning('an exception lies outside the network', 'remove or correct it'),
  'network-empty': error('the exceptions of a network leave nothing of it', 'remove some of them'),

  // Names
  'duplicate-name': error('a name is used twice in one namespace', 'rename one of them'),
  'unknown-segment': error(
    'a segment or network is named that does not exist',
    'correct the name, or define it',
  ),
  'unknown-zone': error('a zone is named that does not exist', 'define it in root.yaml'),
  'unknown-service': error('a service is named that does not exist', 'define it in root.yaml'),
  'unknown-rule': error('a guardrail excepts a rule that does not exist', 'correct the id'),

  // Sense
  'selector-matches-nothing': error('no workload can ever match a selector', 'see the place'),
  'selector-matches-all': error(
    'a selector asks for nothing, so that every workload would match',
    'say what the workloads have in common',
  ),
  'rule-without-segment': error(
    'a rule joins networks only; Bulkhead has no group to write it to',
    'name a segment at one end',
  ),
  'rule-pair-without-segment': warning(
    'a rule joins, among others, two networks; that pair has no effect',
    'split the rule',
  ),
  'expired-rule': error('a rule is past its last day', 'remove it or renew its date'),
  'expiring-rule': warning('a rule will soon be past its last day', 'renew or replace it'),
  'rule-crosses-guardrail': warning(
    'a guardrail forbids what a rule allows, so the rule has no effect there',
    'change the rule, or have the guardrail except it',
  ),
  'assertion-failed': error(
    'the rules do not give what an assertion expects',
    'change the rule that is named, or the assertion',
  ),

  // Against the inventory
  'selector-matches-no-workload': warning(
    'no workload matches the segment now',
    'check the tags; a segment of the future may wait like this',
  ),
  'overlap-crosses-guardrail': warning(
    'workloads are in several segments that together cross a guardrail; one is withheld',
    'make the selectors exclude each other',
  ),
  'overlap-in-two-zones': warning(
    'workloads are in segments of two zones; they get no group',
    'make the selectors exclude each other',
  ),
  'network-overlaps-vpc': error(
    'a network covers addresses of a managed VPC or of one peered with it',
    'name segments instead, except the range, or say `includesWorkloads: true`',
  ),
  'network-matches-no-group': warning(
    'no security group fits the ids or tags of a network',
    'check ids and tags',
  ),
  'prefix-list-matches-nothing': error(
    'no prefix list has a name that fits',
    'check the name with `aws ec2 describe-managed-prefix-lists`',
  ),
  'kept-group-missing': warning('a kept group does not exist', 'remove it from the settings'),
  'kept-group-untagged': warning(
    'a kept group lacks the tag `bulkhead:keep`, so that IAM refuses to keep it',
    'tag it',
  ),
  'born-in-unknown-vpc': warning('`bornIn` names a VPC that does not exist', 'correct the id'),
} as const satisfies Readonly<Record<string, MessageEntry>>;

export type MessageCode = keyof typeof MESSAGES;
