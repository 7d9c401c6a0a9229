import type { Allowance, Location } from '../model/policy.ts';
import { type Findings, hasHidden, placeOf, quote } from './diagnostics.ts';
import {
  LIST_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PATTERN_LENGTH_MAX,
  SUGGESTIONS_MAX,
  WHY_LENGTH_MAX,
} from './limits.ts';
import type { MessageCode } from './messages.ts';
import { isReservedService, readTraffic } from './read-traffic.ts';
import { NAME_PATTERN } from './schema.ts';
import type { TreeNode } from './source-tree.ts';
import { suggestName } from './suggest.ts';

export interface LocatedText {
  readonly text: string;
  readonly at: Location;
}

/** The four namespaces of a policy; segments and networks share one, so do all kinds of ids. */
export type Namespace = 'peers' | 'ids' | 'zones' | 'services';

interface Declared {
  readonly what: string;
  readonly at: Location;
}

const NAME = new RegExp(NAME_PATTERN);

/** What the readers of all files have in common: findings, names, services. */
export class Reading {
  readonly findings: Findings;
  readonly #names: Readonly<Record<Namespace, Map<string, Declared>>> = {
    peers: new Map(),
    ids: new Map(),
    zones: new Map(),
    services: new Map(),
  };
  readonly services = new Map<string, Allowance>();
  #suggestions = 0;

  constructor(findings: Findings) {
    this.findings = findings;
  }

  /** Checks the grammar and that the name is free; the first bearer keeps it. */
  declare(space: Namespace, what: string, name: LocatedText): void {
    this.checkName(what, name);
    const before = this.#names[space].get(name.text);
    if (before === undefined) {
      this.#names[space].set(name.text, { what, at: name.at });
      return;
    }
    this.findings.add(
      'duplicate-name',
      name.at,
      `${what} ${quote(name.text)} has the name of the ${before.what} at ${placeOf(before.at)}`,
      'rename one of them',
    );
  }

  has(space: Namespace, name: string): boolean {
    return this.#names[space].has(name);
  }

  /** What bears the name: `segment`, `network`, `rule`, ... */
  whatIs(space: Namespace, name: string): string | undefined {
    return this.#names[space].get(name)?.what;
  }

  checkName(what: string, { text, at }: LocatedText): boolean {
    if (NAME.test(text)) return true;
    const proposed = text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
      .slice(0, NAME_LENGTH_MAX)
      .replace(/-+$/, '');
    this.findings.add(
      'bad-name',
      at,
      `${what} name ${quote(text)} is not 1 to ${NAME_LENGTH_MAX} lower-case letters, digits ` +
        'and inner hyphens, starting with a letter',
      proposed === '' ? 'choose such a name' : `for example \`${proposed}\``,
    );
    return false;
  }

  /** Adds a diagnostic with what else bears the name, or the most similar name of the namespace. */
  unknown(code: MessageCode, space: Namespace, what: string, { text, at }: LocatedText): void {
    const other = this.whatIs(space, text);
    if (other !== undefined) {
      this.findings.add(code, at, `${other} ${quote(text)} is no ${what}`, `name a ${what}`);
      return;
    }
    this.#suggestions += 1;
    const similar =
      this.#suggestions <= SUGGESTIONS_MAX
        ? suggestName(text, this.#names[space].keys())
        : undefined;
    const hint =
      similar === undefined ? `define it, or correct the name` : `did you mean ${quote(similar)}?`;
    this.findings.add(code, at, `${what} ${quote(text)} does not exist`, hint);
  }

  /** Texts of a node that is a text or a list of texts; too many and too long ones are findings. */
  textsOf(node: TreeNode | undefined): LocatedText[] {
    if (node === undefined) return [];
    const items = node.kind === 'list' ? node.items : [node];
    if (items.length > LIST_LENGTH_MAX) {
      const seen = `the list has \`${items.length}\` entries; at most ${LIST_LENGTH_MAX} are read`;
      this.findings.add('too-many', node.at, seen, 'use globs, or split it');
    }
    return items.slice(0, LIST_LENGTH_MAX).flatMap((item) => this.textOf(item) ?? []);
  }

  textOf(node: TreeNode | undefined, lengthMax = PATTERN_LENGTH_MAX): LocatedText | undefined {
    if (node?.kind !== 'scalar' || node.value === null) return undefined;
    const text = String(node.value);
    if (text.length > lengthMax) {
      const seen = `${quote(text)} has \`${text.length}\` characters; at most ${lengthMax} are read`;
      this.findings.add('text-too-long', node.at, seen, 'shorten it');
    }
    return { text: text.slice(0, lengthMax), at: node.at };
  }

  /** Like textsOf, for keys where an empty list would mean nothing at all. */
  someTextsOf(node: TreeNode | undefined): LocatedText[] {
    if (node?.kind === 'list' && node.items.length === 0) {
      this.findings.add('empty-list', node.at, 'the list is empty', 'add an entry');
    }
    return this.textsOf(node);
  }

  /** Prose: line breaks become spaces, since it ends in descriptions of one line. */
  proseOf(node: TreeNode | undefined): string | undefined {
    return this.textOf(node, WHY_LENGTH_MAX)?.text.replace(/\s+/g, ' ').trim();
  }

  /** A text that goes to AWS or a comparison as it is; line breaks are not meant. */
  checkOneLine({ text, at }: LocatedText): void {
    if (!hasHidden(text, { lines: false }) || hasHidden(text, { lines: true })) return;
    const seen = `${quote(text)} holds a line break or tab`;
    this.findings.add('control-character', at, seen, 'write it in one line');
  }

  /** Entries of `allow` or `port`; unreadable ones are findings and left out. */
  allowancesOf(node: TreeNode | undefined): Allowance[] {
    return this.someTextsOf(node).flatMap((entry) => this.#allowanceOf(entry) ?? []);
  }

  #allowanceOf(entry: LocatedText): Allowance | undefined {
    const reading = readTraffic(entry.text);
    if (reading.kind === 'ranges') return { text: entry.text, ranges: [reading.range] };
    if (reading.kind === 'bad') {
      this.findings.add('bad-port', entry.at, `${quote(entry.text)} ${reading.seen}`, reading.hint);
      return undefined;
    }
    const service = this.services.get(entry.text);
    if (service !== undefined) return { text: entry.text, ranges: service.ranges };
    if (this.has('services', entry.text)) return undefined;
    if (isReservedService(entry.text.toLowerCase())) {
      const seen = `${quote(entry.text)} is no protocol in this spelling`;
      this.findings.add('bad-port', entry.at, seen, `write \`${entry.text.toLowerCase()}\``);
      return undefined;
    }
    this.unknown('unknown-service', 'services', 'service', entry);
    return undefined;
  }
}
