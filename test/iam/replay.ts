import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedCall } from '../../sandbox/front-door.ts';
import type { DeployedRole, IamRecord, RoleStatement } from '../../sandbox/iam-record.ts';
import { prepareVenv } from '../../sandbox/venv.ts';
import type { Grant, Narrowing } from './grants.ts';
import { widened, without } from './grants.ts';

const sandbox = fileURLToPath(new URL('../../sandbox', import.meta.url));
const emulators = join(sandbox, 'emulators');
const root = join(sandbox, '..');

type Question = Pick<RecordedCall, 'action' | 'resource' | 'context'>;

interface Judgement {
  readonly calls: readonly Question[];
  readonly variants: readonly (readonly RoleStatement[])[];
}

/** What the record of one sandbox says about one role. */
interface Replayed {
  readonly role: DeployedRole;
  readonly calls: readonly RecordedCall[];
}

/** Which grants carried a recorded call, and which conditions refuse one that is foreign. */
export interface ReplayResult {
  /** Recorded calls that the whole policy does not admit. */
  readonly refused: readonly string[];
  /** Names of grants without which some recorded call would be refused. */
  readonly used: ReadonlySet<string>;
  /** Names of conditions that refuse the foreign twin of a recorded call. */
  readonly binding: ReadonlySet<string>;
}

/** Replays one sandbox's record with every grant and every condition removed in turn. */
export async function replay(
  record: IamRecord,
  grants: readonly Grant[],
  narrowings: readonly Narrowing[],
): Promise<ReplayResult> {
  const python = await prepareVenv(
    join(root, '.sandbox'),
    join(emulators, 'requirements.txt'),
    () => {},
  );
  const judge = (roles: readonly Judgement[]): readonly (readonly string[])[] =>
    judgeBy(python, { account: record.account, region: record.region, roles });
  const roles = record.roles.map((role) => ({
    role,
    calls: record.calls.filter((call) => call.role === role.name),
  }));
  return {
    ...replayGrants(roles, grants, judge),
    binding: replayNarrowings(roles, narrowings, judge),
  };
}

type Judge = (roles: readonly Judgement[]) => readonly (readonly string[])[];

function replayGrants(roles: readonly Replayed[], grants: readonly Grant[], judge: Judge) {
  const ofRole = (id: string): readonly Grant[] => grants.filter(({ role }) => role === id);
  const verdicts = judge(
    roles.map(({ role, calls }) => ({
      calls,
      variants: [
        role.statements,
        ...ofRole(role.logicalId).map((grant) => without(role.statements, grant)),
      ],
    })),
  );
  const used = new Set<string>();
  const refused: string[] = [];
  roles.forEach(({ role, calls }, index) => {
    const [whole = '', ...less] = verdicts[index] ?? [];
    calls.forEach((call, at) => {
      if (whole[at] !== '1') refused.push(`${role.logicalId} ${call.action} ${call.resource}`);
    });
    ofRole(role.logicalId).forEach((grant, at) => {
      if (less[at] !== whole) used.add(grant.name);
    });
  });
  return { used, refused };
}

/**
 * A condition binds if there is a recorded call that its statement admits and whose foreign twin
 * (the same but for the one key: another value, or no value where the condition asks for one) the
 * whole policy refuses, and would admit without the condition. Merely leaving a condition out admits
 * more, and so changes nothing about calls that were admitted.
 */
function replayNarrowings(
  roles: readonly Replayed[],
  narrowings: readonly Narrowing[],
  judge: Judge,
): ReadonlySet<string> {
  const cases = narrowings.flatMap((narrowing) => {
    const found = roles.find(({ role }) => role.logicalId === narrowing.role);
    return found === undefined ? [] : [{ narrowing, ...found }];
  });
  const verdicts = judge(
    cases.flatMap(({ role: { statements }, narrowing, calls }) => [
      { calls, variants: [statements.filter((_, index) => index === narrowing.statement)] },
      {
        calls: calls.map((call) => foreignTwin(call, narrowing)),
        variants: [statements, widened(statements, narrowing)],
      },
    ]),
  );
  const binding = cases.filter((_, index) => {
    const [alone = ''] = verdicts[2 * index] ?? [];
    const [whole = '', wider = ''] = verdicts[2 * index + 1] ?? [];
    return [...alone].some(
      (admitted, at) => admitted === '1' && whole[at] === '0' && wider[at] === '1',
    );
  });
  return new Set(binding.map(({ narrowing }) => narrowing.name));
}

function foreignTwin(call: Question, { operator, key }: Narrowing): Question {
  const context = { ...call.context };
  delete context[key.toLowerCase()];
  if (operator !== 'Null') context[key.toLowerCase()] = 'somebody-elses';
  return { action: call.action, resource: call.resource, context };
}

function judgeBy(python: string, question: object): readonly (readonly string[])[] {
  const { status, stdout, stderr } = spawnSync(python, [join(emulators, 'judge_iam.py')], {
    input: JSON.stringify(question),
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`judge_iam.py ended with ${String(status)}:\n${stderr}`);
  return JSON.parse(stdout);
}
