import fc from 'fast-check';
import { parse } from 'yaml';
import type { PolicySource } from '../../core/model/policy.ts';
import { type Json, mutated } from './hostile.ts';

/** Everything the language has, once, in a text short enough to be read a thousand times a second. */
export const EXAMPLE: readonly PolicySource[] = [
  {
    file: 'root.yaml',
    text: `apiVersion: bulkhead/v1
settings:
  vpcs: { tags: { segmentation: bulkhead } }
  unclassified: observe
  settleWindow: 2m
  keepSecurityGroups: [sg-0123456789abcdef0]
  changeGuard: { share: 20% }
  onLeave: hold
zones: { pci: { subnets: { tags: { zone: pci } } }, corporate: {} }
networks:
  office: { zone: corporate, cidrs: [198.51.100.0/24, "2001:db8:12::/48"] }
  datacentre: { cidrs: [172.16.0.0/12], except: [172.16.66.0/24] }
  mirror: { prefixList: com.amazonaws.*.s3 }
  edge: { securityGroups: { tags: { role: edge } } }
services: { postgres: tcp/5432, ping: icmp/8, web: [tcp/80, tcp/443] }
baseline:
  - { id: updates, to: mirror, allow: [tcp/443], why: operating system updates }
guardrails:
  - id: pci-inbound
    deny: { from: { not: { zone: pci } }, to: { zone: pci } }
    except: [api-to-db]
    why: PCI DSS 1.3
assert:
  - { id: web-never-db, from: web-tier, to: db, port: postgres, expect: deny }
`,
  },
  {
    file: 'shop.yaml',
    text: `apiVersion: bulkhead/v1
team: shop
segments:
  web-tier: { select: { tags: { app: shop, tier: web } }, mode: enforce, egress: open }
  api: { select: { kind: instance, tags: { app: shop, tier: [api, b*] } }, mode: stage }
  db:
    zone: pci
    crownJewel: true
    mode: enforce
    egress: closed
    bornIn: [vpc-0123456789abcdef0]
    select:
      all:
        - tags: { tier: db }
        - any: [{ iamRole: "arn:aws:iam::*:role/db-*" }, { not: { tags: { gone: "*" } } }]
rules:
  - { id: edge-to-web, from: [edge, office], to: web-tier, allow: [web, ping], why: the storefront }
  - { id: web-to-api, from: web-tier, to: api, allow: [tcp/8080-8081], why: w, ticket: SEC-1, expires: 2027-03-31 }
  - { id: api-to-db, from: api, to: db, allow: [postgres, udp, "47"], why: orders }
`,
  },
];

interface PolicyDocument {
  readonly file: string;
  readonly document: Json;
}

/** The example as it parses, with a few wrong things in one of its files. */
export const editedDocuments: fc.Arbitrary<readonly PolicyDocument[]> = fc
  .nat({ max: EXAMPLE.length - 1 })
  .chain((which) =>
    mutated(parse(EXAMPLE[which]?.text ?? ''), { min: 1, max: 3 }).map((edited) =>
      EXAMPLE.map(({ file, text }, at) => ({
        file,
        document: at === which ? edited : (parse(text) as Json),
      })),
    ),
  );
