import type { ExplainAnswer } from './explain-answer.ts';
import type { AcceptedPlan, PlanAnswer, PlanPage, PlanSummary } from './plan-answer.ts';
import type { PolicyAnswer, PublishAnswer } from './policy-answer.ts';
import type { Operation } from './routes.ts';
import type { SegmentAnswer, SegmentList } from './segment-answer.ts';
import type { Status } from './status-answer.ts';
import { VERSION } from './version.ts';
import type { WorkloadAnswer, WorkloadPage, WorkloadSummary } from './workload-answer.ts';

/** One answer of each operation, for the OpenAPI document; a test holds them against the schemas. */

const POLICY_VERSION = 'sha256:7f3c0c5b1d9a4e7e8c2b6a5d4f3e2d1c0b9a8f7e6d5c4b3a29181716151413ab';
const AUTHOR = 'arn:aws:iam::123456789012:user/dana';
const APPROVER = 'arn:aws:iam::123456789012:user/lee';
const NOW = '2026-11-23T09:30:00.000Z';
const VPC = 'vpc-0a1b2c3d4e5f60718';
const WEB_GROUP = 'sg-0aaa1111bbbb2222c';

const planSummary: PlanSummary = {
  id: 'plan-7',
  generation: 7,
  kind: 'publish',
  policyVersion: POLICY_VERSION,
  state: 'waiting-for-approval',
  phase: 'create',
  author: AUTHOR,
  reason: '`shop-web`: 6 of 6 members change, more than 20 %',
  createdAt: NOW,
  changedAt: NOW,
  counts: { attach: 6, detach: 6 },
};

const status: Status = {
  stack: 'Bulkhead',
  version: VERSION,
  runtime: 'v24.21.0',
  time: NOW,
  idle: false,
  generation: 6,
  phase: 'steady',
  policyVersion: POLICY_VERSION,
  since: NOW,
  managedVpcs: [VPC],
  workloads: {
    total: 40,
    byStatus: { enforced: 30, held: 2, unclassified: 8 },
    heldBecause: { left: 1, share: 1 },
    complete: true,
  },
  segments: 4,
  blockedSegments: [],
  plan: planSummary,
  latency: {
    count: 200,
    receivedToWritten: { p50: 160, p95: 320, p99: 540, max: 810 },
    hops: { 'received-decided': { p50: 60, p95: 120, p99: 200, max: 330 } },
  },
  sweep: {
    startedAt: NOW,
    finishedAt: NOW,
    workloads: 40,
    missedByEvents: 0,
    drifted: 0,
    gaps: [],
  },
  counts: { 'missed-by-events': 1, throttled: 2 },
  open: { count: 0 },
  parked: {
    count: 310,
    oldest: {
      workload: 'i-0123456789abcdef0',
      since: NOW,
      due: '2026-11-23T09:31:09.000Z',
      reason: 'the budget of writes is used up for now',
    },
  },
};

const segments: SegmentList = {
  generation: 6,
  items: [
    {
      name: 'shop-web',
      mode: 'enforce',
      egress: 'open',
      crownJewel: false,
      team: 'shop',
      members: 6,
    },
  ],
};

const segment: SegmentAnswer = {
  name: 'shop-web',
  mode: 'enforce',
  egress: 'open',
  crownJewel: false,
  team: 'shop',
  members: 6,
  generation: 6,
  rules: [
    {
      id: 'web-to-api',
      from: ['shop-web'],
      to: ['shop-api'],
      allow: ['tcp/8080-8081'],
      why: 'storefront calls',
      ticket: 'SEC-12',
      expires: '2027-03-31',
      expired: false,
    },
  ],
  groups: [{ vpc: VPC, group: WEB_GROUP }],
  statuses: { enforced: 6 },
};

const workloadSummary: WorkloadSummary = {
  id: 'i-0123456789abcdef0',
  kind: 'instance',
  name: 'web-1',
  state: 'running',
  status: 'enforced',
  segments: ['shop-web'],
  mode: 'enforce',
  held: false,
  vpc: VPC,
  changedAt: NOW,
  generation: 6,
};

const workloads: WorkloadPage = { items: [workloadSummary] };

const workload: WorkloadAnswer = {
  ...workloadSummary,
  identity: {
    workload: 'i-0123456789abcdef0',
    kind: 'instance',
    tags: { app: 'shop', tier: 'web', Name: 'web-1' },
    account: '123456789012',
    region: 'eu-central-1',
    vpc: VPC,
    subnets: ['subnet-0123456789abcdef0'],
    name: 'web-1',
  },
  control: 'attach',
  withheld: [],
  conflicts: [],
  firstSeen: NOW,
  tagsAt: NOW,
  interfaces: [
    {
      id: 'eni-0123456789abcdef0',
      groups: [WEB_GROUP],
      ledger: ['sg-0ffff0000eeee1111'],
      phase: 'steady',
      generation: 6,
      outcome: 'updated',
      verifiedAt: NOW,
      pending: false,
    },
  ],
};

const explain: ExplainAnswer = {
  from: {
    asked: 'i-0123456789abcdef0',
    workload: 'i-0123456789abcdef0',
    addresses: ['10.0.1.10'],
    segments: ['shop-web'],
  },
  to: {
    asked: '10.0.2.20',
    workload: 'i-0fedcba9876543210',
    addresses: ['10.0.2.20'],
    segments: ['shop-api'],
  },
  port: 'tcp/8080',
  policy: { verdict: 'allow', why: ['rule `web-to-api` allows tcp/8080-8081'] },
  aws: { verdict: 'allow', why: [`egress of ${WEB_GROUP} and ingress of its peer allow it`] },
  agree: true,
  notes: [],
  inventoryAt: NOW,
  policyVersion: POLICY_VERSION,
};

const policy: PolicyAnswer = {
  version: POLICY_VERSION,
  author: AUTHOR,
  publishedAt: NOW,
  generation: 6,
  sources: [{ file: 'root.yaml', text: 'apiVersion: bulkhead/v1\n' }],
};

const accepted: AcceptedPlan = { plan: 'plan-7', generation: 7, state: 'planned' };
const published: PublishAnswer = { ...accepted, policyVersion: POLICY_VERSION, warnings: [] };
const plans: PlanPage = { items: [planSummary] };

const plan: PlanAnswer = {
  ...planSummary,
  decidedBy: APPROVER,
  state: 'done',
  phase: 'delete',
  difference: {
    opened: [],
    closed: [{ from: 'shop-web', to: 'shop-db', ports: ['tcp/5432'] }],
  },
  outcomes: { updated: 1 },
  truncated: false,
  report: [{ step: 'detach:eni-0123456789abcdef0', phase: 'detach', outcome: { kind: 'updated' } }],
};

export const ANSWER_EXAMPLES: Readonly<Record<Operation, unknown>> = {
  readStatus: status,
  listSegments: segments,
  readSegment: segment,
  listWorkloads: workloads,
  readWorkload: workload,
  explain,
  readPolicy: policy,
  publishPolicy: published,
  listPlans: plans,
  readPlan: plan,
  approvePlan: { ...accepted, state: 'waiting-for-approval' },
  rejectPlan: { ...accepted, state: 'waiting-for-approval' },
  sweepNow: { accepted: true },
  uninstall: accepted,
  readOpenApi: undefined,
};

export const BODY_EXAMPLES: Readonly<Partial<Record<Operation, unknown>>> = {
  publishPolicy: { sources: policy.sources },
  approvePlan: { why: 'change 4711, agreed with the shop team' },
  rejectPlan: { why: 'not during the sale' },
};
