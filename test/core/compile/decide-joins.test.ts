import { expect, test } from 'vitest';
import { decideJoins } from '../../../core/compile/decide-joins.ts';
import { indexPolicy } from '../../../core/compile/index-policy.ts';
import { guardrail, identity, NOW, policy, rule, segment } from '../../properties/builders.ts';

const byTag = (key: string, value: string) => ({ select: { tags: { [key]: [value] } } });
const p = policy({
  segments: [
    segment('agents', byTag('agent', 'yes')),
    segment('lab', { ...byTag('env', 'lab'), zone: 'lab' }),
    segment('metrics', { ...byTag('agent', 'yes'), mode: 'stage' }),
    segment('seen', { ...byTag('agent', 'yes'), mode: 'observe' }),
    segment('vault', { ...byTag('data', 'card'), zone: 'pci' }),
    segment('web', byTag('tier', 'web')),
  ],
  rules: [rule('web-to-agents', 'web', 'agents', ['tcp/80'])],
  guardrails: [guardrail('pci-inbound', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } })],
});
const index = indexPolicy(p, { now: NOW });
const because = 'rule `web-to-agents` from `web` would cross guardrail `pci-inbound`';

test.each([
  {
    name: 'joins what it matches, if that has a group, and no open egress',
    tags: { agent: 'yes' },
    keeps: ['web'],
    joins: { stems: ['segment:agents', 'segment:metrics'], conflicts: [] },
  },
  {
    name: 'does not join what it keeps',
    tags: { agent: 'yes' },
    keeps: ['agents'],
    joins: { stems: ['segment:metrics'], conflicts: [] },
  },
  {
    name: 'does not join what a guardrail withholds from it',
    tags: { agent: 'yes', data: 'card' },
    keeps: ['web'],
    joins: {
      stems: ['segment:metrics', 'segment:vault'],
      conflicts: [`segment \`agents\` is withheld: ${because}`],
    },
  },
  {
    name: 'joins nothing where that would carry what it keeps across a guardrail',
    tags: { agent: 'yes', data: 'card' },
    keeps: ['agents', 'metrics'],
    joins: { stems: [], conflicts: [`segment \`agents\` is withheld: ${because}`] },
  },
  {
    name: 'joins nothing in another zone',
    tags: { env: 'lab' },
    keeps: ['vault'],
    joins: {
      stems: [],
      conflicts: ['the workload is in zones lab, pci by segments `lab`, `vault`'],
    },
  },
  {
    name: 'keeps what the policy no longer knows',
    tags: { tier: 'web' },
    keeps: ['gone'],
    joins: { stems: ['segment:web'], conflicts: [] },
  },
])('a held workload $name', ({ tags, keeps, joins }) => {
  expect(decideJoins(index, identity('i-1', { tags }), keeps)).toEqual(joins);
});
