import { get } from 'node:http';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  type Tag,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signedFetch } from '../../aws/sign.ts';
import type { PolicySource } from '../../core/model/policy.ts';
import { type Keys, type Sandbox, startSandbox } from '../../sandbox/boot.ts';
import { eventually } from '../../sandbox/demo/steps.ts';
import { buildEstate, type Estate } from '../../sandbox/estate/build.ts';
import { estatePolicy } from '../../sandbox/estate/policy.ts';
import { saveIamRecord } from '../../sandbox/iam-record.ts';
import { RECORDS } from '../iam/records.ts';

const PORT = 4785;

let sandbox: Sandbox;
let estate: Estate;
let url: string;
let dana: Keys;
let stranger: Keys;

beforeAll(async () => {
  sandbox = await startSandbox({ port: PORT, onProgress: () => {}, recordIam: true });
  const outputs = await sandbox.deploy(() => {});
  url = outputs.ApiUrl ?? '';
  const allow = (Action: string) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
  });
  dana = await sandbox.createIamUser('dana', allow('execute-api:Invoke'));
  stranger = await sandbox.createIamUser('stranger', allow('s3:ListAllMyBuckets'));
  estate = await buildEstate(target(), () => {});
  // Its first call starts a function, at a moment when the events of a whole estate start many.
  await eventually(
    'the API answers',
    async () => ((await call('GET', '/v1/status')).status === 200 ? true : undefined),
    180_000,
  );
});

afterAll(async () => {
  try {
    await saveIamRecord(sandbox, RECORDS.api);
  } finally {
    await sandbox?.stop();
  }
});

function target() {
  return {
    endpoint: sandbox.endpoint,
    region: sandbox.region,
    credentials: sandbox.rootCredentials,
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers is what is looked at
  readonly json: any;
}

async function call(
  method: string,
  path: string,
  more: {
    readonly keys?: Keys;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Reply> {
  const keys = more.keys ?? dana;
  const answer = await signedFetch(
    {
      method,
      url: `${url}${path}`,
      headers: { 'content-type': 'application/json', ...more.headers },
      ...(more.body === undefined ? {} : { body: more.body }),
    },
    { region: sandbox.region, endpoint: sandbox.endpoint, credentials: async () => keys },
  );
  return { status: answer.status, headers: answer.headers, json: JSON.parse(answer.text) };
}

async function publish(sources: readonly PolicySource[], state = 'done'): Promise<string> {
  const current = await call('GET', '/v1/policies');
  const accepted = await call('POST', '/v1/policies', {
    body: JSON.stringify({ sources }),
    headers: { 'if-match': current.headers.etag ?? '' },
  });
  expect(accepted.status, JSON.stringify(accepted.json)).toBe(202);
  const plan = accepted.json.plan as string;
  await reached(plan, state);
  return plan;
}

async function reached(plan: string, state: string): Promise<void> {
  await eventually(`${plan} is ${state}`, async () => {
    const { json } = await call('GET', `/v1/plans/${plan}`);
    return json.state === state ? true : undefined;
  });
}

async function interfaceOf(ec2: EC2Client, instance: string) {
  const answer = await ec2.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'attachment.instance-id', Values: [instance] }],
    }),
  );
  const [nic] = answer.NetworkInterfaces ?? [];
  const groups = nic?.Groups ?? [];
  return {
    id: nic?.NetworkInterfaceId ?? '',
    groups: groups.map((group) => group.GroupId ?? ''),
    names: groups.map((group) => group.GroupName ?? ''),
  };
}

