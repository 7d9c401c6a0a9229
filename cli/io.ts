import { createInterface } from 'node:readline/promises';
import type { Inventory } from '../core/model/inventory.ts';

export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** All that a command knows of the outside, so that a test can stand in for it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
  /** One line from the terminal; undefined when the input ends first. */
  ask(question: string): Promise<string | undefined>;
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Signs with the caller's AWS credentials and sends. */
  send(call: HttpCall): Promise<HttpReply>;
  /** Outputs of a CloudFormation stack by key; undefined when there is no such stack. */
  stackOutputs(stack: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Reads the estate with the caller's own AWS credentials; writes nothing. */
  collectInventory(): Promise<Inventory>;
}

/** The process's own streams, clock and credentials. SDK clients load only when they are needed. */
export function processIo(): Io {
  return {
    env: process.env,
    cwd: process.cwd(),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    inIsTerminal: process.stdin.isTTY === true,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ask: askTerminal,
    now: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    send: async (call) => (await import('./aws-io.ts')).sendSigned(call),
    stackOutputs: async (stack) => (await import('./aws-io.ts')).readStackOutputs(stack),
    collectInventory: async () => (await import('./aws-io.ts')).collectInventory(),
  };
}

async function askTerminal(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve) => {
      lines.once('close', () => resolve(undefined));
      lines.question(question).then(resolve, () => resolve(undefined));
    });
  } finally {
    lines.close();
  }
}
