import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type ECSClient,
  paginateListClusters,
  paginateListTasks,
  type Task,
} from '@aws-sdk/client-ecs';

/** At most this many tasks in one DescribeTasks (ECS API reference). */
const TASKS_MAX = 100;

/** All tasks of all clusters of the Region. */
export async function readTasks(client: ECSClient): Promise<Task[]> {
  const found: Task[] = [];
  for await (const { clusterArns = [] } of paginateListClusters({ client }, {})) {
    for (const cluster of clusterArns) {
      for await (const { taskArns = [] } of paginateListTasks({ client }, { cluster })) {
        found.push(...(await describe(client, cluster, taskArns)));
      }
    }
  }
  return found;
}

/** One task of a cluster; none when it is gone, or the cluster is. */
export async function readTask(client: ECSClient, cluster: string, id: string): Promise<Task[]> {
  try {
    return await describe(client, cluster, [id]);
  } catch (error) {
    if (error instanceof Error && error.name === 'ClusterNotFoundException') return [];
    throw error;
  }
}

async function describe(client: ECSClient, cluster: string, tasks: readonly string[]) {
  const found: Task[] = [];
  for (let from = 0; from < tasks.length; from += TASKS_MAX) {
    const chunk = tasks.slice(from, from + TASKS_MAX);
    const answer = await client.send(
      new DescribeTasksCommand({ cluster, tasks: chunk, include: ['TAGS'] }),
    );
    found.push(...(answer.tasks ?? []));
  }
  return found;
}

/** ARN of the task role by ARN of the definition. A revision never changes, so it is asked for once. */
export class TaskRoles {
  readonly #client: ECSClient;
  readonly #known = new Map<string, string | undefined>();

  constructor(client: ECSClient) {
    this.#client = client;
  }

  async of(tasks: readonly Task[]): Promise<Readonly<Record<string, string>>> {
    const arns = [...new Set(tasks.flatMap((task) => task.taskDefinitionArn ?? []))];
    for (const arn of arns.filter((one) => !this.#known.has(one))) {
      const answer = await this.#client.send(
        new DescribeTaskDefinitionCommand({ taskDefinition: arn }),
      );
      this.#known.set(arn, answer.taskDefinition?.taskRoleArn);
    }
    return Object.fromEntries(
      arns.flatMap((arn) => {
        const role = this.#known.get(arn);
        return role === undefined ? [] : [[arn, role]];
      }),
    );
  }
}
