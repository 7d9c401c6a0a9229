import type { Filter, Tag } from '@aws-sdk/client-ec2';
import type { Tags } from './records.ts';
import { invalidValue, notFound, refusal } from './refusal.ts';

/** The values that a record has for a filter; several where the filter speaks of a list. */
export type Fields<T> = Readonly<
  Record<string, (record: T) => readonly (string | number | boolean | undefined)[]>
>;

/** Most values in one filter of EC2 (EC2 API reference, "DescribeSecurityGroups"). */
const FILTER_VALUES_MAX = 200;

interface Question {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
  readonly Filters?: Filter[] | undefined;
}

export interface Kind<T> {
  /** The shelf, as a Describe sees it. */
  readonly shelf: { look(id: string): T | undefined; lookAll(): readonly T[] };
  readonly fields: Fields<T>;
  readonly ids?: readonly string[] | undefined;
  readonly absent: readonly [code: string, what: string];
  readonly pageMin: number;
  readonly pageMax: number;
  /** EC2 refuses ids and MaxResults together for some kinds. */
  readonly refusesIdsWithPages?: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: { readonly NextToken?: string };
}

/** Ids, filters and pages of a Describe call. */
export function describe<T extends { readonly id: string; readonly tags: Tags }>(
  question: Question,
  kind: Kind<T>,
): Page<T> {
  const { ids = [] } = kind;
  const hasPages = question.MaxResults !== undefined;
  if (ids.length > 0 && hasPages && kind.refusesIdsWithPages === true) {
    throw refusal('InvalidParameterCombination', 'ids and MaxResults cannot be used together');
  }
  const found = ids.length === 0 ? kind.shelf.lookAll() : byIds(ids, kind);
  const fitting = applyFilters(found, question.Filters ?? [], kind.fields);
  return cut(fitting, question, kind);
}

function byIds<T>(ids: readonly string[], kind: Kind<T>): readonly T[] {
  const [code, what] = kind.absent;
  return [...new Set(ids)].map((id) => {
    const record = kind.shelf.look(id);
    if (record === undefined) throw notFound(code, what, id);
    return record;
  });
}

/** All filters must hold; the values of one are alternatives; `*` and `?` stand for any characters. */
export function applyFilters<T extends { readonly tags: Tags }>(
  records: readonly T[],
  filters: readonly Filter[],
  fields: Fields<T>,
): readonly T[] {
  let left = records;
  for (const { Name = '', Values = [] } of filters) {
    if (Values.length > FILTER_VALUES_MAX) {
      throw refusal('FilterLimitExceeded', `at most ${FILTER_VALUES_MAX} values a filter`);
    }
    const valuesOf = tagFilter<T>(Name) ?? fields[Name];
    if (valuesOf === undefined) throw invalidValue(`The filter '${Name}' is invalid`);
    const fits = matcher(Values);
    left = left.filter((record) =>
      valuesOf(record).some((value) => value !== undefined && fits(String(value))),
    );
  }
  return left;
}

function tagFilter<T extends { readonly tags: Tags }>(name: string) {
  if (name === 'tag-key') return (record: T) => Object.keys(record.tags);
  if (!name.startsWith('tag:')) return undefined;
  const key = name.slice('tag:'.length);
  return (record: T) => [record.tags[key]];
}

function matcher(values: readonly string[]): (value: string) => boolean {
  const plain = new Set(values.filter((value) => !/[*?\\]/.test(value)));
  const patterns = values
    .filter((value) => /[*?\\]/.test(value))
    .map((glob) => new RegExp(`^${toPattern(glob)}$`, 's'));
  return (value) => plain.has(value) || patterns.some((pattern) => pattern.test(value));
}

function toPattern(glob: string): string {
  return glob.replace(/\\(.)|[*?]|[.+^${}()|[\]\\]/g, (found, escaped?: string) => {
    if (found === '*') return '.*';
    if (found === '?') return '.';
    return `\\${escaped ?? found}`;
  });
}

/** A page in the order of ids. The token names the last id told, so that nothing comes twice. */
export function cut<T extends { readonly id: string }>(
  records: readonly T[],
  { MaxResults, NextToken }: Question,
  limits: { readonly pageMin: number; readonly pageMax: number },
): Page<T> {
  if (MaxResults !== undefined && (MaxResults < limits.pageMin || MaxResults > limits.pageMax)) {
    throw invalidValue(
      `Value ( ${MaxResults} ) for parameter maxResults is invalid. ` +
        `Expecting a value between ${limits.pageMin} and ${limits.pageMax}.`,
    );
  }
  if (MaxResults === undefined && NextToken === undefined) return { items: records, next: {} };
  const sorted = [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
  const after = NextToken === undefined ? '' : readToken(NextToken);
  const rest = sorted.filter((record) => record.id > after);
  const size = MaxResults ?? limits.pageMax;
  const items = rest.slice(0, size);
  const last = items.at(-1);
  if (last === undefined || rest.length <= size) return { items, next: {} };
  return { items, next: { NextToken: Buffer.from(`after ${last.id}`).toString('base64url') } };
}

function readToken(token: string): string {
  const [word, id] = Buffer.from(token, 'base64url').toString().split(' ');
  if (word !== 'after' || id === undefined) {
    throw refusal('InvalidNextToken', `The token '${token}' is invalid`);
  }
  return id;
}

export function toTagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
