import type { FakeEc2, Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import type { Random } from './random.ts';
import { Services } from './services.ts';
import { APPS, type Tags } from './sim-policy.ts';

/** How big a world is, drawn from the seed. */
export interface Size {
  readonly workloads: number;
  readonly vpcs: 1 | 2;
}

export interface Home {
  readonly vpc: string;
  readonly subnets: readonly string[];
  /** Foreign groups: everybody is on `flat`; `keep` is one that policies may keep. */
  readonly flat: string;
  readonly keep: string;
  readonly legacy: string;
}

/** When something that the control plane has to learn of happened to an interface. */
interface Turn {
  readonly at: number;
  readonly tags: Tags;
}

export interface RuleTaken {
  readonly group: string;
  readonly rule: Snapshot['groups'][number]['rules'][number];
  readonly at: number;
}

/** The estate, and what its owners do to it; the only one who knows what is true and since when. */
export class World {
  readonly homes: readonly Home[];
  readonly keep: readonly string[];
  /** Tags of each workload, from its launch on. */
  readonly turns = new Map<string, Turn[]>();
  /** When the last thing happened to each interface, other than what Bulkhead does. */
  readonly touched = new Map<string, number>();
  /** When an interface came to another instance. */
  readonly moved = new Map<string, number>();
  /** Groups that the owners of each interface have put on it and not taken off. */
  readonly #theirs = new Map<string, Set<string>>();
  /** What AWS services have in the VPCs, in worlds where they have something. */
  readonly services: Services | undefined;
  readonly #ec2: FakeEc2;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #onDeed: (text: string) => void;
  lives = 0;

  constructor(options: {
    readonly ec2: FakeEc2;
    readonly random: Random;
    readonly now: () => number;
    readonly size: Size;
    readonly onDeed: (text: string) => void;
    /** Draws what services do; absent in most worlds. */
    readonly services?: Random | undefined;
  }) {
    this.#ec2 = options.ec2;
    this.#random = options.random;
    this.#now = options.now;
    this.#onDeed = options.onDeed;
    this.homes = Array.from({ length: options.size.vpcs }, (_, at) => this.#makeHome(at + 1));
    if (this.homes.length > 1) this.#peer();
    this.keep = this.#random.chance(0.4) ? this.homes.map(({ keep }) => keep) : [];
    for (let at = 0; at < options.size.workloads; at += 1) this.launch();
    this.services = options.services && this.#makeServices(options.services);
  }

  #makeServices(random: Random): Services {
    const turn = (workload: string, tags: Tags): void => this.#turn(workload, tags);
    const news = { turn, deed: this.#onDeed };
    return new Services({ ec2: this.#ec2, random, homes: this.homes, news });
  }

  /** The workload that an interface belongs to; empty for one of nobody. */
  ownerOf({ id, attachment }: Snapshot['interfaces'][number]): string {
    return attachment?.instance ?? this.services?.ownerOf(id) ?? '';
  }

  /** Something that people or Auto Scaling do. */
  act(): void {
    const draw = this.#random.next();
    if (draw < 0.22) this.launch();
    else if (draw < 0.5) this.#retag();
    else if (draw < 0.6) this.#untag();
    else if (draw < 0.68) this.#stopOrStart();
    else if (draw < 0.86) this.#terminate();
    else this.#moveInterface();
  }

  launch(): void {
    const home = this.#random.pick(this.homes);
    const tagsComeLate = this.#random.chance(0.2);
    const tags = this.#drawTags();
    const count = this.#random.chance(0.15) ? 2 : 1;
    const subnet = this.#random.pick(home.subnets);
    const { Instances = [] } = this.#ec2.admin.RunInstances({
      MinCount: 1,
      MaxCount: 1,
      ImageId: 'ami-1',
      NetworkInterfaces: Array.from({ length: count }, (_, DeviceIndex) => ({
        DeviceIndex,
        SubnetId: subnet,
        Groups: this.#drawGroups(home),
        DeleteOnTermination: true,
      })),
      ...(tagsComeLate
        ? {}
        : { TagSpecifications: [{ ResourceType: 'instance', Tags: toList(tags) }] }),
    });
    const id = Instances[0]?.InstanceId ?? '';
    for (const nic of this.#ec2.snapshot().interfaces) {
      if (nic.attachment?.instance === id) this.#theirs.set(nic.id, new Set(nic.groups));
    }
    this.lives += 1;
    this.#turn(id, tagsComeLate ? {} : tags);
    this.#onDeed(`launch ${id} ${JSON.stringify(tagsComeLate ? {} : tags)}`);
    if (tagsComeLate) this.#lateTags.push({ id, tags, at: this.#now() + 3_000 });
  }

  readonly #lateTags: { readonly id: string; readonly tags: Tags; readonly at: number }[] = [];

  /** Lets happen what was put off. */
  tick(): void {
    this.#ec2.settle();
    for (;;) {
      const next = this.#lateTags[0];
      if (next === undefined || next.at > this.#now()) break;
      this.#lateTags.shift();
      this.#setTags(next.id, next.tags);
    }
  }

  /** Rules of ours that somebody has taken away by hand, and when. */
  readonly rulesTaken: RuleTaken[] = [];

  /** Somebody changes groups or rules by hand. */
  editByHand(): void {
    const { interfaces, groups } = this.#ec2.snapshot();
    const ours = groups.filter(({ tags }) => tags['bulkhead:owner'] !== undefined);
    if (this.#random.chance(0.3) && ours.length > 0) {
      this.#editRules(this.#random.pick(ours));
      return;
    }
    if (interfaces.length === 0) return;
    const nic = this.#random.pick(interfaces);
    const home = this.homes.find(({ vpc }) => vpc === nic.vpc);
    const rest = nic.groups.slice(1);
    const wanted =
      rest.length > 0 && this.#random.chance(0.5) ? rest : [...nic.groups, home?.flat ?? ''];
    const Groups = [...new Set(wanted)];
    if (Groups.length > 5) return;
    this.#ec2.admin.ModifyNetworkInterfaceAttribute({ NetworkInterfaceId: nic.id, Groups });
    const theirs = this.theirsOf(nic.id);
    const added = Groups.filter((id) => !nic.groups.includes(id));
    const kept = [...theirs].filter((id) => !nic.groups.includes(id) || Groups.includes(id));
    this.#theirs.set(nic.id, new Set([...kept, ...added]));
    this.touched.set(nic.id, this.#now());
    this.#onDeed(`by hand: ${nic.id} ${nic.groups.join(' ')} -> ${Groups.join(' ')}`);
  }

  theirsOf(nic: string): ReadonlySet<string> {
    return this.#theirs.get(nic) ?? new Set();
  }

  /** Somebody tidies up: a foreign group that nothing carries or names any more goes. */
  deleteLegacy(home: Home): void {
    this.#ec2.admin.DeleteSecurityGroup({ GroupId: home.legacy });
    this.#onDeed(`delete ${home.legacy}`);
  }

  #editRules(group: Snapshot['groups'][number]): void {
    const GroupId = group.id;
    const rule = group.rules.find(({ isEgress }) => !isEgress);
    if (rule !== undefined && this.#random.chance(0.5)) {
      this.#ec2.admin.RevokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [rule.id] });
      this.rulesTaken.push({ group: GroupId, rule, at: this.#now() });
      this.#onDeed(`by hand: ${GroupId} loses an ingress rule`);
    } else if (!group.rules.some((one) => one.fromPort === 23)) {
      const IpRanges = [{ CidrIp: '10.0.0.0/8' }];
      const telnet = { IpProtocol: 'tcp', FromPort: 23, ToPort: 23, IpRanges };
      this.#ec2.admin.AuthorizeSecurityGroupIngress({ GroupId, IpPermissions: [telnet] });
      this.#onDeed(`by hand: ${GroupId} lets telnet in`);
    }
  }

  tagsOf(workload: string): Tags | undefined {
    return this.#ec2.snapshot().instances.find(({ id }) => id === workload)?.tags;
  }

  #retag(): void {
    const id = this.#pickInstance(['running', 'pending', 'stopped']);
    if (id === undefined) return;
    this.#setTags(id, this.#drawTags());
  }

  /** Loses the tag that puts it into a segment. */
  #untag(): void {
    const id = this.#pickInstance(['running', 'stopped']);
    if (id === undefined) return;
    const { app: _app, ...rest } = this.tagsOf(id) ?? {};
    this.#setTags(id, rest);
  }

  #setTags(id: string, tags: Tags): void {
    const before = this.tagsOf(id);
    if (before === undefined) return;
    this.#ec2.admin.putTags(id, tags);
    this.#turn(id, tags);
    this.#onDeed(`tag ${id} ${JSON.stringify(before)} -> ${JSON.stringify(tags)}`);
  }

  #stopOrStart(): void {
    const stopped = this.#pickInstance(['stopped']);
    if (stopped !== undefined && this.#random.chance(0.5)) {
      this.#ec2.admin.StartInstances({ InstanceIds: [stopped] });
      this.#onDeed(`start ${stopped}`);
      return;
    }
    const running = this.#pickInstance(['running']);
    if (running === undefined) return;
    this.#ec2.admin.StopInstances({ InstanceIds: [running] });
    this.#onDeed(`stop ${running}`);
  }

  #terminate(): void {
    const id = this.#pickInstance(['running', 'stopped']);
    if (id === undefined) return;
    this.#ec2.admin.TerminateInstances({ InstanceIds: [id] });
    this.#onDeed(`terminate ${id}`);
  }

  /** A second interface goes from one instance to another one of its VPC. */
  #moveInterface(): void {
    const { interfaces, instances } = this.#ec2.snapshot();
    const movable = interfaces.filter(({ attachment }) => (attachment?.deviceIndex ?? 0) > 0);
    if (movable.length === 0) return;
    const nic = this.#random.pick(movable);
    const others = instances.filter(
      ({ id, vpc, state }) =>
        vpc === nic.vpc &&
        ['running', 'stopped'].includes(state) &&
        !interfaces.some(
          ({ attachment }) => attachment?.instance === id && attachment.deviceIndex > 0,
        ),
    );
    if (others.length === 0 || nic.attachment === undefined) return;
    const target = this.#random.pick(others);
    this.#ec2.admin.DetachNetworkInterface({ AttachmentId: nic.attachment.id });
    this.#ec2.admin.AttachNetworkInterface({
      NetworkInterfaceId: nic.id,
      InstanceId: target.id,
      DeviceIndex: 1,
    });
    this.touched.set(nic.id, this.#now());
    this.moved.set(nic.id, this.#now());
    this.#onDeed(`move ${nic.id} ${nic.attachment.instance} -> ${target.id}`);
  }

  #pickInstance(states: readonly string[]): string | undefined {
    const found = this.#ec2.snapshot().instances.filter(({ state }) => states.includes(state));
    return found.length === 0 ? undefined : this.#random.pick(found).id;
  }

  #turn(workload: string, tags: Tags): void {
    const turns = this.turns.get(workload) ?? [];
    this.turns.set(workload, [...turns, { at: this.#now(), tags }]);
    for (const nic of this.#ec2.snapshot().interfaces) {
      if (this.ownerOf(nic) === workload) this.touched.set(nic.id, this.#now());
    }
  }

  #drawTags(): Tags {
    return {
      app: this.#random.pick(APPS),
      ...(this.#random.chance(0.2) ? { ops: 'yes' } : {}),
    };
  }

  #drawGroups(home: Home): string[] {
    const more = this.#random.some([home.keep, home.legacy], 0.15);
    return [home.flat, ...more];
  }

  #makeHome(number: number): Home {
    const { admin } = this.#ec2;
    const CidrBlock = `10.${number}.0.0/16`;
    const vpc = admin.CreateVpc({ CidrBlock }).Vpc?.VpcId ?? '';
    admin.putTags(vpc, { segmentation: 'bulkhead' });
    const subnets = [1, 2].map((third) => {
      const block = `10.${number}.${third}.0/24`;
      const made = admin.CreateSubnet({ VpcId: vpc, CidrBlock: block });
      return made.Subnet?.SubnetId ?? '';
    });
    const group = (name: string, tags: Tags): string => {
      const made = admin.CreateSecurityGroup({ GroupName: name, Description: name, VpcId: vpc });
      const id = made.GroupId ?? '';
      admin.putTags(id, tags);
      return id;
    };
    const inside = { IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
    const flat = group('flat', {});
    admin.AuthorizeSecurityGroupIngress({
      GroupId: flat,
      IpPermissions: [{ IpProtocol: '-1', ...inside }],
    });
    const keep = group('keep', { 'bulkhead:keep': 'true' });
    const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...inside };
    admin.AuthorizeSecurityGroupIngress({ GroupId: keep, IpPermissions: [ssh] });
    const legacy = group('legacy', {});
    const http = { IpProtocol: 'tcp', FromPort: 80, ToPort: 80 };
    admin.AuthorizeSecurityGroupIngress({
      GroupId: legacy,
      IpPermissions: [{ ...http, UserIdGroupPairs: [{ GroupId: flat }] }],
    });
    return { vpc, subnets, flat, keep, legacy };
  }

  #peer(): void {
    const { admin } = this.#ec2;
    const [a, b] = this.homes;
    const made = admin.CreateVpcPeeringConnection({ VpcId: a?.vpc, PeerVpcId: b?.vpc });
    const id = made.VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    admin.AcceptVpcPeeringConnection({ VpcPeeringConnectionId: id });
    for (const table of this.#ec2.snapshot().routeTables) {
      admin.CreateRoute({
        RouteTableId: table.id,
        DestinationCidrBlock: table.vpc === a?.vpc ? '10.2.0.0/16' : '10.1.0.0/16',
        VpcPeeringConnectionId: id,
      });
    }
  }
}

function toList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
