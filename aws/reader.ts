import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient, type Task } from '@aws-sdk/client-ecs';
import { IAMClient } from '@aws-sdk/client-iam';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { OWNER_TAG } from '../core/compile/owned-groups.ts';
import {
  type DescribeDocuments,
  type DescribeOptions,
  inventoryFromDescribe,
  QUOTA_CODES,
} from '../core/inventory/from-describe.ts';
import { toSecurityGroup } from '../core/inventory/groups.ts';
import { toNetworkInterface } from '../core/inventory/interfaces.ts';
import { record, records, text, textOf } from '../core/inventory/raw.ts';
import { taskInterfaceIds } from '../core/inventory/workloads.ts';
import type {
  Inventory,
  InventoryGap,
  NetworkInterface,
  SecurityGroup,
} from '../core/model/inventory.ts';
import type { Ec2Reader, WorkloadReading } from '../engine/ports.ts';
import {
  EC2_KINDS,
  readGroups,
  readGroupsById,
  readInstance,
  readInterfaces,
  readInterfacesOf,
  readPrefixListEntries,
} from './describe.ts';
import { readTask, readTasks, TaskRoles } from './describe-tasks.ts';
import { ProfileRoles } from './profile-roles.ts';

/** Reads are repeated by the SDK, with its own back-off. */
const READ_ATTEMPTS_MAX = 5;

export interface ReaderClients {
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly iam: IAMClient;
  readonly quotas: ServiceQuotasClient;
}

export function readerClients(): ReaderClients {
  const config = { maxAttempts: READ_ATTEMPTS_MAX };
  return {
    ec2: new EC2Client(config),
    ecs: new ECSClient(config),
    iam: new IAMClient(config),
    quotas: new ServiceQuotasClient(config),
  };
}

/** The port Ec2Reader. Lists are read to the last page; what cannot be read becomes a gap. */
export class AwsReader implements Ec2Reader {
  readonly #owner: string;
  readonly #clients: ReaderClients;
  readonly #now: () => number;
  readonly #taskRoles: TaskRoles;
  readonly #profileRoles: ProfileRoles;

  /** `owner`: name of the stack, the value of the tag `bulkhead:owner`. */
  constructor(
    owner: string,
    clients: ReaderClients = readerClients(),
    now: () => number = Date.now,
  ) {
    this.#owner = owner;
    this.#clients = clients;
    this.#now = now;
    this.#taskRoles = new TaskRoles(clients.ecs);
    this.#profileRoles = new ProfileRoles(clients.iam);
  }

