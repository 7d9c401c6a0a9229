import fc from 'fast-check';

/** Draws of each search; `npm run test:soak` asks for more. */
export const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 300);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Names that objects have without anybody having set them, and what else readers trip over. */
export const HOSTILE_NAMES = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'length', 'then'],
  ...['', ' ', '0', '-1', 'null', 'a.b', 'a/b', 'a:b', '%2e%2e', '\u0000', '<<', '*', '?'],
];

const HOSTILE_TEXTS = [
  ...HOSTILE_NAMES,
  ...[
    '\u202etxt.exe',
    '\ud800',
    'e\u0301',
    '\ufeff',
    '\u2028',
    'İ',
    '🏴‍☠️',
    '\r\n',
    '`',
    '\u001b[31m',
  ],
  ...['300.1.1.1/8', '10.0.0.0/33', '10.0.0.0/', '::/129', '0.0.0.0/0', '::/0', 'fe80::1%eth0'],
  ...['1e999', '99999999999999999999', 'NaN', '0x10', '-0', 'tcp/70000', 'tcp/9-1', 'icmp/8/0/0'],
  ...['9999-99-99', '+275760-09-14T00:00:00Z', '2026-02-30', 'i-', 'eni-', 'sg-', 'pl-', 'arn:'],
  'x'.repeat(5_000),
  '*'.repeat(300),
  '*a'.repeat(300),
  '/'.repeat(300),
  ':'.repeat(300),
];

/** An object whose own key is `__proto__`, as JSON.parse makes it and a literal does not. */
const PROTOTYPE: Json = JSON.parse('{"__proto__":{"kind":"all"},"constructor":1,"toString":{}}');

/** Stands for what JSON can hold at a place that expects something else. */
export const hostileText = fc.constantFrom(...HOSTILE_TEXTS);
export const hostileValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 1e21, 1e308, -0, 2 ** 53, 65_536),
  fc.constantFrom<Json>([], {}, [null], [[]], [{}], { a: null }, { Key: 'a' }, PROTOTYPE),
  fc.constant<Json>(nested(60)),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer(),
);

function nested(levels: number): Json {
  let value: Json = 'deep';
  for (let level = 0; level < levels; level += 1)
    value = level % 2 === 0 ? [value] : { not: value };
  return value;
}

/** One change to a document; `at` and `other` choose nodes, counted over all of them. */
interface Edit {
  readonly how: 'replace' | 'remove' | 'rename' | 'repeat' | 'wrap' | 'copy' | 'cut' | 'append';
  readonly at: number;
  readonly other: number;
  readonly value: Json;
  readonly name: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom<Edit['how']>(
    ...(['replace', 'remove', 'rename', 'repeat', 'wrap', 'copy', 'cut', 'append'] as const),
  ),
  at: fc.nat(),
  other: fc.nat(),
  value: hostileValue,
  name: fc.oneof(fc.constantFrom(...HOSTILE_NAMES), fc.string({ maxLength: 8 })),
});

interface Place {
  readonly parent: Json[] | { [key: string]: Json };
  readonly key: string;
}

/** A copy of a valid document with a few things wrong in it; few, so that the rest is still read. */
export function mutated(document: unknown, edits = { min: 1, max: 4 }): fc.Arbitrary<Json> {
  return fc
    .array(edit, { minLength: edits.min, maxLength: edits.max })
    .map((list) => list.reduce(applyEdit, structuredClone(document) as Json));
}

function applyEdit(document: Json, change: Edit): Json {
  const places: Place[] = [];
  collectPlaces(document, places);
  const place = places[change.at % Math.max(1, places.length)];
  const other = places[change.other % Math.max(1, places.length)];
  if (place === undefined || other === undefined) return structuredClone(change.value);
  const own = { ...change, value: structuredClone(change.value) };
  editPlace(place, own, structuredClone(valueAt(other)));
  return document;
}

function collectPlaces(value: Json, into: Place[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    into.push({ parent: value, key });
    collectPlaces(valueAt({ parent: value, key }), into);
  }
}

function valueAt({ parent, key }: Place): Json {
  return (Object.getOwnPropertyDescriptor(parent, key)?.value ?? null) as Json;
}

/** As JSON.parse would: `__proto__` becomes a key like any other. */
function setAt({ parent, key }: Place, value: Json): void {
  const descriptor = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(parent, key, descriptor);
}

function editPlace(place: Place, change: Edit, other: Json): void {
  const { parent, key } = place;
  const value = valueAt(place);
  const text = typeof value === 'string' ? value : '';
  if (change.how === 'replace') setAt(place, change.value);
  if (change.how === 'copy') setAt(place, other);
  if (change.how === 'wrap') setAt(place, change.at % 2 === 0 ? [value] : { [change.name]: value });
  if (change.how === 'cut') setAt(place, text.slice(0, change.other % (text.length + 1)));
  if (change.how === 'append') setAt(place, `${text}${change.name}`);
  if (change.how === 'repeat' && Array.isArray(value) && value.length < 500) {
    setAt(place, Array.from({ length: 1 + (change.other % 70) }, () => value).flat());
  }
  if (change.how === 'rename' && !Array.isArray(parent)) setAt({ parent, key: change.name }, value);
  if (change.how !== 'remove' && change.how !== 'rename') return;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}
