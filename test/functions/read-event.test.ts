import { describe, expect, test } from 'vitest';
import { type EventReading, readEvent } from '../../functions/read-event.ts';
import {
  apiCall,
  instanceState,
  scalingHook,
  tagChange,
  taskState,
  withDetail,
  withEnvelope,
} from './samples.ts';

const INSTANCE = 'i-0abcd1111';
const TAGGED = 'i-0000000aaaaaaaaaa';
const TASK = 'ecs:FargateCluster:c13b4cb40f1f4fe4a2971f76ae5a47ad';
const TAGS = { key4: 'value4', key1: 'value1', key2: 'value2' };

function workloads(reading: EventReading): readonly string[] {
  return reading.kind === 'look-again' ? reading.messages.map(({ workload }) => workload) : [];
}

function news(reading: EventReading): unknown {
  return reading.kind === 'look-again' ? reading.messages[0]?.tags : 'not read';
}

describe('readEvent', () => {
  test.each([
    ['instance state', withDetail(instanceState, {}), INSTANCE],
    ['tag change', withDetail(tagChange, {}), TAGGED],
    ['task state', withDetail(taskState, {}), TASK],
    ['Auto Scaling hook', withDetail(scalingHook, {}), 'i-1234567890abcdef0'],
    ['API call', withDetail(apiCall, {}), 'eni-0abc'],
  ])('reads the documented %s event', (_, body, workload) => {
    expect(workloads(readEvent(body))).toEqual([workload]);
  });

  test.each([
    ['source absent', withEnvelope(instanceState, { source: undefined }), INSTANCE],
    ['account absent', withEnvelope(instanceState, { account: undefined }), INSTANCE],
    ['detail-type absent', withEnvelope(instanceState, { 'detail-type': undefined }), INSTANCE],
    ['detail-type absent, tags', withEnvelope(tagChange, { 'detail-type': undefined }), TAGGED],
    ['detail-type absent, task', withEnvelope(taskState, { 'detail-type': undefined }), TASK],
    [
      'detail-type absent, hook',
      withEnvelope(scalingHook, { 'detail-type': undefined }),
      'i-1234567890abcdef0',
    ],
    ['id in resources only', withDetail(instanceState, { 'instance-id': undefined }), INSTANCE],
    ['id in detail only', withEnvelope(instanceState, { resources: [] }), INSTANCE],
    ['plain id for an ARN', withEnvelope(tagChange, { resources: [TAGGED] }), TAGGED],
    ['region other than the ARN says', withEnvelope(tagChange, { region: 'eu-west-1' }), TAGGED],
    [
      'fields that nobody knows',
      withDetail(tagChange, { 'tag-policy-compliant': 'true', 'version-timestamp': '1' }),
      TAGGED,
    ],
    [
      'foreign type for a field that is not used',
      withEnvelope(tagChange, { version: 0, account: 12 }),
      TAGGED,
    ],
    [
      'task by its old ARN',
      withDetail(taskState, {
        taskArn: 'arn:aws:ecs:us-west-2:111122223333:task/c13b4cb40f1f4fe4a2971f76ae5a47ad',
      }),
      TASK,
    ],
    ['task without a cluster field', withDetail(taskState, { clusterArn: undefined }), TASK],
    ['task named in resources only', withDetail(taskState, { taskArn: undefined }), TASK],
    [
      'launch success of Auto Scaling',
      withEnvelope(scalingHook, { 'detail-type': 'EC2 Instance Launch Successful' }),
      'i-1234567890abcdef0',
    ],
    ['time that is no time', withEnvelope(instanceState, { time: 'yesterday' }), INSTANCE],
  ])('reads an event with %s', (_, body, workload) => {
    expect(workloads(readEvent(body))).toEqual([workload]);
  });

  test.each([
    ['an integer', 5],
    ['4.0', 5.0],
    ['a text', '5'],
  ])('carries the tag map with a version that is %s', (_, version) => {
    const body = withDetail(tagChange, { version });
    expect(news(readEvent(body))).toEqual({ version: 5, values: TAGS });
  });

  test.each([
    ['no version', { version: undefined }],
    ['a null version', { version: null }],
    ['a version that is no number', { version: 'new' }],
    ['an empty version', { version: '' }],
    ['a version that is a list', { version: [7] }],
    ['a version beyond what numbers hold', { version: 2 ** 53 }],
    ['a version without end', { version: '9'.repeat(400) }],
    ['no tag map', { tags: undefined }],
    ['a tag map that holds no texts', { tags: { a: { b: 1 } } }],
  ])('looks again without news when a tag event has %s', (_, fields) => {
    const reading = readEvent(withDetail(tagChange, fields));
    expect(workloads(reading)).toEqual([TAGGED]);
    expect(news(reading)).toBeUndefined();
  });

  test("an interface's tags are not taken for its workload's", () => {
    const reading = readEvent(
      withEnvelope(tagChange, {
        resources: ['arn:aws:ec2:us-east-1:123456789012:network-interface/eni-0abc'],
      }),
    );
    expect(workloads(reading)).toEqual(['eni-0abc']);
    expect(news(reading)).toBeUndefined();
  });

  test('a tag whose key was removed is absent from the news', () => {
    const reading = readEvent(withDetail(tagChange, { 'changed-tag-keys': ['a'], tags: {} }));
    expect(news(reading)).toEqual({ version: 5, values: {} });
  });

  test('stamps when it happened and when it was received', () => {
    const reading = readEvent(withDetail(instanceState, {}), 1_636_666_195_250);
    expect(reading).toMatchObject({
      kind: 'look-again',
      eventId: '7bf73129-1428-4cd3-a780-95db273d1602',
      messages: [{ event: 1_636_666_194_000, received: 1_636_666_195_250 }],
    });
  });

  test.each([
    ['not JSON', 'hello'],
    ['a JSON text', '"hello"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['without detail', '{}'],
    ['detail is a list', '{"detail":[]}'],
    ['a kind nobody wired', withEnvelope(instanceState, { 'detail-type': 'GuardDuty Finding' })],
    [
      'no id anywhere',
      withDetail({ ...instanceState, resources: [] }, { 'instance-id': undefined }),
    ],
    [
      'an id of another resource',
      withDetail({ ...instanceState, resources: [] }, { 'instance-id': 'vol-1' }),
    ],
    [
      'an id that is no id',
      withDetail({ ...instanceState, resources: [] }, { 'instance-id': 'i-hello' }),
    ],
    ['tags of nobody', withEnvelope(tagChange, { resources: undefined })],
    ['a hook without an instance', withDetail(scalingHook, { EC2InstanceId: undefined })],
    [
      'a task of no cluster',
      withDetail(
        { ...taskState, resources: [] },
        { taskArn: 'arn:aws:ecs:us-west-2:1:task/x', clusterArn: undefined },
      ),
    ],
    ['neither kind nor known fields', JSON.stringify({ detail: { a: 1 } })],
  ])('says why it cannot read: %s', (_, body) => {
    const reading = readEvent(body);
    expect(reading).toMatchObject({ kind: 'unreadable', reason: expect.stringMatching(/\w{4}/) });
  });

  test.each([
    [
      'tags of a resource that is no workload',
      withEnvelope(tagChange, { resources: ['arn:aws:ec2:us-east-1:1:volume/vol-1'] }),
    ],
    ['a call about a group', withDetail(apiCall, { requestParameters: { groupId: 'sg-1' } })],
  ])('ignores %s', (_, body) => {
    expect(readEvent(body).kind).toBe('ignored');
  });
});
