import type { Policy } from '../../../core/model/policy.ts';
import { baselineEntry, guardrail, policy, rule, segment } from '../../properties/builders.ts';
import { type EstateText, estate } from '../reach/estate.ts';

/** A shop on one flat group in one subnet; `batch` is only observed, `lone` is in no segment. */
export const SHOP: EstateText = {
  groups: { 'sg-flat': { in: ['all 10.0.0.0/8'], out: ['all 0.0.0.0/0'] } },
  subnets: { 'subnet-1': { routes: ['10.0.0.0/16 local', '0.0.0.0/0 igw-1'] } },
  hosts: {
    web: { at: '10.0.1.1', groups: ['sg-flat'], tags: { app: 'web' }, publicIpv4: '192.0.2.1' },
    both: { at: '10.0.1.2', groups: ['sg-flat'], tags: { app: 'web', pay: 'yes' } },
    db: { at: '10.0.1.3', groups: ['sg-flat'], tags: { app: 'db' } },
    vault: { at: '10.0.1.4', groups: ['sg-flat'], tags: { app: 'vault' } },
    batch: { at: '10.0.1.5', groups: ['sg-flat'], tags: { app: 'batch' } },
    lone: { at: '10.0.1.6', groups: ['sg-flat'] },
    ipv6: { at: '2001:db8::7', groups: ['sg-flat'], tags: { app: 'db' } },
  },
};

export const shop = estate(SHOP);

const at = (line: number) => ({ location: { file: 'shop.yaml', line, column: 3 } });

/** Only `web` enforces; the card vault is a zone that nothing but `pay` may enter. */
export const SHOP_POLICY: Policy = policy({
  services: { postgres: { text: 'tcp/5432', ranges: rangesOf('tcp/5432') } },
  segments: [
    segment('batch', { mode: 'observe' }),
    segment('db', { mode: 'stage' }),
    segment('pay', { select: { tags: { pay: ['yes'] } }, mode: 'stage', zone: 'pci' }),
    segment('vault', { mode: 'enforce', zone: 'pci' }),
    segment('web', { mode: 'enforce' }),
  ],
  rules: [
    rule('batch-to-db', 'batch', 'db', ['tcp/5432'], { why: 'reports', ...at(11) }),
    rule('web-to-db', 'web', 'db', ['tcp/5432', 'tcp/6432'], { why: 'orders', ...at(12) }),
    rule('web-to-db-old', 'web', 'db', ['udp/5432'], { why: 'gone', expires: '2026-11-22' }),
    rule('web-to-vault', 'web', 'vault', ['tcp/443'], { why: 'cards', ...at(14) }),
    rule('db-to-web', 'db', 'web', ['tcp/8000-8010'], { why: 'hooks', ...at(15) }),
  ],
  baseline: [baselineEntry('scan', { to: 'vault' }, ['tcp/22'])],
  guardrails: [
    { ...guardrail('other', { from: { zone: 'none' }, to: { zone: 'none' } }), why: 'another' },
    {
      ...guardrail('pci', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } }),
      why: 'PCI DSS 1.3',
    },
  ],
});

function rangesOf(text: string) {
  return rule('any', 'any', 'any', [text]).allow.flatMap(({ ranges }) => ranges);
}
