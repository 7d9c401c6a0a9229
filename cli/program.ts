import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../core/api/version.ts';
import { ApiClient } from './client.ts';
import { assess } from './commands/assess.ts';
import { explain, explainProbes } from './commands/explain.ts';
import { lint } from './commands/lint.ts';
import { openapi, sweep, uninstall } from './commands/operate.ts';
import { plan } from './commands/plan.ts';
import { decide, finishPlan, publish } from './commands/publish.ts';
import { plans, segments, status, workloads } from './commands/read.ts';
import { DEFAULT_STACK, findAddress } from './connect.ts';
import { EXIT, EXIT_CODES_TEXT, type ExitCode } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import type { Io } from './io.ts';
import { renderDiagnostic } from './render-diagnostics.ts';
import { openSession, type Session } from './session.ts';

const DEFAULT_FOLDER = 'policies';

/** Options that every command may have; commander gives each command its own subset. */
interface Options {
  readonly json?: boolean;
  readonly endpoint?: string;
  readonly stack?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly ifMatch?: string;
  readonly why?: string;
  readonly yes?: boolean;
  readonly local?: boolean;
  readonly all?: boolean;
  readonly segment?: string;
  readonly cursor?: string;
  readonly limit?: string;
  readonly inventory?: string;
  readonly policy?: string;
  readonly probes?: string;
  readonly markdown?: boolean;
  readonly groupBy?: string;
}

interface Run {
  readonly session: Session;
  readonly options: Options;
  readonly client: () => Promise<ApiClient>;
}

type Action = (run: Run, args: readonly (string | undefined)[]) => Promise<ExitCode>;

