import {
  DescribeInstancesCommand,
  DescribeManagedPrefixListsCommand,
  DescribeNetworkAclsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  EC2Client,
  GetManagedPrefixListEntriesCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { decideMembership } from '../../core/compile/decide-membership.ts';
import { indexPolicy } from '../../core/compile/index-policy.ts';
import { inventoryFromDescribe } from '../../core/inventory/from-describe.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import { type ReachMatrix, reachMatrix } from '../../core/show/matrix.ts';
import type { EstateTarget } from '../estate/build.ts';

/**
 * Reads the estate with describe calls of its own: a second pair of eyes beside the control plane,
 * which has no part in what is shown.
 */
export class Observer {
  readonly #ec2: EC2Client;
  readonly #ecs: ECSClient;
  readonly #region: string;
  /** What does not change while groups are being written. */
  #fixed: Awaited<ReturnType<Observer['readFixed']>> | undefined;

  constructor(target: EstateTarget) {
    this.#ec2 = new EC2Client(target);
    this.#ecs = new ECSClient(target);
    this.#region = target.region;
  }

  /** Everything that decides reachability, as it is now. */
  async inventory(): Promise<Inventory> {
    this.#fixed = await this.readFixed();
    return await this.afterWrite();
  }

  /** As inventory(), but only groups and interfaces are read anew: for after each single write. */
  async afterWrite(): Promise<Inventory> {
    const fixed = this.#fixed ?? (await this.readFixed());
    const [interfaces, groups] = await Promise.all([
      this.#ec2.send(new DescribeNetworkInterfacesCommand({})),
      this.#ec2.send(new DescribeSecurityGroupsCommand({})),
    ]);
    return inventoryFromDescribe(
      {
        ...fixed,
        NetworkInterfaces: interfaces.NetworkInterfaces,
        SecurityGroups: groups.SecurityGroups,
      },
      { takenAt: new Date().toISOString(), region: this.#region },
    );
  }

  async readFixed() {
    const [instances, vpcs, subnets, acls, tables, peerings, lists] = await Promise.all([
      this.#ec2.send(new DescribeInstancesCommand({})),
      this.#ec2.send(new DescribeVpcsCommand({})),
      this.#ec2.send(new DescribeSubnetsCommand({})),
      this.#ec2.send(new DescribeNetworkAclsCommand({})),
      this.#ec2.send(new DescribeRouteTablesCommand({})),
      this.#ec2.send(new DescribeVpcPeeringConnectionsCommand({})),
      this.#ec2.send(new DescribeManagedPrefixListsCommand({})),
    ]);
    const PrefixListEntries: Record<string, readonly unknown[]> = {};
    for (const { PrefixListId } of lists.PrefixLists ?? []) {
      if (PrefixListId === undefined) continue;
      const answer = await this.#ec2.send(new GetManagedPrefixListEntriesCommand({ PrefixListId }));
      PrefixListEntries[PrefixListId] = answer.Entries ?? [];
    }
    return {
      Reservations: instances.Reservations,
      Vpcs: vpcs.Vpcs,
      Subnets: subnets.Subnets,
      NetworkAcls: acls.NetworkAcls,
      RouteTables: tables.RouteTables,
      VpcPeeringConnections: peerings.VpcPeeringConnections,
      PrefixLists: lists.PrefixLists,
      PrefixListEntries,
      Tasks: await this.#tasks(),
    };
  }

  async #tasks(): Promise<readonly unknown[]> {
    const clusters = await this.#ecs.send(new ListClustersCommand({}));
    const found: unknown[] = [];
    for (const cluster of clusters.clusterArns ?? []) {
      const { taskArns = [] } = await this.#ecs.send(new ListTasksCommand({ cluster }));
      if (taskArns.length === 0) continue;
      const tasks = await this.#ecs.send(
        new DescribeTasksCommand({ cluster, tasks: taskArns, include: ['TAGS'] }),
      );
      found.push(...(tasks.tasks ?? []));
    }
    return found;
  }
}

/** Rows that are no segment of the policy. */
export const OUTSIDE = '(no segment)';

/** The matrix of an inventory, by the segments that the policy puts each workload into. */
export function matrixBySegment(inventory: Inventory, policy: Policy): ReachMatrix {
  const index = indexPolicy(policy, { now: inventory.takenAt });
  const nameById = new Map(
    inventory.workloads.map(({ identity }) => {
      const { segments } = decideMembership(index, identity);
      return [identity.workload, segments[0] ?? OUTSIDE];
    }),
  );
  return reachMatrix(inventory, (workload) => nameById.get(workload));
}

/** Sets of group ids by interface, to compare what was with what is. */
export function groupSets(inventory: Inventory): Readonly<Record<string, string>> {
  return Object.fromEntries(inventory.interfaces.map((nic) => [nic.id, nic.groups.join(' ')]));
}
