import type { GetInstanceProfileCommandInput } from '@aws-sdk/client-iam';
import type { GetServiceQuotaCommandInput } from '@aws-sdk/client-service-quotas';
import { QUOTA_CODES } from '../../../core/inventory/from-describe.ts';
import type { Estate } from './estate.ts';
import { refusal } from './refusal.ts';

/** What the reader asks IAM: the role of an instance profile. */
export function listInstanceProfiles(estate: Estate) {
  return { InstanceProfiles: [...estate.profiles.keys()].map((name) => toProfile(estate, name)) };
}

export function getInstanceProfile(estate: Estate, input: GetInstanceProfileCommandInput) {
  const name = input.InstanceProfileName ?? '';
  if (!estate.profiles.has(name)) throw refusal('NoSuchEntityException', `no profile '${name}'`);
  return { InstanceProfile: toProfile(estate, name) };
}

function toProfile(estate: Estate, name: string) {
  return {
    InstanceProfileName: name,
    Arn: `arn:aws:iam::${estate.account}:instance-profile/${name}`,
    Roles: [{ Arn: estate.profiles.get(name) }],
  };
}

/** What the reader asks Service Quotas: those of the VPC that count here. */
export function getServiceQuota(estate: Estate, input: GetServiceQuotaCommandInput) {
  const Value = quotaValues(estate)[input.QuotaCode ?? ''];
  if (input.ServiceCode !== 'vpc' || Value === undefined) {
    throw refusal('NoSuchResourceException', `no quota '${input.QuotaCode}'`);
  }
  return { Quota: { ServiceCode: 'vpc', QuotaCode: input.QuotaCode, Value } };
}

export function quotaValues({ quotas }: Estate): Readonly<Record<string, number>> {
  return {
    [QUOTA_CODES.groupsPerInterface]: quotas.groupsPerInterface,
    [QUOTA_CODES.rulesPerGroup]: quotas.rulesPerGroup,
    [QUOTA_CODES.groupsPerRegion]: quotas.groupsPerRegion,
  };
}
