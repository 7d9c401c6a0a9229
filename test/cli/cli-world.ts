import type { HttpCall, HttpReply, Io } from '../../cli/io.ts';
import { runCli } from '../../cli/program.ts';
import { ApiWorld, DANA, emptyInventory, NOW_MS } from '../functions/api-world.ts';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command and the real API handler in one process; time passes only when the command sleeps. */
export class CliWorld {
  readonly api = new ApiWorld();
  env: Record<string, string> = { BULKHEAD_API_URL: 'https://api.test' };
  cwd = import.meta.dirname;
  caller = DANA;
  terminal = false;
  /** What a person types, line by line. */
  typed: string[] = [];
  asked: string[] = [];
  stacks: Record<string, Record<string, string>> = {};
  calls: HttpCall[] = [];
  nowMs = NOW_MS;
  /** Runs whenever the command sleeps: the world goes on. */
  onSleep: () => void = () => {};
  /** Stands in for the API when set. */
  reply: ((call: HttpCall) => HttpReply) | undefined;

  async run(...argv: string[]): Promise<CliResult> {
    let out = '';
    let err = '';
    const io: Io = {
      env: this.env,
      cwd: this.cwd,
      outIsTerminal: this.terminal,
      // The spinner needs a real terminal; lines are what a test can read.
      errIsTerminal: false,
      inIsTerminal: this.typed.length > 0,
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      ask: async (question) => {
        this.asked.push(question);
        return this.typed.shift();
      },
      now: () => this.nowMs,
      sleep: async (ms) => {
        this.nowMs += ms;
        this.onSleep();
      },
      send: async (call) => this.#send(call),
      stackOutputs: async (stack) => this.stacks[stack],
      collectInventory: async () => emptyInventory(),
    };
    const code = await runCli(argv, io);
    return { code, out, err };
  }

  async #send(call: HttpCall): Promise<HttpReply> {
    this.calls.push(call);
    if (this.reply !== undefined) return this.reply(call);
    const { pathname, search } = new URL(call.url);
    const result = await this.api.request(call.method, pathname + search, {
      headers: call.headers,
      caller: this.caller,
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    return { status: result.statusCode, headers: result.headers, text: result.body };
  }
}