describe('the status API, as deployed', () => {
  test('without a signature: 403', async () => {
    // fetch sends no Host of ours, and this is how the local AWS tells APIs apart.
    const status = await new Promise((resolve, reject) => {
      const headers = { host: new URL(url).host };
      const request = get(`${sandbox.endpoint}/v1/status`, { headers }, (reply) => {
        reply.resume();
        resolve(reply.statusCode);
      });
      request.on('error', reject);
    });
    expect(status).toBe(403);
  });

  test('without the permission: 403', async () => {
    const keys = stranger;
    const answer = await signedFetch(
      { method: 'GET', url: `${url}/v1/status`, headers: {} },
      { region: sandbox.region, endpoint: sandbox.endpoint, credentials: async () => keys },
    );
    expect(answer.status).toBe(403);
  });

  test.each([
    {
      what: 'an unknown plan',
      method: 'GET',
      path: '/v1/plans/plan-999',
      status: 404,
      code: 'unknown-plan',
    },
    {
      what: 'a plan id that is none',
      method: 'GET',
      path: '/v1/plans/nonsense',
      status: 404,
      code: 'unknown-plan',
    },
    {
      what: 'an unknown workload',
      method: 'GET',
      path: '/v1/workloads/i-00000000000000000',
      status: 404,
      code: 'unknown-workload',
    },
    {
      what: 'an unknown segment',
      method: 'GET',
      path: '/v1/segments/nothing',
      status: 404,
      code: 'unknown-segment',
    },
    {
      what: 'a bad cursor',
      method: 'GET',
      path: '/v1/workloads?cursor=nonsense',
      status: 400,
      code: 'bad-cursor',
    },
    {
      what: 'a body that is no JSON',
      method: 'POST',
      path: '/v1/policies',
      body: '{',
      headers: { 'if-match': '"x"' },
      status: 400,
      code: 'bad-json',
    },
    {
      what: 'a body of 5 MB',
      method: 'POST',
      path: '/v1/policies',
      body: JSON.stringify({ sources: [{ file: 'a.yaml', text: 'x'.repeat(5_000_000) }] }),
      headers: { 'if-match': '"x"' },
      status: 413,
      code: 'body-too-large',
    },
    {
      what: 'a stale If-Match',
      method: 'POST',
      path: '/v1/policies',
      body: JSON.stringify({ sources: estatePolicy('observe') }),
      headers: { 'if-match': '"sha256:old"' },
      status: 412,
      code: 'stale-policy',
    },
    {
      what: 'no precondition',
      method: 'POST',
      path: '/v1/policies',
      body: JSON.stringify({ sources: estatePolicy('observe') }),
      status: 428,
      code: 'precondition-required',
    },
  ])(
    '$what: $status as a problem document',
    async ({ method, path, body, headers, status, code }) => {
      const reply = await call(method, path, {
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      });
      expect(reply.status).toBe(status);
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(reply.json).toMatchObject({ status, code, title: expect.any(String) });
      expect(reply.json.detail.length).toBeGreaterThan(10);
    },
  );

  test('a policy with errors is refused with all of them, and what is in force stays', async () => {
    const before = await call('GET', '/v1/policies');
    const text =
      'apiVersion: bulkhead/v1\nsegmnts: {}\nrules:\n  - { id: a, from: x, to: y, allow: [tcp/99999], why: none }\n';
    const reply = await call('POST', '/v1/policies', {
      body: JSON.stringify({ sources: [{ file: 'root.yaml', text }] }),
      headers: { 'if-match': before.headers.etag ?? '' },
    });
    expect(reply.status).toBe(422);
    const lines = reply.json.diagnostics.map((one: { line: number }) => one.line);
    expect(lines).toContain(2);
    expect(lines).toContain(4);
    const after = await call('GET', '/v1/policies');
    expect(after.headers.etag).toBe(before.headers.etag);
  });

  test('pages follow each other by cursor, and hold every workload once', async () => {
    await publish(estatePolicy('observe'));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await call('GET', `/v1/workloads?limit=7${query}`);
      seen.push(...json.items.map((one: { id: string }) => one.id));
      cursor = json.cursor;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(38);
  });
});

