/**
 * The estate that the demo segments: what a team's Terraform might have made over a few years. Two
 * peered VPCs, everything on EC2 in one flat group per VPC that lets everything inside talk.
 */
export interface VpcBlueprint {
  readonly name: string;
  readonly cidr: string;
  readonly subnets: readonly SubnetBlueprint[];
}

export interface SubnetBlueprint {
  readonly name: string;
  readonly cidr: string;
  readonly availabilityZone: string;
  /** Value of the tag `zone`, where the subnet belongs to a policy zone. */
  readonly zone?: string;
}

export interface FleetBlueprint {
  readonly name: string;
  readonly vpc: string;
  readonly subnets: readonly string[];
  readonly count: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Name of the IAM role behind an instance profile of the same name. */
  readonly role?: string;
  /** `single`: RunInstances, one each. */
  readonly by: 'single' | 'auto-scaling-group' | 'fargate-service';
}

/** Everything inside; the flat group of each VPC allows it, both ways. */
export const INSIDE = '10.0.0.0/8';

export const VPCS: readonly VpcBlueprint[] = [
  {
    name: 'shop',
    cidr: '10.20.0.0/16',
    subnets: [
      { name: 'shop-a', cidr: '10.20.1.0/24', availabilityZone: 'us-east-1a' },
      { name: 'shop-b', cidr: '10.20.2.0/24', availabilityZone: 'us-east-1b' },
    ],
  },
  {
    name: 'data',
    cidr: '10.30.0.0/16',
    subnets: [
      { name: 'data-a', cidr: '10.30.1.0/24', availabilityZone: 'us-east-1a' },
      { name: 'data-b', cidr: '10.30.2.0/24', availabilityZone: 'us-east-1b' },
      { name: 'pci-a', cidr: '10.30.11.0/24', availabilityZone: 'us-east-1a', zone: 'pci' },
      { name: 'pci-b', cidr: '10.30.12.0/24', availabilityZone: 'us-east-1b', zone: 'pci' },
    ],
  },
];

const SHOP = ['shop-a', 'shop-b'];
const DATA = ['data-a', 'data-b'];
const PCI = ['pci-a', 'pci-b'];

export const FLEETS: readonly FleetBlueprint[] = [
  {
    name: 'web',
    vpc: 'shop',
    subnets: SHOP,
    count: 4,
    tags: { app: 'shop', tier: 'web', data: 'public' },
    by: 'auto-scaling-group',
  },
  {
    name: 'api',
    vpc: 'shop',
    subnets: SHOP,
    count: 6,
    tags: { app: 'shop', tier: 'api', data: 'internal' },
    role: 'shop-api',
    by: 'single',
  },
  {
    name: 'worker',
    vpc: 'shop',
    subnets: SHOP,
    count: 4,
    tags: { app: 'shop', tier: 'worker', data: 'internal' },
    by: 'single',
  },
  {
    name: 'cache',
    vpc: 'shop',
    subnets: SHOP,
    count: 2,
    tags: { app: 'shop', tier: 'cache', data: 'internal' },
    by: 'single',
  },
  {
    name: 'payments',
    vpc: 'shop',
    subnets: SHOP,
    count: 4,
    tags: { app: 'payments', tier: 'api', data: 'token' },
    role: 'payments-service',
    by: 'single',
  },
  {
    name: 'orders-db',
    vpc: 'data',
    subnets: DATA,
    count: 3,
    tags: { app: 'shop', tier: 'db', data: 'internal' },
    by: 'single',
  },
  {
    name: 'analytics',
    vpc: 'data',
    subnets: DATA,
    count: 4,
    tags: { app: 'analytics', tier: 'batch', data: 'internal' },
    by: 'single',
  },
  {
    name: 'cardholder-db',
    vpc: 'data',
    subnets: PCI,
    count: 3,
    tags: { app: 'vault', tier: 'db', data: 'cardholder' },
    by: 'single',
  },
  {
    name: 'monitoring',
    vpc: 'shop',
    subnets: SHOP,
    count: 2,
    tags: { app: 'monitoring', tier: 'ops', data: 'internal' },
    by: 'single',
  },
  {
    name: 'bastion',
    vpc: 'shop',
    subnets: ['shop-a'],
    count: 1,
    tags: { app: 'bastion', tier: 'ops', data: 'internal' },
    role: 'bastion',
    by: 'single',
  },
  {
    name: 'forgotten',
    vpc: 'shop',
    subnets: ['shop-b'],
    count: 2,
    tags: { owner: 'unknown' },
    by: 'single',
  },
  {
    name: 'notifications',
    vpc: 'shop',
    subnets: SHOP,
    count: 3,
    tags: { app: 'shop', tier: 'notifications', data: 'internal' },
    role: 'notifications-task',
    by: 'fargate-service',
  },
];

/** How many workloads there are when it is all up. */
export const WORKLOAD_COUNT = FLEETS.reduce((sum, fleet) => sum + fleet.count, 0);
