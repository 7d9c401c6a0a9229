/**
 * Limits on what a policy may be. They keep a hostile or broken file from using more than a moment
 * and a few megabytes, and stand well above what section 11 of the design budgets for (1,000
 * segments, 10,000 rules).
 */

/** One file: about 8,000 rules; nobody reviews more than that in one file. */
export const FILE_BYTES_MAX = 1024 * 1024;

/**
 * All files together. They travel as one JSON body, and Lambda takes 6 MB for a synchronous call
 * (page "Lambda quotas").
 */
export const POLICY_BYTES_MAX = 4 * 1024 * 1024;

/** Files in a policy: one a team. */
export const FILES_MAX = 1_000;

/** Nodes (keys, values, lists, maps) of a file, counted as often as aliases repeat them. */
export const NODES_MAX = 250_000;

/** Lexical tokens of a file; a line of a policy has about 30. Bounds the parser's memory. */
export const TOKENS_MAX = 600_000;

/** Syntax errors after which the rest of a file is not looked at: it is no YAML. */
export const SYNTAX_ERRORS_MAX = 100;

/** Levels of nesting. The deepest useful selector needs about ten; the readers recurse. */
export const DEPTH_MAX = 32;

/** Diagnostics that are kept; one mistake that repeats on every line is told often enough by then. */
export const DIAGNOSTICS_MAX = 1_000;

/** Unknown names for which a similar one is looked up; each costs a walk over all known names. */
export const SUGGESTIONS_MAX = 100;

/**
 * Names of segments, networks, zones, services, teams, and ids of rules. A name becomes part of a
 * group's name (255 characters with the stack's name) and of a tag value (256): 63 leaves room, and
 * is what DNS and Kubernetes users expect.
 */
export const NAME_LENGTH_MAX = 63;

/** Longest tag key (page "Tag your Amazon EC2 resources"). */
export const TAG_KEY_LENGTH_MAX = 128;

/** Longest pattern: a role's ARN holds a path of up to 512 characters and a name of 64. */
export const PATTERN_LENGTH_MAX = 640;

/** Longest `why` or `ticket`. */
export const WHY_LENGTH_MAX = 500;

/**
 * Entries of one list: values of a pattern, names of a rule's end, ports, exceptions. More prefixes
 * in a network could not fit any group (rule quota 60 to 1,000).
 */
export const LIST_LENGTH_MAX = 1_000;

/** Segments: each needs at least one of the Region's 2,500 security groups (L-E79EC296). */
export const SEGMENTS_MAX = 2_500;

/** Rules, twice the budget. */
export const RULES_MAX = 20_000;

/** A settle window longer than a day would leave strangers unjudged. */
export const SETTLE_WINDOW_MS_MAX = 24 * 60 * 60 * 1_000;

/** The leave guard counts by tenths of its window, and clocks disagree by a second. */
export const LEAVE_WINDOW_MS_MIN = 10_000;

/** A window longer than a day would hold what a person has long looked at. */
export const LEAVE_WINDOW_MS_MAX = 24 * 60 * 60 * 1_000;

/** The times of so many moves stand in the record of a workload. */
export const LEAVE_MOVES_MAX = 100;

/** A rule that expires within so many days is warned about: time to renew it in review. */
export const EXPIRY_WARNING_DAYS = 30;

/** What is quoted from a file in a message. */
export const QUOTE_LENGTH_MAX = 80;

/** A warning that counts workloads names so many of them. */
export const EXAMPLES_MAX = 3;
