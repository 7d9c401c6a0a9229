import { ArnFormat, Stack } from 'aws-cdk-lib';
import {
  ArnPrincipal,
  CompositePrincipal,
  type IRole,
  PolicyStatement,
  Role,
} from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { BulkheadFunction } from '../function/bulkhead-function.ts';
import { answerWildcards } from '../function/nag.ts';

/** Tags that decide what may be written; core/compile/owned-groups.ts names them for the engine. */
const OWNER_TAG = 'bulkhead:owner';
const KEEP_TAG = 'bulkhead:keep';

export interface WriteRolesProps {
  /** The functions on the write path; nobody else can assume a write role. */
  readonly workload: IRole;
  readonly publish: IRole;
  readonly managedVpcTag: { readonly key: string; readonly value: string };
}

/**
 * The only two principals of this deployment that can change EC2 (design section 5, Roles).
 *
 * - `enforce`: makes sets of owned and kept groups; creates, fills and deletes owned groups.
 * - `restore`: may also put foreign groups on an interface, and can do nothing else. It serves
 *   stage, demotion, release and uninstall.
 */
export class WriteRoles extends Construct {
  readonly enforce: Role;
  readonly restore: Role;

  constructor(scope: Construct, id: string, props: WriteRolesProps) {
    super(scope, id);
    this.enforce = new Role(this, 'Enforce', {
      assumedBy: new CompositePrincipal(
        new ArnPrincipal(props.workload.roleArn),
        new ArnPrincipal(props.publish.roleArn),
      ),
      description: 'Bulkhead: sets of owned and kept groups; owned groups and their rules',
    });
    this.restore = new Role(this, 'Restore', {
      assumedBy: new ArnPrincipal(props.workload.roleArn),
      description: 'Bulkhead: puts foreign groups back on interfaces, nothing else',
    });
    for (const statement of enforceStatements(this, props)) this.enforce.addToPolicy(statement);
    for (const statement of restoreStatements(this)) this.restore.addToPolicy(statement);
    answerWildcards(
      this,
      ['instance', 'network-interface', 'security-group', 'subnet', 'vpc'].map((type) =>
        ec2Arn(this, type),
      ),
      'interfaces and groups are only known at run time; the groups are bounded by their tags, ' +
        'which the statements name, and both roles to the interfaces of this account and Region',
    );
  }

  /** For the workload function, which writes interfaces. */
  grantWriteInterfaces(target: BulkheadFunction): void {
    this.grantAssume(target, this.enforce, 'enforceRole');
    this.grantAssume(target, this.restore, 'restoreRole');
  }

  /** For the publish function, which makes groups and rules. */
  grantWriteGroups(target: BulkheadFunction): void {
    this.grantAssume(target, this.enforce, 'enforceRole');
  }

  private grantAssume(
    target: BulkheadFunction,
    role: Role,
    name: 'enforceRole' | 'restoreRole',
  ): void {
    target.tell(name, role.roleArn);
    target.functionRole.addToPolicy(
      new PolicyStatement({ actions: ['sts:AssumeRole'], resources: [role.roleArn] }),
    );
  }
}

/** `arn:...:ec2:<this Region>:<this account>:<type>/*` */
function ec2Arn(scope: Construct, type: string): string {
  return Stack.of(scope).formatArn({
    service: 'ec2',
    resource: type,
    resourceName: '*',
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}

/**
 * ModifyNetworkInterfaceAttribute is authorised once for the interface (and its subnet and instance)
 * and once for each group of the new set; every one has to pass (service authorization reference,
 * Amazon EC2; a denial names the group).
 */
function interfaceSide(scope: Construct): PolicyStatement {
  return new PolicyStatement({
    sid: 'InterfaceSide',
    actions: ['ec2:ModifyNetworkInterfaceAttribute'],
    resources: ['network-interface', 'subnet', 'instance'].map((type) => ec2Arn(scope, type)),
  });
}

function enforceStatements(scope: Construct, props: WriteRolesProps): PolicyStatement[] {
  const owner = Stack.of(scope).stackName;
  const owned = { StringEquals: { [`aws:ResourceTag/${OWNER_TAG}`]: owner } };
  const groups = [ec2Arn(scope, 'security-group')];
  const { key, value } = props.managedVpcTag;
  return [
    interfaceSide(scope),
    new PolicyStatement({
      sid: 'OwnedGroupsOnInterfaces',
      actions: ['ec2:ModifyNetworkInterfaceAttribute'],
      resources: groups,
      conditions: owned,
    }),
    new PolicyStatement({
      sid: 'KeptGroupsOnInterfaces',
      actions: ['ec2:ModifyNetworkInterfaceAttribute'],
      resources: groups,
      conditions: { Null: { [`aws:ResourceTag/${KEEP_TAG}`]: 'false' } },
    }),
    new PolicyStatement({
      sid: 'OwnedRules',
      actions: [
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:DeleteSecurityGroup',
        'ec2:RevokeSecurityGroupEgress',
        'ec2:RevokeSecurityGroupIngress',
      ],
      resources: groups,
      conditions: owned,
    }),
    new PolicyStatement({
      sid: 'CreateOwnedGroup',
      actions: ['ec2:CreateSecurityGroup'],
      resources: groups,
      conditions: { StringEquals: { [`aws:RequestTag/${OWNER_TAG}`]: owner } },
    }),
    new PolicyStatement({
      sid: 'CreateInManagedVpc',
      actions: ['ec2:CreateSecurityGroup'],
      resources: [ec2Arn(scope, 'vpc')],
      conditions: { StringEquals: { [`aws:ResourceTag/${key}`]: value } },
    }),
    new PolicyStatement({
      sid: 'TagWhileCreating',
      actions: ['ec2:CreateTags'],
      resources: groups,
      conditions: {
        StringEquals: {
          'ec2:CreateAction': 'CreateSecurityGroup',
          [`aws:RequestTag/${OWNER_TAG}`]: owner,
        },
      },
    }),
  ];
}

function restoreStatements(scope: Construct): PolicyStatement[] {
  return [
    interfaceSide(scope),
    new PolicyStatement({
      sid: 'AnyGroupOnInterfaces',
      actions: ['ec2:ModifyNetworkInterfaceAttribute'],
      resources: [ec2Arn(scope, 'security-group')],
    }),
  ];
}
