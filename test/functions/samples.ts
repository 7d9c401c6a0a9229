/** Events as AWS documents them (EventBridge and service user guides), shortened to what matters. */

interface Sample {
  readonly [key: string]: unknown;
  readonly detail: Record<string, unknown>;
}

const ENVELOPE = {
  version: '0',
  account: '123456789012',
  region: 'us-east-1',
  time: '2021-11-11T21:29:54Z',
};

export const instanceState: Sample = {
  ...ENVELOPE,
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-0abcd1111'],
  detail: { 'instance-id': 'i-0abcd1111', state: 'running' },
};

export const tagChange: Sample = {
  ...ENVELOPE,
  id: 'bddcf1d6-0251-35a1-aab0-adc1fb47c11c',
  'detail-type': 'Tag Change on Resource',
  source: 'aws.tag',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-0000000aaaaaaaaaa'],
  detail: {
    'changed-tag-keys': ['key2', 'key3'],
    service: 'ec2',
    'resource-type': 'instance',
    version: 5,
    tags: { key4: 'value4', key1: 'value1', key2: 'value2' },
  },
};

export const taskState: Sample = {
  ...ENVELOPE,
  id: '3317b2af-7005-947d-b652-f55e762e571a',
  'detail-type': 'ECS Task State Change',
  source: 'aws.ecs',
  resources: [
    'arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/c13b4cb40f1f4fe4a2971f76ae5a47ad',
  ],
  detail: {
    attachments: [
      {
        id: '1789bcae-ddfb-4d10-8ebe-8ac87ddba5b8',
        type: 'eni',
        status: 'ATTACHED',
        details: [
          { name: 'subnetId', value: 'subnet-abcd1234' },
          { name: 'networkInterfaceId', value: 'eni-abcd1234' },
        ],
      },
    ],
    clusterArn: 'arn:aws:ecs:us-west-2:111122223333:cluster/FargateCluster',
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    group: 'family:sample-fargate',
    taskArn:
      'arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/c13b4cb40f1f4fe4a2971f76ae5a47ad',
    version: 4,
  },
};

export const scalingHook: Sample = {
  ...ENVELOPE,
  id: '12345678-1234-1234-1234-123456789012',
  'detail-type': 'EC2 Instance-launch Lifecycle Action',
  source: 'aws.autoscaling',
  resources: [
    'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1:autoScalingGroupName/asg',
  ],
  detail: {
    LifecycleActionToken: '87654321-4321-4321-4321-210987654321',
    AutoScalingGroupName: 'my-asg',
    EC2InstanceId: 'i-1234567890abcdef0',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  },
};

export const apiCall: Sample = {
  ...ENVELOPE,
  id: '36eb8523-97d0-4518-b33d-ee3579ff19f0',
  'detail-type': 'AWS API Call via CloudTrail',
  source: 'aws.ec2',
  resources: [],
  detail: {
    eventSource: 'ec2.amazonaws.com',
    eventName: 'ModifyNetworkInterfaceAttribute',
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/someone' },
    requestParameters: {
      networkInterfaceId: 'eni-0abc',
      groupSet: { items: [{ groupId: 'sg-0abc' }] },
    },
  },
};

/** The sample with other or absent (`undefined`) fields of the envelope. */
export function withEnvelope(sample: Sample, fields: Record<string, unknown>): string {
  return JSON.stringify({ ...sample, ...fields });
}

/** The sample with other or absent (`undefined`) fields of the detail. */
export function withDetail(sample: Sample, fields: Record<string, unknown>): string {
  return JSON.stringify({ ...sample, detail: { ...sample.detail, ...fields } });
}
