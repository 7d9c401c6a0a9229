import { expect, test } from 'vitest';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import type { Plan } from '../../core/model/plan.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import type { Ports } from '../../engine/ports.ts';
import { loadPlan } from '../../engine/publish/plan-context.ts';
import { estate } from '../core/reach/estate.ts';
import { NOW, OWNER } from '../properties/builders.ts';

/** What carried the load balancer's group is a card host, which the guardrail keeps from the web. */
const ROOT = `
apiVersion: bulkhead/v1
settings: { vpcs: { tags: { segmentation: bulkhead } } }
zones: { pci: {} }
networks:
  edge: { securityGroups: { tags: { role: edge } } }
guardrails:
  - { id: keep-out, deny: { from: { not: { zone: pci } }, to: { zone: pci } }, why: a test }
`;
const TEAM = `
apiVersion: bulkhead/v1
team: shop
segments:
  web: { select: { tags: { app: web } }, mode: enforce }
  card: { select: { tags: { app: card } }, mode: enforce, zone: pci }
rules:
  - { id: web-to-edge, from: web, to: edge, allow: [tcp/443], why: a test }
`;

test('a plan is compiled again with the ledger that it was made with', async () => {
  const inventory = estate({
    groups: { 'sg-edge': { tags: { role: 'edge' } }, 'sg-flat': {} },
    hosts: {
      web: { at: '10.0.0.1', groups: ['sg-flat'], tags: { app: 'web' } },
      card: { at: '10.0.0.2', groups: ['sg-flat'], tags: { app: 'card' } },
    },
  });
  const sources = [
    { file: 'root.yaml', text: ROOT },
    { file: 'shop.yaml', text: TEAM },
  ];
  const { policy } = parsePolicy(sources, { now: NOW });
  if (policy === undefined) throw new Error('the policy has errors');
  const ledger = { 'eni-card': ['sg-edge'] };
  const compile = (known: typeof ledger | Record<string, never>) =>
    compilePolicy({ policy, inventory, ledger: known, now: NOW, owner: OWNER }).desired;
  expect(compile(ledger)).not.toEqual(compile({}));
  const plan: Plan = {
    ...{ id: 'plan-2', generation: 2, base: 1, policyVersion: policy.version, createdAt: NOW },
    ...{ kind: 'publish', addOnly: false, steps: [], guard: [], warnings: [] },
  };
  const ports = {
    owner: OWNER,
    store: { readPlan: async () => ({ state: 'applying' }) },
    archive: {
      getPlan: async () => plan,
      getPlanInput: async () => ({ inventory, ledger }),
      getPolicy: async () => sources,
    },
  } as unknown as Ports;
  expect((await loadPlan(ports, 'plan-2')).desired).toEqual(compile(ledger));
});
