import ora, { type Ora } from 'ora';
import picocolors from 'picocolors';
import type { Io } from './io.ts';

type Colours = ReturnType<typeof picocolors.createColors>;

/** What one run of a command writes with: the result to standard output, all else to standard error. */
export interface Session {
  readonly io: Io;
  readonly json: boolean;
  readonly colours: Colours;
  /** Writes the result: `value` with --json, `text` without. */
  result(value: unknown, text: string): void;
  /** A line for people; nothing with --json. */
  note(text: string): void;
  progress(text: string): Progress;
}

/** Work that takes long: a spinner on a terminal, a line per change elsewhere. */
export interface Progress {
  update(text: string): void;
  done(text: string): void;
  fail(text: string): void;
  /** Takes the spinner away without a word. */
  stop(): void;
}

export function openSession(io: Io, options: { readonly json: boolean }): Session {
  const plain = io.env.NO_COLOR !== undefined && io.env.NO_COLOR !== '';
  const colours = picocolors.createColors(
    io.outIsTerminal && !plain && io.env.TERM !== 'dumb' && !options.json,
  );
  const note = (text: string): void => {
    if (!options.json) io.err(`${text}\n`);
  };
  return {
    io,
    json: options.json,
    colours,
    result: (value, text) => {
      if (options.json) io.out(`${JSON.stringify(value, undefined, 2)}\n`);
      else io.out(text);
    },
    note,
    progress: (text) =>
      io.errIsTerminal && !options.json ? spin(text) : lines(text, options.json ? () => {} : note),
  };
}

function spin(text: string): Progress {
  const spinner: Ora = ora({ text, discardStdin: false }).start();
  return {
    update: (next) => {
      spinner.text = next;
    },
    done: (next) => void spinner.succeed(next),
    fail: (next) => void spinner.fail(next),
    stop: () => void spinner.stop(),
  };
}

function lines(text: string, note: (text: string) => void): Progress {
  let last = '';
  const say = (next: string): void => {
    if (next !== last) note(next);
    last = next;
  };
  say(text);
  return { update: say, done: say, fail: say, stop: () => {} };
}
