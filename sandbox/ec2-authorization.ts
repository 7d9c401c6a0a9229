import { type AwsRequest, listOf } from './request.ts';

/** One question to IAM: may this action touch this resource in this context? */
export interface IamCall {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** What EC2 knows of a resource that conditions speak of. */
export interface ResourceFacts {
  readonly tags: Readonly<Record<string, string>>;
  readonly vpc?: string;
  readonly subnet?: string;
  readonly instance?: string;
}

export type FactsById = ReadonlyMap<string, ResourceFacts>;

const KIND_BY_PREFIX: Readonly<Record<string, string>> = {
  eni: 'network-interface',
  sg: 'security-group',
  i: 'instance',
  subnet: 'subnet',
  vpc: 'vpc',
  acl: 'network-acl',
  pl: 'prefix-list',
};

/** Ids of the resources that the request names and IAM judges; their facts are looked up first. */
export function namedResources(request: AwsRequest): readonly string[] {
  const { action, parameters } = request;
  switch (action) {
    case 'ModifyNetworkInterfaceAttribute':
      return [
        parameters.get('NetworkInterfaceId') ?? '',
        ...listOf(parameters, 'SecurityGroupId'),
      ].filter((id) => id !== '');
    case 'CreateSecurityGroup':
      return [parameters.get('VpcId') ?? ''].filter((id) => id !== '');
    case 'CreateTags':
    case 'DeleteTags':
      return listOf(parameters, 'ResourceId');
    default: {
      const named = ['GroupId', 'NetworkAclId', 'PrefixListId', 'SubnetId', 'InstanceId'];
      return named.flatMap((name) => parameters.get(name) ?? []);
    }
  }
}

/**
 * The questions that AWS asks of IAM for a call of EC2 (service authorization reference, "Actions,
 * resources, and condition keys for Amazon EC2"); every one must be allowed.
 */
export function iamCalls(
  request: AwsRequest,
  facts: FactsById,
  place: { readonly region: string; readonly account: string },
): readonly IamCall[] {
  const { action, parameters } = request;
  const prefix = `arn:aws:ec2:${place.region}:${place.account}`;
  const base = { 'ec2:Region': place.region };
  const ask = (id: string): IamCall => ({
    action: `ec2:${action}`,
    resource: `${prefix}:${kindOf(id)}/${id}`,
    context: { ...base, ...contextOf(id, facts.get(id), prefix) },
  });
  if (/^(Describe|Get|List|Search)/.test(action)) {
    return [{ action: `ec2:${action}`, resource: '*', context: base }];
  }
  if (action === 'ModifyNetworkInterfaceAttribute') return modifyInterface(request, facts, ask);
  if (action === 'CreateSecurityGroup') {
    const tags = requestTags(parameters);
    const group = {
      action: `ec2:${action}`,
      resource: `${prefix}:security-group/*`,
      context: { ...base, ...tags },
    };
    const tagging = {
      action: 'ec2:CreateTags',
      resource: `${prefix}:security-group/*`,
      context: { ...base, ...tags, 'ec2:CreateAction': action },
    };
    const vpcs = namedResources(request).map(ask);
    return Object.keys(tags).length === 0 ? [group, ...vpcs] : [group, ...vpcs, tagging];
  }
  if (action === 'CreateTags' || action === 'DeleteTags') {
    const tags = requestTags(parameters);
    return namedResources(request).map((id) => {
      const call = ask(id);
      return { ...call, context: { ...call.context, ...tags } };
    });
  }
  const named = namedResources(request);
  if (named.length > 0) return named.map(ask);
  return [{ action: `ec2:${action}`, resource: '*', context: base }];
}

function modifyInterface(
  request: AwsRequest,
  facts: FactsById,
  ask: (id: string) => IamCall,
): readonly IamCall[] {
  const calls = namedResources(request).map(ask);
  const nic = facts.get(request.parameters.get('NetworkInterfaceId') ?? '');
  const around = [nic?.subnet, nic?.instance].filter((id) => id !== undefined);
  return [...calls, ...around.map(ask)];
}

function kindOf(id: string): string {
  return KIND_BY_PREFIX[id.slice(0, id.indexOf('-'))] ?? 'unknown';
}

function contextOf(
  id: string,
  facts: ResourceFacts | undefined,
  prefix: string,
): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [key, value] of Object.entries(facts?.tags ?? {})) {
    context[`aws:ResourceTag/${key}`] = value;
  }
  if (facts?.vpc !== undefined) context['ec2:Vpc'] = `${prefix}:vpc/${facts.vpc}`;
  if (facts?.subnet !== undefined) context['ec2:Subnet'] = `${prefix}:subnet/${facts.subnet}`;
  if (id.startsWith('vpc-')) context['ec2:VpcID'] = id;
  if (id.startsWith('sg-')) context['ec2:SecurityGroupID'] = id;
  if (id.startsWith('eni-')) context['ec2:NetworkInterfaceID'] = id;
  return context;
}

function requestTags(parameters: URLSearchParams): Record<string, string | readonly string[]> {
  const tags: Record<string, string> = {};
  for (const [name, key] of parameters) {
    const at = /^(TagSpecification\.\d+\.)?Tag\.\d+\.Key$/.exec(name);
    if (at === null) continue;
    tags[`aws:RequestTag/${key}`] = parameters.get(name.replace(/Key$/, 'Value')) ?? '';
  }
  const keys = Object.keys(tags).map((key) => key.slice('aws:RequestTag/'.length));
  return keys.length === 0 ? {} : { ...tags, 'aws:TagKeys': keys };
}
