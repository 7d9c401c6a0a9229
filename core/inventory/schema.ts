import * as z from 'zod';
import type { Inventory } from '../model/inventory.ts';
import { canonicalAddress, canonicalCidr } from './cidr.ts';

const text = z.string();
/** Ids begin as AWS begins them, so that none is mistaken for something that every object has. */
const idOf = (beginning: string) => text.startsWith(beginning);
const texts = z.array(text).readonly();
const tags = z.record(text, text).readonly();

const address = text.refine((value) => canonicalAddress(value) === value, {
  error: 'is no address in canonical form',
});
const cidr = text.refine((value) => canonicalCidr(value) === value, {
  error: 'is no CIDR in canonical form',
});
const cidrs = z.array(cidr).readonly();
const protocol = z.number().int().min(-1).max(255);
const port = z.number().int().min(-1).max(65_535);

const peer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ipv4'), cidr }),
  z.object({ kind: z.literal('ipv6'), cidr }),
  z.object({ kind: z.literal('prefixList'), id: text }),
  z.object({ kind: z.literal('group'), id: text }),
]);

const rule = z.object({
  ...{ id: text.exactOptional(), protocol, fromPort: port, toPort: port, peer },
  description: text.exactOptional(),
});
const rules = z.array(rule).readonly();

const identity = z.object({
  workload: text.regex(/^(?:i-|eni-|ecs:|ext:)/),
  kind: z.enum(['instance', 'task', 'interface', 'external']),
  tags,
  iamRole: text.exactOptional(),
  account: text,
  region: text,
  vpc: text.exactOptional(),
  subnets: texts,
  cluster: text.exactOptional(),
  service: text.exactOptional(),
  autoScalingGroup: text.exactOptional(),
  name: text.exactOptional(),
});

const workload = z.object({
  identity,
  interfaces: texts,
  state: text,
  control: z.enum(['attach', 'alias', 'peer', 'visible']),
  controlReason: text.exactOptional(),
});

const networkInterface = z.object({
  ...{ id: idOf('eni-'), vpc: text, subnet: text },
  ...{ ipv4: z.array(address).readonly(), ipv6: z.array(address).readonly() },
  ...{ publicIpv4: text.exactOptional(), natGateway: text.exactOptional() },
  ...{ groups: texts, type: text, status: text, requesterManaged: z.boolean() },
  ...{ workload: text, tags },
});

const group = z.object({
  ...{ id: idOf('sg-'), name: text, description: text, vpc: text, account: text, tags },
  ...{ ingress: rules, egress: rules },
});

const networkAcl = z.object({
  ...{ id: idOf('acl-'), vpc: text, isDefault: z.boolean(), subnets: texts, tags },
  entries: z
    .array(
      z.object({
        ...{ ruleNumber: z.number(), egress: z.boolean(), action: z.enum(['allow', 'deny']) },
        ...{ protocol, cidr, fromPort: port, toPort: port },
      }),
    )
    .readonly(),
});

const routeTable = z.object({
  ...{ id: idOf('rtb-'), vpc: text, main: z.boolean(), subnets: texts },
  routes: z
    .array(
      z.object({
        destination: z.union([cidr, idOf('pl-')]),
        ...{ target: text, state: z.enum(['active', 'blackhole']) },
      }),
    )
    .readonly(),
});

const side = z.object({ vpc: text, account: text, region: text, cidrs });
const count = z.number().nonnegative();

const quotas = z.object({
  ...{ groupsPerInterface: count, rulesPerGroup: count, groupsPerRegion: count },
  assumed: z
    .array(z.enum(['groupsPerInterface', 'rulesPerGroup', 'groupsPerRegion']))
    .readonly()
    .optional(),
});

const prefixList = z.object({
  ...{ id: idOf('pl-'), name: text, family: z.enum(['ipv4', 'ipv6']), maxEntries: z.number() },
  version: z.number().exactOptional(),
  ...{ owner: text, cidrs, tags },
});

/**
 * An inventory as JSON, e.g. a file that a person or another program wrote. Whatever passes can be
 * compiled, planned on and asked about.
 */
export const inventorySchema = z.object({
  ...{ takenAt: z.iso.datetime(), account: text, region: text },
  gaps: z.array(z.object({ kind: text, reason: text })).readonly(),
  vpcs: z.array(z.object({ id: idOf('vpc-'), ipv4: cidrs, ipv6: cidrs, tags })).readonly(),
  subnets: z
    .array(
      z.object({
        ...{ id: idOf('subnet-'), vpc: text, availabilityZone: text },
        ...{ ipv4: cidr.exactOptional(), ipv6: cidrs, tags },
      }),
    )
    .readonly(),
  interfaces: z.array(networkInterface).readonly(),
  workloads: z.array(workload).readonly(),
  groups: z.array(group).readonly(),
  prefixLists: z.array(prefixList).readonly(),
  networkAcls: z.array(networkAcl).readonly(),
  routeTables: z.array(routeTable).readonly(),
  peerings: z
    .array(z.object({ id: idOf('pcx-'), status: text, requester: side, accepter: side }))
    .readonly(),
  quotas,
}) satisfies z.ZodType<Inventory>;
