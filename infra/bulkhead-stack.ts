import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { StatusApi } from './api/status-api.ts';
import { EventIntake } from './events/event-intake.ts';
import { Observability } from './observability/observability.ts';
import { FirstPublish } from './publishing/first-publish.ts';
import { Publishing } from './publishing/publishing.ts';
import { WriteRoles } from './roles/write-roles.ts';
import type { Settings } from './settings.ts';
import { Storage, type StorageUse } from './storage/storage.ts';
import { Sweep } from './sweep/sweep.ts';
import { WorkloadPath } from './workload/workload-path.ts';

/** What each function does with the table and the bucket; test/e2e/iam.e2e.ts holds it to that. */
const STORAGE_USES = {
  workload: {
    items: ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
    documents: ['GetObject', 'PutObject'],
  },
  wake: { items: ['GetItem'], documents: [] },
  publish: {
    items: ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
    index: true,
    documents: ['GetObject', 'PutObject'],
  },
  sweep: {
    items: ['BatchGetItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
    index: true,
    documents: ['GetObject'],
  },
  api: {
    items: ['BatchGetItem', 'GetItem', 'Query', 'UpdateItem'],
    index: true,
    documents: ['GetObject', 'PutObject'],
  },
  firstPublish: { items: ['GetItem', 'UpdateItem'], documents: ['PutObject'] },
} satisfies Record<string, StorageUse>;

/**
 * The control plane: one stack, one account, one Region, nothing that runs while nothing happens.
 * Who may do what is said here, once: a line a grant.
 */
export class BulkheadStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, { description: 'Bulkhead: identity-based micro-segmentation' });
    const storage = new Storage(this, 'Storage');
    const path = new WorkloadPath(this, 'WorkloadPath');
    const publishing = new Publishing(this, 'Publishing');
    const roles = new WriteRoles(this, 'WriteRoles', {
      workload: path.workload.functionRole,
      publish: publishing.publish.functionRole,
      managedVpcTag: settings.managedVpcTag,
    });
    const intake = new EventIntake(this, 'EventIntake', {
      ownRoles: [roles.enforce.roleArn, roles.restore.roleArn],
    });
    const sweep = new Sweep(this, 'Sweep', { deadLetters: intake.deadLetters });
    const api = new StatusApi(this, 'StatusApi');
    const first = new FirstPublish(this, 'FirstPublish');

    roles.grantWriteInterfaces(path.workload);
    roles.grantWriteGroups(publishing.publish);
    for (const [target, use] of [
      [path.workload, STORAGE_USES.workload],
      [path.wake, STORAGE_USES.wake],
      [publishing.publish, STORAGE_USES.publish],
      [sweep.sweep, STORAGE_USES.sweep],
      [api.handler, STORAGE_USES.api],
      [first.handler, STORAGE_USES.firstPublish],
    ] as const) {
      storage.grantUse(target, use);
    }
    // The write path wakes the owner of an interface that has moved.
    for (const target of [intake.route, path.workload, publishing.publish, sweep.sweep]) {
      path.grantWake(target);
    }
    for (const target of [path.workload, path.wake]) intake.grantReject(target);
    for (const target of [api.handler, first.handler]) publishing.grantStart(target);
    publishing.grantDecide(api.handler);
    publishing.grantResume(sweep.sweep);
    sweep.grantStart(api.handler);
    // The first publish needs everything that it starts.
    first.trigger.executeAfter(storage, path, publishing, roles, intake, sweep);

    new Observability(this, 'Observability', {
      service: this.stackName,
      events: intake.queue,
      eventDeadLetters: intake.deadLetters,
      rejected: intake.rejected,
      workloads: path.queue,
      workloadDeadLetters: path.deadLetters,
      parkedDeadLetters: path.parkedDeadLetters,
      machine: publishing.machine,
      functions: {
        Route: intake.route,
        Workload: path.workload,
        Wake: path.wake,
        Publish: publishing.publish,
        Sweep: sweep.sweep,
        Api: api.handler,
      },
      apiErrors: api.api.metricServerError({ period: Duration.minutes(1), statistic: Stats.SUM }),
    });

    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'Where the CLI asks' });
    new CfnOutput(this, 'TableName', { value: storage.table.tableName });
    new CfnOutput(this, 'BucketName', { value: storage.bucket.bucketName });
    new CfnOutput(this, 'StateMachineArn', { value: publishing.machine.stateMachineArn });
  }
}
