import { Random } from './random.ts';

export const FEATURES = ['guardrails', 'service interfaces', 'uninstall', 'way back'] as const;
export type Feature = (typeof FEATURES)[number];

/** Each is met by this share of the seeds, independently of the others. */
const SHARE = 0.25;

/** Any number: it keeps what is drawn here apart from what the seed draws elsewhere. */
const SALT = 86_560;

/**
 * What the world of a seed has that most have not. Drawn from a source of its own, and each from one of
 * its own again, so that a seed without a feature plays the same story whatever the feature does.
 */
export function drawFeatures(seed: number): ReadonlyMap<Feature, Random> {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ SALT);
  const found = new Map<Feature, Random>();
  for (const feature of FEATURES) {
    const own = random.fork();
    if (random.chance(SHARE)) found.set(feature, own);
  }
  return found;
}
