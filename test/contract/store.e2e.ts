import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { createStore } from '../../aws/store.ts';
import { Table } from '../../aws/table.ts';
import type { Store } from '../../engine/ports.ts';
import { type Sandbox, startSandbox } from '../../sandbox/boot.ts';
import './store.contract.ts';
import { source } from './store-source.ts';

const PORT = 4640;

let sandbox: Sandbox;
let store: Store;

beforeAll(async () => {
  sandbox = await startSandbox({ port: PORT, onProgress: () => {} });
  const client = new DynamoDBClient({
    endpoint: sandbox.endpoint,
    region: sandbox.region,
    credentials: sandbox.rootCredentials,
  });
  const key = (pk: string, sk: string) => [
    { AttributeName: pk, KeyType: 'HASH' as const },
    { AttributeName: sk, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: 'contract',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: key('pk', 'sk'),
      AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'gsi1',
          KeySchema: key('gsi1pk', 'gsi1sk'),
          Projection: { ProjectionType: 'ALL' as const },
        },
      ],
    }),
  );
  store = createStore(new Table('contract', client));
});

afterAll(async () => {
  await sandbox?.stop();
});

source.open = async () => store;
