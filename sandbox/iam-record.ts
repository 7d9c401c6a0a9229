import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import type { Sandbox } from './boot.ts';
import type { RecordedCall } from './front-door.ts';

/** A statement of a role's own policy, as IAM holds it: nothing left to resolve. */
export interface RoleStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A role of the stack, and what it may do. */
export interface DeployedRole {
  readonly logicalId: string;
  readonly name: string;
  readonly statements: readonly RoleStatement[];
  /** ARNs of AWS's own policies that it carries. */
  readonly managed: readonly string[];
}

/** What one sandbox leaves behind for the replay: the roles, and everything that they asked. */
export interface IamRecord {
  readonly account: string;
  readonly region: string;
  readonly roles: readonly DeployedRole[];
  readonly calls: readonly RecordedCall[];
}

/** Writes the record of a sandbox that was started with `recordIam`, stack and all still there. */
export async function saveIamRecord(sandbox: Sandbox, file: string): Promise<void> {
  const roles = await readRoles(sandbox);
  const names = new Set(roles.map((role) => role.name));
  const calls = (await sandbox.door.recordedCalls()).filter((call) => names.has(call.role));
  const record: IamRecord = { account: sandbox.accountId, region: sandbox.region, roles, calls };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(record)}\n`);
}

async function readRoles(sandbox: Sandbox): Promise<readonly DeployedRole[]> {
  const { endpoint, region, rootCredentials: credentials } = sandbox;
  const target = { endpoint, region, credentials };
  const client = new CloudFormationClient(target);
  const found: { readonly logicalId: string; readonly name: string }[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: 'Bulkhead' })) {
    for (const one of page.StackResourceSummaries ?? []) {
      if (one.ResourceType !== 'AWS::IAM::Role') continue;
      found.push({ logicalId: one.LogicalResourceId ?? '', name: one.PhysicalResourceId ?? '' });
    }
  }
  const iam = new IAMClient(target);
  return await Promise.all(found.map((role) => readRole(iam, role)));
}

async function readRole(
  iam: IAMClient,
  role: { readonly logicalId: string; readonly name: string },
): Promise<DeployedRole> {
  const RoleName = role.name;
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const documents = await Promise.all(
    PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  const statements = documents.flatMap(({ PolicyDocument = '' }) => {
    const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument));
    return Statement as RoleStatement[];
  });
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const managed = (attached.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => PolicyArn);
  return { ...role, statements, managed };
}