describe('events that are not as expected', () => {
  let sqs: SQSClient;
  let queues: readonly string[];

  beforeAll(async () => {
    sqs = new SQSClient(target());
    queues = (await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [];
  });

  /** Behind the name of the construct comes CDK's hash. */
  const queueOf = (part: string): string =>
    queues.find((one) => new RegExp(`${part}[0-9A-F]{8}`).test(one)) ?? '';

  async function rejected(): Promise<readonly { readonly reason: string }[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueOf('Rejected'), MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '{}' }) => JSON.parse(Body));
  }

  test.each([
    { what: 'no JSON', body: 'nonsense', reason: /not JSON/ },
    { what: 'no detail', body: '{"detail-type":"Tag Change on Resource"}', reason: /no `detail`/ },
    {
      what: 'a renamed field',
      body: JSON.stringify({
        'detail-type': 'EC2 Instance State-change Notification',
        detail: { instance: 'i-1', state: 'running' },
      }),
      reason: /instance-id/,
    },
  ])('$what is set aside with the reason', async ({ body, reason }) => {
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queueOf('Rejected') })).catch(() => {});
    await sqs.send(
      new SendMessageCommand({ QueueUrl: queueOf('EventIntakeEvents'), MessageBody: body }),
    );
    const found = await eventually('the message is set aside', async () => {
      const all = await rejected();
      return all.find((one) => reason.test(one.reason));
    });
    expect(found.reason).toMatch(reason);
  });

  test.each([
    { queue: 'WorkloadPathWorkloads', body: '{"workload":7}', names: '`workload`' },
    { queue: 'WorkloadPathParked', body: '{"workload":"i-1"}', names: '`due`' },
  ])('what $queue cannot read is set aside too', async ({ queue, body, names }) => {
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queueOf('Rejected') })).catch(() => {});
    const url = queueOf(queue);
    const fifo = { MessageGroupId: 'nobody', MessageDeduplicationId: 'nobody-1' };
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: body,
        ...(url.endsWith('.fifo') ? fifo : {}),
      }),
    );
    await eventually(`the message is set aside for ${names}`, async () => {
      const all = await rejected();
      return all.find(({ reason }) => reason.includes(names));
    });
  });

  test('a workload that cannot be read comes again, later, until it can', async () => {
    const workload = estate.instances.api?.[0] ?? '';
    const delays = async (): Promise<number> => {
      const calls = await sandbox.door.recordedCalls();
      return calls
        .filter(({ action }) => action === 'sqs:ChangeMessageVisibility')
        .reduce((sum, { count }) => sum + count, 0);
    };
    const before = await delays();
    // More than the SDK repeats by itself, so that the message itself has to come again.
    sandbox.door.throttleNext('DescribeInstances', 12);
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueOf('WorkloadPathWorkloads'),
        MessageBody: JSON.stringify({ workload, reason: 'event' }),
        MessageGroupId: workload,
        MessageDeduplicationId: `unreadable-${workload}`,
      }),
    );
    await eventually('its message is put off', async () => (await delays()) > before || undefined);
    await eventually('it is read in the end', async () => {
      const { json } = await call('GET', `/v1/workloads/${workload}`);
      return json.id === workload ? true : undefined;
    });
  });

  test('what is said of an interface is handed to the instance that has it', async () => {
    const { id: nic } = await interfaceOf(new EC2Client(target()), estate.instances.api?.[1] ?? '');
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueOf('WorkloadPathWorkloads'),
        MessageBody: JSON.stringify({ workload: nic, reason: 'event' }),
        MessageGroupId: nic,
        MessageDeduplicationId: `interface-${nic}`,
      }),
    );
    await eventually('the write path has sent a message for its instance', async () => {
      const calls = await sandbox.door.recordedCalls();
      return calls.find(
        ({ role, action, resource }) =>
          role.includes('WorkloadPathWorkloadRole') &&
          action.startsWith('sqs:SendMessage') &&
          resource.includes('WorkloadPathWorkloads'),
      );
    });
    expect((await call('GET', `/v1/workloads/${nic}`)).status).toBe(404);
  });

  test('other workloads go on, and a deleted one is a quiet success', async () => {
    await publish(estatePolicy('stage'));
    const ec2 = new EC2Client(target());
    const [going, staying] = [
      estate.instances.worker?.[0] ?? '',
      estate.instances.worker?.[1] ?? '',
    ];
    await new EventBridgeClient(target()).send(
      new PutEventsCommand({
        Entries: [
          {
            Source: 'bulkhead.test',
            DetailType: 'Tag Change on Resource',
            Detail: '{"service":"ec2","resource-type":"instance"}',
            Resources: ['arn:aws:rds:us-east-1:000000000000:db/x'],
          },
        ],
      }),
    );
    await Promise.all([
      ec2.send(
        new CreateTagsCommand({ Resources: [going], Tags: [{ Key: 'tier', Value: 'api' }] }),
      ),
      ec2.send(new TerminateInstancesCommand({ InstanceIds: [going] })),
      ec2.send(
        new CreateTagsCommand({ Resources: [staying], Tags: [{ Key: 'tier', Value: 'api' }] }),
      ),
    ]);
    await eventually('the other one has moved', async () => {
      const { names } = await interfaceOf(ec2, staying);
      return names.includes('Bulkhead/segment/shop-api') ? true : undefined;
    });
    await eventually('the deleted one is forgotten', async () => {
      const { status } = await call('GET', `/v1/workloads/${going}`);
      return status === 404 ? true : undefined;
    });
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueOf('WorkloadPathDeadLetters'),
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe('0');
  });
});

