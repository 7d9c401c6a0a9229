import type { Template } from 'aws-cdk-lib/assertions';
import { type Resource, resourcesOf } from '../infra/synth.ts';
import { nameOf, rolesOf, shortId } from './grants.ts';

/**
 * Grants that the sandbox cannot exercise: AWS uses them itself, or the emulators do not ask for
 * them. For these the template is the proof: each rule gives the grants that what stands in the
 * template needs, no more and no less, and says where AWS documents it.
 */
interface Rule {
  readonly reason: string;
  readonly grants: (template: Template) => readonly string[];
}

const RULES: readonly Rule[] = [
  {
    reason:
      'Lambda writes what a function says to its log group, in the name of its role ' +
      '(Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs")',
    grants: (template) => functionsOf(template).flatMap(logGrants),
  },
  {
    reason:
      'Lambda polls a queue in the name of the function’s role ' +
      '(docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/' +
      'sqs-configure-lambda-function-trigger.html, prerequisites)',
    grants: (template) =>
      resourcesOf(template, 'AWS::Lambda::EventSourceMapping').flatMap(({ properties }) =>
        ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map(
          (action) =>
            `${roleOfFunction(template, properties.FunctionName)}: sqs:${action} on ` +
            nameOf(properties.EventSourceArn),
        ),
      ),
  },
  {
    reason: 'Step Functions calls the function; in MiniStack without asking IAM',
    grants: (template) =>
      machinesOf(template).flatMap((machine) =>
        invokedBy(machine.properties.DefinitionString).flatMap((target) =>
          invokeGrants(template, nameOf(machine.properties.RoleArn), target),
        ),
      ),
  },
  {
    reason: 'EventBridge Scheduler calls its target, and its dead letter queue when it cannot',
    grants: (template) =>
      resourcesOf(template, 'AWS::Scheduler::Schedule').flatMap(({ properties }) => {
        const target = properties.Target as Record<string, unknown>;
        const role = nameOf(target.RoleArn);
        const letters = (target.DeadLetterConfig as { readonly Arn: unknown }).Arn;
        return [
          ...invokeGrants(template, role, nameOf(target.Arn)),
          `${role}: sqs:SendMessage on ${nameOf(letters)}`,
        ];
      }),
  },
  {
    reason:
      'Step Functions sets up the delivery of its log ' +
      '(docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html, IAM policies)',
    grants: (template) =>
      machinesOf(template)
        .filter(({ properties }) => levelOf(properties) !== 'OFF')
        .flatMap(({ properties }) =>
          LOG_DELIVERY.map((action) => `${nameOf(properties.RoleArn)}: logs:${action} on *`),
        ),
  },
  {
    reason:
      'Step Functions sends its traces (docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html)',
    grants: (template) =>
      machinesOf(template)
        .filter(({ properties }) => isTraced(properties))
        .flatMap(({ properties }) =>
          TRACING.map((action) => `${nameOf(properties.RoleArn)}: xray:${action} on *`),
        ),
  },
  {
    reason:
      'S3 answers 404 for an absent object only to who may list the bucket, else 403 ' +
      '(S3 API reference, GetObject); MiniStack answers 404 to everybody',
    grants: (template) =>
      rolesOf(template).flatMap(({ id, statements }) =>
        statements
          .filter(({ Action }) => [Action].flat().includes('s3:GetObject'))
          .map(
            ({ Resource }) =>
              `${shortId(id)}: s3:ListBucket on ${nameOf(Resource).replace('/*', '')}`,
          ),
      ),
  },
];

/** Real paths that no end-to-end test takes, and why they are there. */
const RARE: readonly (readonly [name: string, reason: string])[] = [
  [
    'WorkloadPathWakeRole: sqs:SendMessage* on WorkloadPathParked',
    'a workload is due later than the 15 minutes that SQS can wait, and is reminded in between',
  ],
];

const LOG_DELIVERY = [
  'CreateLogDelivery',
  'DeleteLogDelivery',
  'DescribeLogGroups',
  'DescribeResourcePolicies',
  'GetLogDelivery',
  'ListLogDeliveries',
  'PutResourcePolicy',
  'UpdateLogDelivery',
] as const;

const TRACING = [
  'GetSamplingRules',
  'GetSamplingTargets',
  'PutTelemetryRecords',
  'PutTraceSegments',
] as const;

/** Reason by name of the grant. */
export function exemptions(template: Template): ReadonlyMap<string, string> {
  const ruled = RULES.flatMap(({ reason, grants }) =>
    grants(template).map((name) => [name, reason] as const),
  );
  return new Map([...ruled, ...RARE]);
}

function functionsOf(template: Template): readonly Resource[] {
  return resourcesOf(template, 'AWS::Lambda::Function');
}

function machinesOf(template: Template): readonly Resource[] {
  return resourcesOf(template, 'AWS::StepFunctions::StateMachine');
}

/** CDK's own custom resource has no log group of its own, and AWS's policy for one that it makes. */
function logGrants({ properties }: Resource): readonly string[] {
  const role = nameOf(properties.Role);
  const logging = properties.LoggingConfig as { readonly LogGroup?: unknown } | undefined;
  if (logging?.LogGroup === undefined) {
    return [`${role}: managed policy iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`];
  }
  const group = nameOf(logging.LogGroup);
  return ['CreateLogStream', 'PutLogEvents'].map((action) => `${role}: logs:${action} on ${group}`);
}

function roleOfFunction(template: Template, reference: unknown): string {
  const name = nameOf(reference);
  const found = functionsOf(template).find(({ id }) => shortId(id) === name);
  return nameOf(found?.properties.Role);
}

/** CDK grants the versions of a function with it; only without any is that grant an empty one. */
function invokeGrants(template: Template, role: string, target: string): readonly string[] {
  const versions = resourcesOf(template, 'AWS::Lambda::Version').filter(
    ({ properties }) => nameOf(properties.FunctionName) === target,
  );
  if (versions.length > 0) throw new Error(`${target} has versions: name who invokes which`);
  return [
    `${role}: lambda:InvokeFunction on ${target}, ${target}:*`,
    `${role}: ${target} for lambda:InvokeFunction`,
    `${role}: ${target}:* for lambda:InvokeFunction`,
  ];
}

/** Functions that a state machine's definition names. */
function invokedBy(definition: unknown): readonly string[] {
  const [, parts] = (definition as { readonly 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  const references = parts.filter((part) => typeof part !== 'string').map(nameOf);
  return [...new Set(references)].filter((name) => name !== '');
}

function levelOf(properties: Record<string, unknown>): string {
  const logging = properties.LoggingConfiguration as { readonly Level?: string } | undefined;
  return logging?.Level ?? 'OFF';
}

function isTraced(properties: Record<string, unknown>): boolean {
  const tracing = properties.TracingConfiguration as { readonly Enabled?: boolean } | undefined;
  return tracing?.Enabled === true;
}
