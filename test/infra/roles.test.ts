import { describe, expect, test } from 'vitest';
import { resourcesOf, type Statement, statementsOf, synthesise } from './synth.ts';

const { template } = synthesise({ stack: 'Bulkhead', managedVpcTag: 'net=managed' });
const statements = statementsOf(template);
const EC2_READ = /^ec2:(?:Describe|Get)/;

function of(part: string): readonly Statement[] {
  return statements.filter((statement) => statement.of.includes(part));
}

function roleIds(pattern: RegExp): readonly string[] {
  return resourcesOf(template, 'AWS::IAM::Role')
    .map(({ id }) => id)
    .filter((id) => pattern.test(id));
}

describe('who may write EC2', () => {
  test('nobody but the two write roles has an action of EC2 that is no read', () => {
    const writers = statements
      .filter(({ actions }) =>
        actions.some((action) => action.startsWith('ec2:') && !EC2_READ.test(action)),
      )
      .map((statement) => statement.of);
    expect([...new Set(writers)].sort()).toEqual(
      [...roleIds(/^WriteRoles(?:Enforce|Restore)/)].sort(),
    );
  });

  test('nobody has all actions of a service, and no write of EC2 on every resource', () => {
    for (const { actions, resources, of: role } of statements) {
      expect(actions, role).not.toContain('*');
      expect(
        actions.filter((action) => action.endsWith(':*')),
        role,
      ).toEqual([]);
      const writes = actions.filter(
        (action) => action.startsWith('ec2:') && !EC2_READ.test(action),
      );
      if (writes.length > 0) expect(resources, role).not.toContain('"*"');
    }
  });

  test('only the functions on the write path may assume the write roles', () => {
    const assume = statements.filter(({ actions }) => actions.includes('sts:AssumeRole'));
    const who = [
      ...new Set(assume.map((statement) => statement.of.replace(/[0-9A-F]{8}$/, ''))),
    ].sort();
    expect(who).toEqual(['PublishingPublishRole', 'WorkloadPathWorkloadRole']);
    const trust = (id: string): string => {
      const [role] = resourcesOf(template, 'AWS::IAM::Role').filter((found) =>
        found.id.startsWith(id),
      );
      return JSON.stringify(role?.properties.AssumeRolePolicyDocument);
    };
    expect(trust('WriteRolesRestore')).toContain('WorkloadPathWorkloadRole');
    expect(trust('WriteRolesRestore')).not.toContain('PublishingPublishRole');
    expect(trust('WriteRolesEnforce')).not.toContain('"AWS":"*"');
  });
});

describe('enforce', () => {
  const groupStatements = of('WriteRolesEnforce').filter(({ resources }) =>
    resources.some((resource) => resource.includes('security-group/*')),
  );

  test('every statement about groups is bounded by a tag', () => {
    expect(groupStatements.length).toBeGreaterThan(0);
    for (const { condition } of groupStatements) {
      expect(JSON.stringify(condition)).toMatch(/bulkhead:(?:owner|keep)/);
    }
  });

  test('groups on interfaces are owned or kept', () => {
    const conditions = groupStatements
      .filter(({ actions }) => actions.includes('ec2:ModifyNetworkInterfaceAttribute'))
      .map(({ condition }) => condition);
    expect(conditions).toEqual([
      { StringEquals: { 'aws:ResourceTag/bulkhead:owner': 'Bulkhead' } },
      { Null: { 'aws:ResourceTag/bulkhead:keep': 'false' } },
    ]);
  });

  test('groups are made only in a VPC with the managed tag, with the owner on them', () => {
    const create = of('WriteRolesEnforce').filter(({ actions }) =>
      actions.includes('ec2:CreateSecurityGroup'),
    );
    expect(create.map(({ condition }) => condition)).toEqual([
      { StringEquals: { 'aws:RequestTag/bulkhead:owner': 'Bulkhead' } },
      { StringEquals: { 'aws:ResourceTag/net': 'managed' } },
    ]);
  });

  test('tags are set while a group is made, never later', () => {
    const tag = statements.filter(({ actions }) => actions.includes('ec2:CreateTags'));
    expect(tag).toHaveLength(1);
    expect(tag[0]?.condition).toMatchObject({
      StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' },
    });
  });
});

describe('restore', () => {
  test('sets groups of interfaces and can do nothing else', () => {
    const actions = of('WriteRolesRestore').flatMap((statement) => statement.actions);
    expect([...new Set(actions)]).toEqual(['ec2:ModifyNetworkInterfaceAttribute']);
  });
});

describe('each function', () => {
  test('route has its queues and nothing of the estate or the table', () => {
    const actions = of('EventIntakeRouteRole').flatMap((statement) => statement.actions);
    const services = new Set(actions.map((action) => action.split(':')[0]));
    expect([...services].sort()).toEqual(['logs', 'sqs']);
  });

  test('wake reads items and sends messages; the workload function sends reminders and wakes owners', () => {
    const actions = of('WorkloadPathWakeRole').flatMap((statement) => statement.actions);
    expect(actions.filter((action) => action.startsWith('dynamodb:'))).toEqual([
      'dynamodb:GetItem',
    ]);
    expect(new Set(actions.map((action) => action.split(':')[0]))).toEqual(
      new Set(['dynamodb', 'logs', 'sqs']),
    );
    const sends = of('WorkloadPathWorkloadRole').filter(({ actions: all }) =>
      all.includes('sqs:SendMessage*'),
    );
    const queues = sends.flatMap(({ resources }) => resources);
    expect(queues.map((one) => /WorkloadPath[A-Za-z]+(?=[0-9A-F]{8})/.exec(one)?.[0])).toEqual(
      expect.arrayContaining(['WorkloadPathParked', 'WorkloadPathWorkloads']),
    );
    expect(queues.filter((one) => one.includes('WorkloadPath'))).toHaveLength(2);
  });

  test('only the API answers a plan that waits', () => {
    const who = statements
      .filter(({ actions }) => actions.includes('states:SendTaskSuccess'))
      .map((statement) => statement.of.replace(/[0-9A-F]{8}$/, ''));
    expect(who).toEqual(['StatusApiHandlerRole']);
  });

  test('nobody scans, creates or deletes the table', () => {
    const actions = statements.flatMap((statement) => statement.actions);
    const forbidden = /^dynamodb:(?:Scan|CreateTable|DeleteTable|UpdateTable|\*)$|^s3:Delete/;
    expect(actions.filter((action) => forbidden.test(action))).toEqual([]);
  });
});
