import type { Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import type { Tags } from './sim-policy.ts';

/** Whose an interface is: an instance's, a task's, or, of a service or of nobody, its own. */
export interface Owner {
  readonly workload: string;
  readonly tags: Tags;
  /** A service has the attachment: nobody in the account can change the interface's groups. */
  readonly isService: boolean;
  /** As EC2 says it of an instance; `running` for what has no state. */
  readonly state: string;
}

/** Owners of all interfaces by interface id. Without those whose instance is gone. */
export function ownersOf(snapshot: Snapshot): ReadonlyMap<string, Owner> {
  const instances = new Map(snapshot.instances.map((one) => [one.id, one]));
  const tasks = new Map(snapshot.tasks.map((task) => [task.interfaceId, task]));
  const found = new Map<string, Owner>();
  for (const { id, attachment, requester, tags } of snapshot.interfaces) {
    const isService = requester !== undefined;
    const task = tasks.get(id);
    const instance = instances.get(attachment?.instance ?? '');
    if (instance !== undefined) {
      const { tags: instanceTags, state } = instance;
      found.set(id, { workload: instance.id, tags: instanceTags, isService, state });
    } else if (task !== undefined) {
      const workload = `ecs:${task.cluster}:${task.id.split('/').at(-1)}`;
      found.set(id, { workload, tags: task.tags, isService, state: 'running' });
    } else if (attachment?.instance === undefined) {
      found.set(id, { workload: id, tags, isService, state: 'running' });
    }
  }
  return found;
}