describe('enforcing, as deployed', () => {
  let ec2: EC2Client;
  let instance: string;
  let kept: string;
  let legacy: string;

  /** The estate's policy with the kept group, and a change guard that waits for nobody. */
  const keeping = (mode: 'enforce' | 'stage'): readonly PolicySource[] =>
    estatePolicy(mode).map(({ file, text }) => ({
      file,
      text: text.replace('{ share: 20% }', `{ share: 100% }\n  keepSecurityGroups: [${kept}]`),
    }));

  beforeAll(async () => {
    ec2 = new EC2Client(target());
    instance = estate.instances.worker?.[2] ?? '';
    kept = await makeGroup(ec2, 'agents', [{ Key: 'bulkhead:keep', Value: 'agents' }]);
    legacy = await makeGroup(ec2, 'legacy', [{ Key: 'made-by', Value: 'hand' }]);
    const { id, groups } = await interfaceOf(ec2, instance);
    const Groups = [...groups, kept, legacy];
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups }));
  });

  const foreignNames = async (): Promise<readonly string[]> => {
    const { names } = await interfaceOf(ec2, instance);
    return names.filter((name) => !name.startsWith('Bulkhead/')).sort();
  };

  test('a plan that is rejected changes nothing', async () => {
    const before = await interfaceOf(ec2, instance);
    const plan = await publish(estatePolicy('enforce'), 'waiting-for-approval');
    const answer = await call('POST', `/v1/plans/${plan}/reject`, { body: '{"why":"not today"}' });
    expect(answer.status, JSON.stringify(answer.json)).toBe(202);
    await reached(plan, 'rejected');
    expect(await interfaceOf(ec2, instance)).toEqual(before);
  });

  test('a kept group stays when the other foreign groups come off', async () => {
    await publish(keeping('enforce'));
    expect(await foreignNames()).toEqual(['agents']);
  });

  test('a hole that a hand makes is found by the next sweep', async () => {
    const { groups, names } = await interfaceOf(ec2, instance);
    const GroupId = groups[names.indexOf('Bulkhead/segment/shop-worker')] ?? '';
    const IpPermissions = [
      { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
    ];
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    const since = new Date().toISOString();
    await call('POST', '/v1/sweeps', { body: '{}' });
    await eventually(
      'the proof counts it, as a hole or as one of a workload that was just written',
      async () => {
        const { proof } = (await call('GET', '/v1/status')).json;
        return proof.at > since && proof.holes + proof.excused > 0 ? true : undefined;
      },
      120_000,
    );
  });

  test('going back puts on what is left of the foreign groups', async () => {
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: legacy }));
    await publish(keeping('stage'));
    const names = await foreignNames();
    expect(names).toContain('agents');
    expect(names).not.toContain('legacy');
    expect(names).toHaveLength(2);
  });
});

async function makeGroup(ec2: EC2Client, GroupName: string, Tags: Tag[]): Promise<string> {
  const answer = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName,
      Description: 'not of this deployment',
      VpcId: estate.vpcs.shop,
      TagSpecifications: [{ ResourceType: 'security-group', Tags }],
    }),
  );
  return answer.GroupId ?? '';
}
