import { expect, test } from 'vitest';
import { indexPolicy } from '../../core/compile/index-policy.ts';
import type { Bundle, Head } from '../../core/model/record.ts';
import type { InForce } from '../../engine/in-force.ts';
import type { Ports } from '../../engine/ports.ts';
import { proveEstate } from '../../engine/prove.ts';
import { estate } from '../core/reach/estate.ts';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { NOW, policy, segment } from '../properties/builders.ts';

/** Two enforced hosts that somebody has put on one open group. */
const INVENTORY = estate({
  groups: { 'sg-flat': { in: ['all 10.0.0.0/8'], out: ['all 0.0.0.0/0'] }, 'sg-db': {} },
  hosts: {
    a: { at: '10.0.0.1', groups: ['sg-flat'], tags: { app: 'db' } },
    b: { at: '10.0.0.2', groups: ['sg-flat'], tags: { app: 'db' } },
  },
});

function inForce(): InForce {
  const found = policy({ segments: [segment('db', { mode: 'enforce' })] });
  const groupIds = {
    ...{ 'segment:db@vpc-1': 'sg-db', 'baseline@vpc-1': 'sg-base' },
    'open-egress@vpc-1': 'sg-open',
  };
  const bundle: Bundle = {
    ...{ generation: 1, policy: found, groupIds, vpcs: ['vpc-1'], groupsPerInterface: 5 },
  };
  const head: Head = {
    ...{ generation: 1, phase: 'steady', kind: 'publish', policyVersion: 'v', plan: 'plan-1' },
    ...{ blockedSegments: {}, since: NOW },
  };
  return { head, bundle, index: indexPolicy(found, { now: NOW }) } as InForce;
}

async function prove(known: readonly string[]) {
  const store = createMemoryStore();
  for (const name of known) await store.raiseFence(`eni-${name}`, `i-${name}`);
  for (const name of known) {
    const claim = { interfaceId: `eni-${name}`, workload: `i-${name}`, owner: 'one' };
    const record = await store.claim({ ...claim, untilMs: 2, nowMs: 1, generation: 1 });
    const verifiedAt = '2026-01-01T00:00:00Z';
    await store.settle({ ...record, doneFence: record.fence, verifiedAt }, 'one');
  }
  const clock = { now: () => Date.parse(NOW), sleep: async () => {} };
  const ports = { store, clock, signal: { event: () => {} } } as unknown as Ports;
  return await proveEstate(ports, inForce(), INVENTORY, new Map());
}

test('a foreign group on hosts that were settled long ago is a hole', async () => {
  expect(await prove(['a', 'b'])).toMatchObject({ holes: 2, cuts: 0, excused: 0 });
});

test('hosts that nobody has looked at yet have just come: excused, and named', async () => {
  const proof = await prove([]);
  expect(proof).toMatchObject({ holes: 0, cuts: 0, excused: 2 });
  expect(proof?.named[0]?.because).toBe('it has just come, and was not looked at yet');
});
