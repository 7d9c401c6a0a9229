import { trafficTexts } from '../../../core/api/traffic-text.ts';
import {
  type CheckEnd,
  type PolicyAnswer,
  type PolicyTrafficOptions,
  policyTraffic,
} from '../../../core/check/policy-traffic.ts';
import type { Policy } from '../../../core/model/policy.ts';
import type { PairTraffic } from '../../../core/model/traffic.ts';
import { identity, NOW, policy, segment } from '../../properties/builders.ts';

/** Ends of questions to a policy of the segments `db` and `web`, and the answers in few words. */

/** A workload that carries the tag `app` for each of the names, by spaces. */
export function host(apps: string, ...addresses: string[]): CheckEnd {
  const tags = Object.fromEntries(apps.split(' ').map((app) => [app, 'yes']));
  return { identity: identity(`i-${apps.replaceAll(' ', '-')}`, { tags }), ...at(...addresses) };
}

/** Addresses of nobody. */
export function at(...addresses: string[]): CheckEnd {
  return {
    ipv4: addresses.filter((one) => !one.includes(':')),
    ipv6: addresses.filter((one) => one.includes(':')),
  };
}

/** A segment of all hosts that carry its name as a tag. */
export function tagged(name: string, more: Partial<Policy['segments'][number]> = {}) {
  return segment(name, { select: { tags: { [name]: ['yes'] } }, ...more });
}

export const web = host('web', '10.0.0.1');
export const db = host('db', '10.0.0.2');

export function ask(
  parts: Partial<Policy>,
  from = web,
  to = db,
  options: Partial<PolicyTrafficOptions> = {},
): PolicyAnswer {
  const segments = parts.segments ?? [tagged('db'), tagged('web')];
  return policyTraffic(policy({ ...parts, segments }), { now: NOW, ...options }).between(from, to);
}

export function texts(traffic: PairTraffic): Record<string, string> {
  return Object.fromEntries(
    Object.entries(traffic).map(([family, set]) => [family, trafficTexts(set).join(' ')]),
  );
}

/** What may pass, by family. */
export function told(...asked: Parameters<typeof ask>): Record<string, string> {
  return texts(ask(...asked).traffic);
}
