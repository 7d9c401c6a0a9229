import { describe, expect, test } from 'vitest';
import { isSamePrincipal } from '../../../core/api/principal.ts';

const USER = 'arn:aws:iam::123456789012:user/dana';
const ROLE = 'arn:aws:sts::123456789012:assumed-role/deployer';
const OTHER = 'arn:aws:sts::210987654321:assumed-role/deployer';
const CHINA = 'arn:aws-cn:sts::123456789012:assumed-role/deployer';
const SSO = 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef';

describe('isSamePrincipal', () => {
  test.each([
    ['a user and itself', USER, USER, true],
    ['two users', USER, 'arn:aws:iam::123456789012:user/lee', false],
    ['users of one name in two accounts', USER, 'arn:aws:iam::210987654321:user/dana', false],
    ['two sessions of one role: the name is free to choose', `${ROLE}/ann`, `${ROLE}/ben`, true],
    ['sessions of two roles', `${ROLE}/a`, `${ROLE}2/a`, false],
    ['sessions of one role in two accounts', `${ROLE}/a`, `${OTHER}/a`, false],
    ['a role in China and itself', `${CHINA}/ann`, `${CHINA}/ben`, true],
    ['a user that is called like a session', `${USER}/ann`, `${USER}/ben`, false],
    ['two people of Identity Center in one role', `${SSO}/dana`, `${SSO}/lee`, false],
    ['one person of Identity Center', `${SSO}/dana`, `${SSO}/dana`, true],
  ])('%s', (_case, left, right, expected) => {
    expect(isSamePrincipal(left, right)).toBe(expected);
    expect(isSamePrincipal(right, left)).toBe(expected);
  });
});
