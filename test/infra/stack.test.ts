import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { ENVIRONMENT } from '../../functions/env.ts';
import { resourcesOf, synthesise } from './synth.ts';

const { stack, template } = synthesise();
const text = JSON.stringify(template.toJSON());

describe('the template', () => {
  test('holds no switch for the sandbox: what runs locally is what goes to AWS', () => {
    for (const word of [
      'endpoint_url',
      'sandbox',
      'localhost',
      '127.0.0.1',
      ':4566',
      'localstack',
    ]) {
      expect(text.toLowerCase(), word).not.toContain(word);
    }
  });

  test('names no account and no Region', () => {
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(?:us|eu|ap|sa|ca)-[a-z]+-\d\b/);
  });

  test('every finding of cdk-nag is answered', () => {
    const report = new AwsSolutionsChecks().validateScope(stack);
    expect(report.violations).toEqual([]);
    expect(report.success).toBe(true);
  });

  test('every answer to cdk-nag gives a reason', () => {
    const key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
    const answers = stack.node
      .findAll()
      .flatMap((construct) => construct.node.metadata)
      .filter(({ type }) => type === key)
      .flatMap(({ data }) => Object.values(data as Record<string, unknown>));
    expect(answers.length).toBeGreaterThan(0);
    for (const reason of answers) expect(String(reason).length).toBeGreaterThan(30);
  });

  test('each queue that is worked off has a dead-letter queue, and none is unencrypted', () => {
    const worked = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(
      ({ properties }) => properties.EventSourceArn as { 'Fn::GetAtt': [string, string] },
    );
    const queues = new Map(
      resourcesOf(template, 'AWS::SQS::Queue').map(({ id, properties }) => [id, properties]),
    );
    expect(worked).toHaveLength(3);
    for (const source of worked) {
      expect(queues.get(source['Fn::GetAtt'][0])).toHaveProperty('RedrivePolicy');
    }
    for (const properties of queues.values()) expect(properties.SqsManagedSseEnabled).toBe(true);
  });

  test('what EventBridge and Scheduler cannot deliver is kept', () => {
    const rules = resourcesOf(template, 'AWS::Events::Rule');
    expect(rules.length).toBeGreaterThan(3);
    for (const { properties } of rules) {
      for (const target of properties.Targets as Record<string, unknown>[]) {
        expect(target).toHaveProperty('DeadLetterConfig');
        expect(target).toHaveProperty('RetryPolicy');
      }
    }
    const [schedule] = resourcesOf(template, 'AWS::Scheduler::Schedule');
    expect(schedule?.properties.Target).toHaveProperty('DeadLetterConfig');
    expect(schedule?.properties.ScheduleExpression).toBe('rate(1 minute)');
  });

  test('rules match on the default bus, by source and kind', () => {
    for (const { properties } of resourcesOf(template, 'AWS::Events::Rule')) {
      expect(properties).not.toHaveProperty('EventBusName');
      expect(properties.EventPattern).toMatchObject({
        source: [expect.stringMatching(/^aws\./)],
        'detail-type': expect.arrayContaining([expect.any(String)]),
      });
    }
  });

  test('the workload queue is FIFO in high-throughput mode, and fails message by message', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BatchSize: 10,
    });
  });

  test('the table is kept, restorable and forgets by expiresAt', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        GlobalSecondaryIndexes: [
          {
            IndexName: 'gsi1',
            KeySchema: [
              { AttributeName: 'gsi1pk', KeyType: 'HASH' },
              { AttributeName: 'gsi1sk', KeyType: 'RANGE' },
            ],
          },
        ],
      },
    });
  });

  test('the bucket is kept, versioned and closed', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
  });

  test('our functions run on the pinned runtime and their logs forget', () => {
    const ours = resourcesOf(template, 'AWS::Lambda::Function').filter(
      ({ properties }) => properties.Handler === 'index.handler' && 'LoggingConfig' in properties,
    );
    expect(ours).toHaveLength(7);
    for (const { properties } of ours) expect(properties.Runtime).toBe('nodejs24.x');
    for (const { properties } of resourcesOf(template, 'AWS::Logs::LogGroup')) {
      expect(properties.RetentionInDays).toBeGreaterThan(0);
    }
  });

  test('functions are told only what functions/env.ts has a name for', () => {
    const known = new Set<string>(Object.values(ENVIRONMENT));
    for (const { properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      const { Variables = {} } = (properties.Environment ?? {}) as { Variables?: object };
      const foreign = Object.keys(Variables).filter(
        (name) => !known.has(name) && !name.startsWith('POWERTOOLS_') && name !== 'NODE_OPTIONS',
      );
      expect(foreign).toEqual([]);
    }
  });

  test('outputs tell the CLI and the operator where things are', () => {
    for (const output of ['ApiUrl', 'TableName', 'StateMachineArn']) template.hasOutput(output, {});
  });
});

describe('settings', () => {
  test('the stack is named by context, and owns by that name', () => {
    const other = synthesise({ stack: 'Second' });
    expect(other.stack.stackName).toBe('Second');
    other.template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { [ENVIRONMENT.owner]: 'Second' } },
    });
    expect(JSON.stringify(other.template.toJSON())).not.toMatch(/"bulkhead:owner":"Bulkhead"/);
  });

  test.each([
    ['stack', '2nd'],
    ['stack', 'has space'],
    ['managedVpcTag', 'segmentation'],
    ['managedVpcTag', '=bulkhead'],
    ['managedVpcTag', 'segmentation='],
  ])('context %s=%s is refused with what to change', (name, value) => {
    expect(() => synthesise({ [name]: value })).toThrow(new RegExp(`\`${name}\` is \`${value}\``));
  });
});
