import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { IamRecord } from '../../sandbox/iam-record.ts';
import { exemptions } from '../iam/exemptions.ts';
import { grantsOf, listed, narrowingsOf, rolesOf, shortId } from '../iam/grants.ts';
import { RECORDS } from '../iam/records.ts';
import { type ReplayResult, replay } from '../iam/replay.ts';
import { assumptionsOf, servicesOf, trustsOf } from '../iam/trust.ts';
import { synthesise } from '../infra/synth.ts';

/**
 * The deployed roles are sufficient and minimal: what the sandboxes of demo.e2e.ts and api.e2e.ts
 * recorded is replayed, through the evaluator that admitted it, with each action, each resource of
 * several and each condition taken out in turn. vitest.e2e.config.ts runs this file last.
 */
const { template } = synthesise();
const roles = rolesOf(template);
const grants = roles.flatMap(grantsOf);
const narrowings = roles.flatMap(narrowingsOf);
const exempt = exemptions(template);

let records: readonly IamRecord[];
let results: readonly ReplayResult[];

beforeAll(async () => {
  const absent = Object.values(RECORDS).filter((file) => !existsSync(file));
  expect(absent, 'run the whole step: npm test -- e2e').toEqual([]);
  records = Object.values(RECORDS).map((file) => JSON.parse(readFileSync(file, 'utf8')));
  results = await Promise.all(records.map((record) => replay(record, grants, narrowings)));
  const calls = records.flatMap((record) => record.calls);
  const distinct = new Set(
    calls.map(({ role, action, resource }) =>
      [shortRole(role), action, resource.replace(/[^:/]*$/, '')].join(' '),
    ),
  );
  const total = calls.reduce((sum, { count }) => sum + count, 0);
  console.log(
    `IAM: ${total} calls recorded, ${distinct.size} of distinct role, action and kind of resource; ` +
      `${grants.length} grants and ${narrowings.length} conditions, ${exempt.size} exempt`,
  );
});

/** `WorkloadPathWorkloadRole` of `Bulkhead-WorkloadPathWorkloadRole97F74B3D-DF0ECB984F10A`. */
function shortRole(name: string): string {
  return shortId(name.split('-')[1] ?? '');
}

const inAny = (pick: (result: ReplayResult) => ReadonlySet<string>): ReadonlySet<string> =>
  new Set(results.flatMap((result) => [...pick(result)]));

describe('the roles of the stack', () => {
  test('have what the template says, as IAM holds it', () => {
    for (const { roles: deployed } of records) {
      const held = Object.fromEntries(
        deployed.map(({ logicalId, statements, managed }) => [
          logicalId,
          [statements.map(({ Action }) => listed(Action)), managed.length],
        ]),
      );
      const written = Object.fromEntries(
        roles.map(({ id, statements, managed }) => [
          id,
          [statements.map(({ Action }) => listed(Action)), managed.length],
        ]),
      );
      expect(held).toEqual(written);
    }
  });

  test('trust whom the record saw assume them, and the services that run in their name', () => {
    const seen = [...records.flatMap(assumptionsOf), ...servicesOf(template)];
    expect([...trustsOf(template)].sort()).toEqual([...new Set(seen)].sort());
  });

  test('no two grants go by the same name', () => {
    const names = [...grants, ...narrowings].map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe('what was recorded', () => {
  test('was admitted, every call, and is admitted again', () => {
    const refused = records.flatMap(({ calls }) =>
      calls.filter(({ decision }) => decision !== 'Allow'),
    );
    expect(refused).toEqual([]);
    expect(results.flatMap((result) => result.refused)).toEqual([]);
  });

  test('needs every grant that is not exempt, and no exempt one', () => {
    const used = inAny((result) => result.used);
    const unused = grants.map(({ name }) => name).filter((name) => !used.has(name));
    expect(
      unused.filter((name) => !exempt.has(name)),
      'unused grants',
    ).toEqual([]);
    expect(
      [...exempt.keys()].filter((name) => !unused.includes(name)),
      'stale',
    ).toEqual([]);
  });

  test('is refused by every condition where it is somebody else’s', () => {
    const binding = inAny((result) => result.binding);
    expect(narrowings.map(({ name }) => name).filter((name) => !binding.has(name))).toEqual([]);
  });
});

describe('the replay', () => {
  test('finds a grant that nothing uses, and a condition that refuses nobody', async () => {
    // Of the demo, which deletes groups at its end.
    const record = records[Object.keys(RECORDS).indexOf('demo')];
    const enforce = record?.roles.find(
      ({ logicalId }) => shortId(logicalId) === 'WriteRolesEnforce',
    );
    if (record === undefined || enforce === undefined) throw new Error('no record of `enforce`');
    const idle = {
      Effect: 'Allow',
      Action: ['ec2:DeleteSecurityGroup', 'ec2:DeleteVpc'],
      Resource: '*',
      Condition: { StringLike: { 'ec2:Region': '*' } },
    };
    // The group is deleted by this statement alone, so that one of its actions is used.
    const rest = enforce.statements.map((one) => ({
      ...one,
      Action: listed(one.Action)
        .map(String)
        .filter((action) => action !== 'ec2:DeleteSecurityGroup'),
    }));
    const role = { ...enforce, statements: [...rest, idle] };
    const template = { id: role.logicalId, statements: role.statements, managed: [] };
    const own = grantsOf(template).filter(({ statement }) => statement === rest.length);
    const { used, binding } = await replay(
      { ...record, roles: [role] },
      own,
      narrowingsOf(template).filter(({ statement }) => statement === rest.length),
    );
    expect([...used]).toEqual(['WriteRolesEnforce: ec2:DeleteSecurityGroup on * (by ec2:Region)']);
    expect([...binding]).toEqual([]);
  });
});
