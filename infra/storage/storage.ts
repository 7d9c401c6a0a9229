import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { BulkheadFunction } from '../function/bulkhead-function.ts';
import { answer, answerWildcards } from '../function/nag.ts';

/** Name of the one secondary index; aws/table.ts reads it under this name. */
const INDEX = 'gsi1';

/** How a function uses the store; aws/table.ts and aws/archive.ts make these calls. */
export interface StorageUse {
  /** DynamoDB's actions on items; a transaction needs those of its parts. */
  readonly items: readonly (
    | 'BatchGetItem'
    | 'DeleteItem'
    | 'GetItem'
    | 'PutItem'
    | 'Query'
    | 'UpdateItem'
  )[];
  /** Lists workloads, interfaces or the ledger, over the index. */
  readonly index?: boolean;
  readonly documents: readonly ('GetObject' | 'PutObject')[];
}

/**
 * What the control plane knows: one table, and a bucket for documents that an item cannot hold.
 * Both outlive the stack, since the ledger in them is what puts an estate back as it was.
 */
export class Storage extends Construct {
  readonly table: Table;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: INDEX,
      partitionKey: { name: 'gsi1pk', type: AttributeType.STRING },
      sortKey: { name: 'gsi1sk', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          // Only an overwritten or deleted document is ever noncurrent, and names are not reused.
          noncurrentVersionExpiration: Duration.days(365),
        },
      ],
    });
    answer(
      this.bucket,
      ['AwsSolutions-S1'],
      'five functions of this stack are the only readers; who read is in CloudTrail data events',
    );
  }

  /** What the function does, and nothing else; never a scan, never the table itself. */
  grantUse(target: BulkheadFunction, use: StorageUse): void {
    target.tell('table', this.table.tableName);
    target.functionRole.addToPolicy(
      new PolicyStatement({
        sid: 'Table',
        actions: use.items.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
      }),
    );
    if (use.index === true) {
      target.functionRole.addToPolicy(
        new PolicyStatement({
          sid: 'Index',
          actions: ['dynamodb:Query'],
          resources: [`${this.table.tableArn}/index/${INDEX}`],
        }),
      );
    }
    if (use.documents.length > 0) this.grantDocuments(target, use.documents);
  }

  private grantDocuments(target: BulkheadFunction, actions: StorageUse['documents']): void {
    target.tell('bucket', this.bucket.bucketName);
    target.functionRole.addToPolicy(
      new PolicyStatement({
        sid: 'Documents',
        actions: actions.map((action) => `s3:${action}`),
        resources: [this.bucket.arnForObjects('*')],
      }),
    );
    answerWildcards(
      target.functionRole,
      [this.bucket.arnForObjects('*')],
      'the documents of the one bucket of this stack; their names are only known at run time',
    );
    if (!actions.includes('GetObject')) return;
    target.functionRole.addToPolicy(
      new PolicyStatement({
        sid: 'AbsentDocuments',
        // Turns the answer for an absent object from 403 into 404 (S3 API reference, GetObject).
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
      }),
    );
  }
}