/** Runs one command line. Gives the exit code; never throws for what a user can do wrong. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  const outcome: { code: ExitCode } = { code: EXIT.ok };
  const program = buildProgram(io, outcome);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    return report(io, error, { json: argv.includes('--json'), debug: io.env.BULKHEAD_DEBUG });
  }
}

function buildProgram(io: Io, outcome: { code: ExitCode }): Command {
  const program = new Command('bulkhead')
    .description('identity-based micro-segmentation for AWS')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(text.replace(/\.\n$/, '\n')),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .showHelpAfterError('(see bulkhead --help)')
    .addHelpText('after', `\n${EXIT_CODES_TEXT}\n\n${ENVIRONMENT_TEXT}`);
  const bind =
    (action: Action) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const options = command.opts<Options>();
      const session = openSession(io, { json: options.json === true });
      const client = async () => new ApiClient(io, await findAddress(io, options));
      const args = given.slice(0, -2) as (string | undefined)[];
      outcome.code = await action({ session, options, client }, args);
    };
  addPolicyCommands(program, bind);
  addPlanCommands(program, bind);
  addReadCommands(program, bind);
  addOperateCommands(program, bind);
  program
    .command('exit-codes')
    .description('what the process ends with')
    .addHelpText('after', `\n${EXIT_CODES_TEXT}\n`)
    .action(() => io.out(`${EXIT_CODES_TEXT}\n`));
  return program;
}

const ENVIRONMENT_TEXT = `environment:
  BULKHEAD_API_URL    address of the API; else the output ApiUrl of the stack is read
  AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...   as for every AWS tool
  NO_COLOR            no colours; there are none either when the output is no terminal
  BULKHEAD_DEBUG      1: stack traces of failures`;

type Bind = (action: Action) => (...given: unknown[]) => Promise<void>;

function addPolicyCommands(program: Command, bind: Bind): void {
  json(program.command('lint'))
    .argument('[folder]', 'folder of the policy', DEFAULT_FOLDER)
    .description('check a policy; nothing leaves this machine')
    .action(bind(({ session }, [folder = DEFAULT_FOLDER]) => lint(session, folder)));
  json(program.command('plan'))
    .argument('[folder]', `folder of the policy (default: ${DEFAULT_FOLDER})`)
    .description('what publishing the policy would do, and which paths open and close')
    .addOption(inventoryOption())
    .option('--policy <folder>', 'the same as the argument')
    .addOption(stackOption())
    .action(
      bind(({ session, options }, [folder]) =>
        plan(session, folder ?? options.policy ?? DEFAULT_FOLDER, {
          inventory: options.inventory,
          stack: options.stack ?? DEFAULT_STACK,
        }),
      ),
    );
  online(json(program.command('publish')))
    .argument('[folder]', 'folder of the policy', DEFAULT_FOLDER)
    .description('put a policy in force')
    .option('--if-match <version>', 'the version that it replaces; default: the one in force now')
    .addOption(waitOption())
    .addOption(timeoutOption())
    .action(
      bind(async ({ session, client, options }, [folder = DEFAULT_FOLDER]) =>
        publish(session, await client(), folder, {
          wait: options.wait === true,
          ifMatch: options.ifMatch,
          timeoutMs: options.timeout,
        }),
      ),
    );
}

function addPlanCommands(program: Command, bind: Bind): void {
  for (const verb of ['approve', 'reject'] as const) {
    online(json(program.command(verb)))
      .argument('<plan>', 'id of the plan, e.g. plan-7')
      .description(verb === 'approve' ? 'let a waiting plan go on' : 'stop a waiting plan for good')
      .option('--why <text>', 'kept with the plan')
      .addOption(waitOption())
      .addOption(timeoutOption())
      .action(
        bind(async ({ session, client, options }, [id = '']) =>
          decide(session, await client(), verb, id, {
            why: options.why,
            wait: options.wait === true,
            timeoutMs: options.timeout,
          }),
        ),
      );
  }
  online(json(program.command('plans')))
    .argument('[plan]', 'id of one plan')
    .description('plans, youngest first; or one plan with its report')
    .option('--cursor <cursor>', 'where the page before ended')
    .addOption(waitOption())
    .addOption(timeoutOption())
    .action(
      bind(async ({ session, client, options }, [id]) =>
        id !== undefined && options.wait === true
          ? finishPlan(session, await client(), id, options.timeout)
          : plans(session, await client(), id, options.cursor),
      ),
    );
}

function addReadCommands(program: Command, bind: Bind): void {
  online(json(program.command('status')))
    .description('how the control plane and the estate stand')
    .action(bind(async ({ session, client }) => status(session, await client())));
  online(json(program.command('segments')))
    .argument('[segment]', 'name of one segment')
    .description('segments in force; or one with its rules and groups')
    .action(bind(async ({ session, client }, [name]) => segments(session, await client(), name)));
  online(json(program.command('workloads')))
    .argument('[workload]', 'id of one workload')
    .description('workloads with their segments; or one with its interfaces')
    .option('--segment <name>', 'only members of this segment')
    .option('--cursor <cursor>', 'where the page before ended')
    .option('--limit <count>', 'workloads on a page, 1 to 100')
    .option('--all', 'every page')
    .action(
      bind(async ({ session, client, options }, [id]) =>
        workloads(session, await client(), id, { ...options, all: options.all === true }),
      ),
    );
  online(json(program.command('explain')))
    .argument('[from]', 'workload id or address')
    .argument('[to]', 'workload id or address')
    .argument('[port]', 'tcp/443, udp/53, icmp/8, all, ...')
    .description('may one reach the other: what the policy says, what AWS does, and why')
    .addOption(inventoryOption())
    .option('--policy <folder>', 'folder of the policy, with --inventory')
    .option(
      '--probes <file>',
      'many questions as JSON: [{from, to, protocol, port}], with --inventory',
    )
    .action(
      bind(({ session, client, options }, [from, to, port]) => {
        if (options.probes !== undefined) return explainProbes(session, options.probes, options);
        if (from === undefined || to === undefined || port === undefined) {
          throw new CliFailure({
            exitCode: EXIT.badInput,
            code: 'no-question',
            message: 'explain asks about one end, another end and a port',
            hint: 'e.g. `bulkhead explain 10.0.1.4 i-0123456789abcdef0 tcp/443`, or give --probes',
          });
        }
        return explain(session, client, { from, to, port }, options);
      }),
    );
  json(program.command('assess'))
    .argument('[inventory]', 'folder of `aws ec2 describe-*` output; default: AWS is read')
    .description(
      'how segmented an estate is, without a deployment: reach, blast radius, open doors',
    )
    .option('--policy <folder>', 'also what this policy would open and close')
    .option('--group-by <tags>', 'tag keys for the rows, e.g. `app,tier`')
    .option('--markdown', 'as a report')
    .addOption(stackOption())
    .action(
      bind(({ session, options }, [inventory]) =>
        assess(session, {
          inventory,
          policy: options.policy,
          markdown: options.markdown === true,
          groupBy: options.groupBy,
          stack: options.stack ?? DEFAULT_STACK,
        }),
      ),
    );
}

function addOperateCommands(program: Command, bind: Bind): void {
  online(json(program.command('sweep')))
    .description('compare everything with AWS now, instead of at the next full round')
    .addOption(waitOption())
    .addOption(timeoutOption())
    .action(
      bind(async ({ session, client, options }) =>
        sweep(session, await client(), {
          wait: options.wait === true,
          timeoutMs: options.timeout,
        }),
      ),
    );
  online(json(program.command('uninstall')))
    .description('put every interface back as it was; then the stack can be destroyed')
    .option('--yes', 'do not ask')
    .addOption(timeoutOption())
    .action(
      bind(async ({ session, client, options }) =>
        uninstall(session, await client(), {
          yes: options.yes === true,
          timeoutMs: options.timeout,
        }),
      ),
    );
  online(program.command('openapi'))
    .description('the OpenAPI document of the status API')
    .option('--local', 'of this version of the command; asks nobody')
    .action(
      bind(async ({ session, client, options }) =>
        openapi(session, options.local === true ? undefined : await client()),
      ),
    );
}

function json(command: Command): Command {
  return command.option('--json', 'the answer as JSON, failures too');
}

function online(command: Command): Command {
  return command.option('--endpoint <url>', 'address of the API').addOption(stackOption());
}

function stackOption(): Option {
  return new Option('--stack <name>', `name of the stack (default: ${DEFAULT_STACK})`);
}

function inventoryOption(): Option {
  return new Option(
    '--inventory <place>',
    'folder of `aws ec2 describe-*` output, or an inventory as JSON, instead of AWS',
  );
}

function waitOption(): Option {
  return new Option('--wait', 'follow it to its end');
}

function timeoutOption(): Option {
  return new Option('--timeout <time>', 'wait no longer than this: 90s, 10m, 1h').argParser(
    parseDuration,
  );
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds. */
function parseDuration(text: string): number {
  const parts = /^(\d{1,6})([smh])$/.exec(text);
  const unitMs = UNIT_MS[parts?.[2] ?? ''];
  if (parts === null || unitMs === undefined) {
    throw new InvalidArgumentError('write a number and s, m or h, e.g. `10m`');
  }
  return Number(parts[1]) * unitMs;
}