  async collectInventory(): Promise<Inventory> {
    const { ec2, ecs } = this.#clients;
    const takenAt = new Date(this.#now()).toISOString();
    const gaps: InventoryGap[] = [];
    const attempt = async <T>(kind: string, read: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await read();
      } catch (error) {
        gaps.push({ kind, reason: reasonOf(error) });
        return undefined;
      }
    };
    const kinds = Object.entries(EC2_KINDS);
    const [lists, tasks, roleByProfile, quotas, region] = await Promise.all([
      Promise.all(kinds.map(([kind, read]) => attempt<readonly unknown[]>(kind, () => read(ec2)))),
      attempt('Tasks', () => readTasks(ecs)),
      attempt('InstanceProfiles', () => this.#profileRoles.all()),
      this.#readQuotas(),
      ec2.config.region(),
    ]);
    const documents: DescribeDocuments = Object.fromEntries(
      kinds.map(([kind], at) => [kind, lists[at]]),
    );
    const ids = records(documents.PrefixLists).flatMap((raw) => text(raw.PrefixListId) ?? []);
    const entries = await Promise.all(
      ids.map(
        async (id) =>
          [id, await attempt(`entries of ${id}`, () => readPrefixListEntries(ec2, id))] as const,
      ),
    );
    const roleByTaskDefinition = await attempt('TaskDefinitions', () =>
      this.#taskRoles.of(tasks ?? []),
    );
    return inventoryFromDescribe(
      {
        ...documents,
        Tasks: tasks,
        Quotas: quotas,
        PrefixListEntries: Object.fromEntries(entries.map(([id, list]) => [id, list ?? []])),
      },
      {
        takenAt,
        region,
        gaps,
        ...(roleByProfile === undefined ? {} : { roleByProfile }),
        ...(roleByTaskDefinition === undefined ? {} : { roleByTaskDefinition }),
      },
    );
  }

  async readWorkload(id: string): Promise<WorkloadReading | undefined> {
    const [kind, cluster, task] = id.split(':');
    if (kind === 'ecs' && cluster !== undefined && task !== undefined) {
      return await this.#readTask(id, cluster, task);
    }
    if (id.startsWith('i-')) return await this.#readInstance(id);
    if (!id.startsWith('eni-')) return undefined;
    const NetworkInterfaces = await readInterfaces(this.#clients.ec2, [id]);
    const instance = NetworkInterfaces[0]?.Attachment?.InstanceId;
    if (instance !== undefined) return await this.#readInstance(instance);
    return await this.#assemble(id, { NetworkInterfaces });
  }

  async readInterface(id: string): Promise<NetworkInterface | undefined> {
    const [raw] = await readInterfaces(this.#clients.ec2, [id]);
    return raw === undefined ? undefined : toNetworkInterface(record(raw));
  }

  async findGroups(ids: readonly string[]): Promise<readonly string[]> {
    const groups = await readGroupsById(this.#clients.ec2, ids);
    return groups.flatMap((group) => group.GroupId ?? []).sort();
  }

  async readOwnedGroups(): Promise<readonly SecurityGroup[]> {
    const groups = await readGroups(this.#clients.ec2, [
      { Name: `tag:${OWNER_TAG}`, Values: [this.#owner] },
    ]);
    return groups.map((raw) => toSecurityGroup(record(raw)));
  }

  async #readInstance(id: string): Promise<WorkloadReading | undefined> {
    const [Reservations, NetworkInterfaces] = await Promise.all([
      readInstance(this.#clients.ec2, id),
      readInterfacesOf(this.#clients.ec2, id),
    ]);
    const profile = Reservations[0]?.Instances?.[0]?.IamInstanceProfile?.Arn;
    const roleByProfile = profile === undefined ? {} : await this.#profileRoles.of(profile);
    return await this.#assemble(id, { Reservations, NetworkInterfaces }, { roleByProfile });
  }

  async #readTask(id: string, cluster: string, task: string): Promise<WorkloadReading | undefined> {
    const { ec2, ecs } = this.#clients;
    const Tasks: Task[] = await readTask(ecs, cluster, task);
    const ids = Tasks.flatMap((one) => taskInterfaceIds(record(one)));
    const [NetworkInterfaces, roleByTaskDefinition] = await Promise.all([
      readInterfaces(ec2, ids),
      this.#taskRoles.of(Tasks),
    ]);
    return await this.#assemble(id, { Tasks, NetworkInterfaces }, { roleByTaskDefinition });
  }

  /** Through the same reading as the whole inventory, so that a workload looks the same in both. */
  async #assemble(
    id: string,
    documents: DescribeDocuments,
    lookups: Pick<DescribeOptions, 'roleByProfile' | 'roleByTaskDefinition'> = {},
  ): Promise<WorkloadReading | undefined> {
    const inventory = inventoryFromDescribe(documents, {
      takenAt: new Date(this.#now()).toISOString(),
      account: accountOf(documents),
      region: await this.#clients.ec2.config.region(),
      ...lookups,
    });
    const workload = inventory.workloads.find((one) => one.identity.workload === id);
    if (workload === undefined) return undefined;
    const interfaces = inventory.interfaces.filter((nic) => workload.interfaces.includes(nic.id));
    return { workload, interfaces };
  }

  /** A quota that cannot be read counts as AWS's default, which is the least that it can be. */
  async #readQuotas(): Promise<readonly unknown[]> {
    const answers = await Promise.allSettled(
      Object.values(QUOTA_CODES).map((QuotaCode) =>
        this.#clients.quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'vpc', QuotaCode })),
      ),
    );
    return answers.flatMap((answer) =>
      answer.status === 'fulfilled' && answer.value.Quota !== undefined ? [answer.value.Quota] : [],
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Whoever owns what was read. */
function accountOf({ Reservations, NetworkInterfaces, Tasks }: DescribeDocuments): string {
  const [first] = [...records(Reservations), ...records(NetworkInterfaces)];
  const [task] = records(Tasks);
  return text(first?.OwnerId) ?? textOf(task?.taskArn).split(':')[4] ?? '';
}
