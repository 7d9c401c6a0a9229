import type {
  DescribeTaskDefinitionCommandInput,
  DescribeTasksCommandInput,
  ListTasksCommandInput,
} from '@aws-sdk/client-ecs';
import type { Estate } from './estate.ts';
import { checkedGroups, findSubnet, giveToService, makeInterface } from './interfaces.ts';
import type { Tags, TaskRecord } from './records.ts';
import { refusal } from './refusal.ts';

const ARN = (estate: Estate, rest: string): string =>
  `arn:aws:ecs:${estate.region}:${estate.account}:${rest}`;

export interface NewTask {
  readonly cluster: string;
  readonly service?: string;
  readonly subnet: string;
  readonly groups: readonly string[];
  readonly tags?: Tags;
  /** ARN. */
  readonly taskRole?: string;
}

/** A running Fargate task with an interface that ECS owns. Gives its ARN. */
export function runTask(estate: Estate, task: NewTask): TaskRecord {
  const subnet = findSubnet(estate, task.subnet);
  const groups = checkedGroups(estate, task.groups, subnet.vpc);
  const nic = makeInterface(estate, subnet, { groups });
  giveToService(estate, nic.id, 'ecs');
  const definition = ARN(estate, `task-definition/${task.service ?? 'task'}:1`);
  estate.definitions.set(definition, task.taskRole);
  const id = estate.nextId('task').slice('task-'.length);
  const made = estate.tasks.put({
    id: ARN(estate, `task/${task.cluster}/${id}`),
    cluster: task.cluster,
    group: task.service === undefined ? 'family:task' : `service:${task.service}`,
    definition,
    status: 'RUNNING',
    version: 1,
    interfaceId: nic.id,
    tags: task.tags ?? {},
  });
  emitTask(estate, made);
  return made;
}

/** Its interface is gone with it; ECS shows a stopped task a while longer. */
export function stopTask(estate: Estate, arn: string): void {
  const task = estate.tasks.get(arn);
  if (task === undefined || task.status === 'STOPPED') return;
  estate.interfaces.remove(task.interfaceId);
  emitTask(estate, estate.tasks.put({ ...task, status: 'STOPPED', version: task.version + 1 }));
}

function emitTask(estate: Estate, task: TaskRecord): void {
  const { lastStatus, ...rest } = toTaskView(estate, task);
  const detail = { ...rest, lastStatus, launchType: 'FARGATE', version: task.version };
  estate.emit('aws.ecs', 'ECS Task State Change', task.id, detail);
}

export function toTaskView(estate: Estate, task: TaskRecord) {
  return {
    taskArn: task.id,
    clusterArn: ARN(estate, `cluster/${task.cluster}`),
    taskDefinitionArn: task.definition,
    group: task.group,
    lastStatus: task.status,
    desiredStatus: task.status,
    attachments: [
      {
        id: `attachment-of-${task.interfaceId}`,
        type: 'ElasticNetworkInterface',
        status: task.status === 'RUNNING' ? 'ATTACHED' : 'DELETED',
        details: [{ name: 'networkInterfaceId', value: task.interfaceId }],
      },
    ],
    tags: Object.entries(task.tags).map(([key, value]) => ({ key, value })),
  };
}

export function listClusters(estate: Estate) {
  const names = new Set(estate.tasks.lookAll().map((task) => task.cluster));
  return { clusterArns: [...names].map((name) => ARN(estate, `cluster/${name}`)) };
}

function tasksOf(estate: Estate, cluster = 'default'): readonly TaskRecord[] {
  const name = cluster.split('/').at(-1) ?? cluster;
  const tasks = estate.tasks.lookAll().filter((task) => task.cluster === name);
  if (tasks.length === 0) throw refusal('ClusterNotFoundException', 'Cluster not found.');
  return tasks;
}

/** Running tasks alone, as ECS answers when no status is asked for. */
export function listTasks(estate: Estate, input: ListTasksCommandInput) {
  const running = tasksOf(estate, input.cluster).filter((task) => task.status === 'RUNNING');
  return { taskArns: running.map((task) => task.id) };
}

export function describeTasks(estate: Estate, input: DescribeTasksCommandInput) {
  const wanted = new Set((input.tasks ?? []).map((name) => name.split('/').at(-1)));
  const tasks = tasksOf(estate, input.cluster).filter((task) =>
    wanted.has(task.id.split('/').at(-1)),
  );
  return { tasks: tasks.map((task) => toTaskView(estate, task)), failures: [] };
}

export function describeTaskDefinition(estate: Estate, input: DescribeTaskDefinitionCommandInput) {
  const taskDefinitionArn = input.taskDefinition ?? '';
  if (!estate.definitions.has(taskDefinitionArn)) {
    throw refusal('ClientException', 'Unable to describe task definition.');
  }
  const taskRoleArn = estate.definitions.get(taskDefinitionArn);
  return { taskDefinition: { taskDefinitionArn, ...(taskRoleArn && { taskRoleArn }) } };
}
