import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode, PolicySource } from '../../core/model/policy.ts';

/** The demo's policy in one mode. Only the word behind `mode:` differs between the three. */
export function estatePolicy(mode: Mode): readonly PolicySource[] {
  return [
    { file: 'root.yaml', text: ROOT },
    { file: 'data.yaml', text: data(mode) },
    { file: 'shop.yaml', text: shop(mode) },
  ];
}

/** Writes the policy as files, for the user to read, edit and publish. */
export function writeEstatePolicy(folder: string, mode: Mode): void {
  mkdirSync(folder, { recursive: true });
  for (const source of estatePolicy(mode)) writeFileSync(join(folder, source.file), source.text);
}

const ROOT = `apiVersion: bulkhead/v1
settings:
  vpcs: { tags: { segmentation: bulkhead } }
  unclassified: observe
  settleWindow: 2m
  changeGuard: { share: 20% }
  leaveGuard: { share: 75% } # of four workers the demo moves three; leave this out elsewhere
  onLeave: hold
zones:
  pci: { subnets: { tags: { zone: pci } } }
networks:
  office: { cidrs: [198.51.100.0/24] }
services:
  postgres: tcp/5432
  redis: tcp/6379
  ssh: tcp/22
  node-exporter: tcp/9100
guardrails:
  - id: pci-inbound
    deny: { from: { not: { zone: pci } }, to: { zone: pci } }
    except: [payments-to-vault, metrics-from-vault]
    why: PCI DSS 1.3
assert:
  - { id: web-never-reaches-cards, from: shop-web, to: cardholder-db, port: tcp/5432, expect: deny }
  - { id: payments-reach-cards, from: payments, to: cardholder-db, port: tcp/5432, expect: allow }
`;

const shop = (mode: Mode): string => `apiVersion: bulkhead/v1
team: shop
segments:
  shop-web: { select: { tags: { app: shop, tier: web } }, mode: ${mode} }
  shop-api: { select: { tags: { app: shop, tier: api } }, mode: ${mode} }
  shop-worker: { select: { tags: { app: shop, tier: worker } }, mode: ${mode} }
  shop-cache: { select: { tags: { app: shop, tier: cache } }, mode: ${mode}, egress: closed }
  payments: { select: { iamRole: "arn:aws:iam::*:role/payments-*" }, mode: ${mode} }
  operations:
    select: { any: [{ tags: { app: monitoring } }, { tags: { app: bastion } }] }
    mode: ${mode}
  notifications:
    select: { kind: task, service: notifications }
    mode: observe
rules:
  - { id: office-to-web, from: office, to: shop-web, allow: [tcp/443], why: staging access }
  - { id: web-to-api, from: shop-web, to: shop-api, allow: [tcp/8080-8081], why: storefront calls }
  - { id: api-to-payments, from: shop-api, to: payments, allow: [tcp/8443], why: checkout }
  - { id: api-to-cache, from: [shop-api, shop-worker], to: shop-cache, allow: [redis], why: sessions }
  - { id: api-to-orders, from: [shop-api, shop-worker], to: orders-db, allow: [postgres], why: orders }
  - { id: payments-to-vault, from: payments, to: cardholder-db, allow: [postgres], why: card vault }
  - id: metrics
    from: operations
    to: [shop-web, shop-api, shop-worker, shop-cache, payments, orders-db, analytics]
    allow: [node-exporter, ssh, icmp/8]
    why: monitoring and administration
  - { id: metrics-from-vault, from: operations, to: cardholder-db, allow: [node-exporter], why: monitoring }
`;

const data = (mode: Mode): string => `apiVersion: bulkhead/v1
team: data
segments:
  orders-db: { select: { tags: { app: shop, tier: db } }, mode: ${mode}, egress: closed }
  analytics: { select: { tags: { app: analytics } }, mode: ${mode} }
  cardholder-db:
    zone: pci
    crownJewel: true
    mode: ${mode}
    egress: closed
    select: { all: [{ tags: { data: cardholder } }, { not: { tags: { lifecycle: decommissioned } } }] }
rules:
  - { id: analytics-to-orders, from: analytics, to: orders-db, allow: [postgres], why: nightly export }
`;