interface ReportOptions {
  readonly json: boolean;
  readonly debug: string | undefined;
}

/** The end of a command that failed: lower case, what was seen, what to do. */
function report(io: Io, error: unknown, options: ReportOptions): ExitCode {
  const failure = error instanceof CliFailure ? error : unexpected(error);
  if (options.json) {
    const { code, message, hint, diagnostics } = failure;
    const body = { code, message, ...(hint === undefined ? {} : { hint }) };
    const document = { error: diagnostics.length === 0 ? body : { ...body, diagnostics } };
    io.out(`${JSON.stringify(document, undefined, 2)}\n`);
  } else {
    const { colours } = openSession({ ...io, outIsTerminal: io.errIsTerminal }, { json: false });
    for (const found of failure.diagnostics) io.err(renderDiagnostic(colours, found, ''));
    io.err(`${colours.red('error')} ${failure.code}: ${failure.message}\n`);
    if (failure.hint !== undefined) io.err(`  ${failure.hint}\n`);
  }
  if (options.debug === '1' && error instanceof Error) io.err(`${error.stack}\n`);
  return failure.exitCode;
}

function unexpected(error: unknown): CliFailure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new CliFailure({
    exitCode: EXIT.failed,
    code: 'unexpected',
    message: `${name}: ${message}`,
    hint: 'set BULKHEAD_DEBUG=1 to see where',
    cause: error,
  });
}
