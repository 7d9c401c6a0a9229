import { explainPath } from '../../core/api/explain.ts';
import { type ExplainAnswer, explainAnswerSchema } from '../../core/api/explain-answer.ts';
import { answerProbes, type ProbeAnswer } from '../../core/api/probe.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { ApiClient } from '../client.ts';
import { DEFAULT_STACK } from '../connect.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { printable } from '../printable.ts';
import { readInventoryAt } from '../read-inventory.ts';
import { readProbes } from '../read-probes.ts';
import type { Session } from '../session.ts';
import { lintFolder } from './lint.ts';

export interface ExplainQuery {
  readonly from: string;
  readonly to: string;
  readonly port: string;
}

export interface ExplainOptions {
  /** File or folder; undefined: the API is asked. */
  readonly inventory?: string | undefined;
  /** Folder, used with an inventory. */
  readonly policy?: string | undefined;
  readonly stack?: string | undefined;
}

/** Answers a file of probes from an inventory, without asking anybody. */
export async function explainProbes(
  session: Session,
  file: string,
  options: ExplainOptions,
): Promise<ExitCode> {
  if (options.inventory === undefined) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'no-inventory',
      message: '--probes are answered from an inventory, and none was given',
      hint: 'add --inventory <folder> with the output of `aws ec2 describe-*`',
    });
  }
  const probes = await readProbes(session.io.cwd, file);
  const inventory = await readInventoryAt(session.io.cwd, options.inventory);
  const policy =
    options.policy === undefined ? undefined : await readPolicy(session, options.policy);
  const answers = answerProbes({
    ...{ probes, inventory, policy, owner: options.stack ?? DEFAULT_STACK },
    now: new Date(session.io.now()).toISOString(),
  });
  session.result(answers, answers.map((one) => renderProbe(session, one)).join(''));
  return EXIT.ok;
}

function renderProbe(session: Session, answer: ProbeAnswer): string {
  const { bold, green, red, yellow } = session.colours;
  const paint = { allow: green, deny: red, unknown: yellow };
  const port = answer.port === undefined || answer.port === null ? '' : `/${answer.port}`;
  const head = `${bold(printable(answer.from))} -> ${bold(printable(answer.to))} on ${printable(String(answer.protocol))}${port}`;
  const sides = (['policy', 'now', 'planned'] as const).flatMap((side) => {
    const { verdict, why } = answer[side];
    return [
      `  ${side.padEnd(8)} ${paint[verdict](verdict)}`,
      ...why.map((reason) => `             ${printable(reason, 500)}`),
    ];
  });
  return `${[head, ...sides].join('\n')}\n`;
}

async function readPolicy(session: Session, folder: string): Promise<Policy> {
  const { policy, diagnostics } = await lintFolder(session, folder);
  if (policy !== undefined) return policy;
  throw new CliFailure({
    exitCode: EXIT.badInput,
    code: 'bad-policy',
    message: `the policy in \`${folder}\` has errors, so it answers nothing`,
    diagnostics,
  });
}

/** The answer is the result, whichever it is: a denied path ends with 0 too. */
export async function explain(
  session: Session,
  client: () => Promise<ApiClient>,
  query: ExplainQuery,
  options: ExplainOptions,
): Promise<ExitCode> {
  const answer =
    options.inventory === undefined
      ? await askApi(await client(), query)
      : await answerOffline(session, query, options.inventory, options.policy);
  session.result(answer, renderExplanation(session, answer));
  return EXIT.ok;
}

async function askApi(client: ApiClient, query: ExplainQuery): Promise<ExplainAnswer> {
  const { value } = await client.call({
    method: 'GET',
    path: '/v1/explain',
    query: { ...query },
    answer: explainAnswerSchema,
  });
  return value;
}

async function answerOffline(
  session: Session,
  query: ExplainQuery,
  inventoryFile: string,
  folder: string | undefined,
): Promise<ExplainAnswer> {
  const inventory = await readInventoryAt(session.io.cwd, inventoryFile);
  const policy = folder === undefined ? undefined : await readPolicy(session, folder);
  const now = new Date(session.io.now()).toISOString();
  const explanation = explainPath({ ...query, policy, inventory, now });
  if (explanation.kind === 'answer') return explanation.answer;
  throw new CliFailure({
    exitCode: explanation.kind === 'bad-port' ? EXIT.badInput : EXIT.unknown,
    code: explanation.kind,
    message: explanation.message,
  });
}

function renderExplanation(session: Session, answer: ExplainAnswer): string {
  const { bold, green, red, yellow } = session.colours;
  const paint = { allow: green, deny: red, partly: yellow, unknown: yellow };
  const lines = [
    `${bold(endText(answer.from))} -> ${bold(endText(answer.to))} on ${printable(answer.port)}`,
    ...(['policy', 'aws'] as const).flatMap((side) => {
      const { verdict, why } = answer[side];
      return [
        `  ${side.padEnd(6)} ${paint[verdict](verdict)}`,
        ...why.map((reason) => `           ${printable(reason, 500)}`),
      ];
    }),
    ...(answer.agree ? [] : [`  ${yellow('the two do not agree')}`]),
    ...answer.notes.map((note) => `  note   ${printable(note, 500)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function endText(end: ExplainAnswer['from']): string {
  const name = printable(end.workload ?? end.asked);
  const about = end.segments.length === 0 ? end.addresses : end.segments;
  return `${name} (${printable(about.join(', ') || 'no address')})`;
}
