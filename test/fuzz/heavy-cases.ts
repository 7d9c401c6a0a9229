import { FILE_BYTES_MAX } from '../../core/policy/limits.ts';

/** What reads the input; heavy.ts knows how. */
export type Reader = 'policy' | 'policies' | 'event' | 'request' | 'describe' | 'estate';

export interface HeavyCase {
  readonly name: string;
  readonly reader: Reader;
  /** The text, made when it is needed. */
  input(): string;
}

const ROOT = 'apiVersion: bulkhead/v1\n';

function fill(piece: string, head = ROOT, bytes = FILE_BYTES_MAX): string {
  return head + piece.repeat(Math.floor((bytes - head.length) / Buffer.byteLength(piece)));
}

function numbered(count: number, make: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => make(at)).join('');
}

/** A file of the largest size, made of one thing again and again. */
const PIECES: Readonly<Record<string, string>> = {
  ...{ brackets: '[', braces: '{', dashes: '- ', questions: '? ', colons: ': ', commas: ',' },
  ...{ quotes: '"', apostrophes: "'", 'quoted texts': '"a" ', tags: '!!a ', anchors: '&a ' },
  ...{ aliases: '*a ', merges: '<<: *a\n', comments: '# \n', lines: '\n', tabs: '\t', spaces: ' ' },
  ...{ documents: '---\n', directives: '%YAML 1.2\n', blocks: 'a: |\n  a\n', folds: '>\n' },
  ...{
    keys: 'a: 1\n',
    'flow pairs': '{a: b}, ',
    escapes: '\\x00',
    nulls: '\u0000',
    bells: '\u0007',
  },
  ...{ surrogates: '\ud800', emoji: '🏴‍☠️', returns: '\r', separators: '\u2028', marks: '\ufeff' },
};

const policies: readonly HeavyCase[] = [
  ...Object.entries(PIECES).flatMap(([name, piece]): HeavyCase[] => [
    { name: `policy of ${name}`, reader: 'policy', input: () => fill(piece) },
    {
      name: `zones of ${name}`,
      reader: 'policy',
      input: () => fill(piece, `${ROOT}zones:\n  a: `),
    },
    {
      name: `text of ${name}`,
      reader: 'policy',
      input: () => `${fill(piece, `${ROOT}zones: "`)}"`,
    },
  ]),
  ...numberedKinds(),
];

function numberedKinds(): HeavyCase[] {
  const team = `${ROOT}team: a\n`;
  const stars = '*a'.repeat(300);
  const texts: Readonly<Record<string, () => string>> = {
    'segments that all overlap': () =>
      `${team}segments:\n${numbered(2_500, (at) => `  s${at}: { select: { tags: { a: "*${at % 7}*" } }, mode: stage }\n`)}`,
    'selectors of hard globs': () =>
      `${team}segments:\n${numbered(300, (at) => `  s${at}: { select: { all: [{ tags: { a: "${stars}${at}" } }, { tags: { a: "${stars}b" } }] }, mode: stage }\n`)}`,
    'lists of hard globs': () =>
      `${team}segments:\n  s: { select: { all: [${numbered(20, () => `{ tags: { a: [${numbered(1_000, (at) => `"*${at}*"`).replaceAll('""', '","')}] } }, `)}{ kind: instance }] }, mode: stage }\n`,
    'rules of names that do not exist': () =>
      `${team}rules:\n${numbered(8_000, (at) => `  - { id: r${at}, from: web-${at}, to: wbe-${at}, allow: [tcp/1], why: w }\n`)}`,
    'rules that all are one': () =>
      `${team}segments: { a: { select: { kind: task } } }\nrules:\n${numbered(9_000, (at) => `  - { id: r${at}, from: a, to: a, allow: [tcp/1-${at}], why: w }\n`)}`,
    'networks that all overlap': () =>
      `${ROOT}networks:\n${numbered(9_000, (at) => `  n${at}: { cidrs: [10.0.0.0/8, 10.0.0.0/${8 + (at % 2)}] }\n`)}`,
    'anchors that repeat a wide map': () =>
      `${ROOT}zones:\n  a: &a { ${numbered(2_000, (at) => `k${at}: 1, `)}z: 1 }\n${numbered(20_000, (at) => `  z${at}: *a\n`)}`,
    'keys that are nearly known': () => fill('segmetns: {}\n').slice(0, FILE_BYTES_MAX),
    'nested negations': () =>
      `${team}segments:\n  a: { select: ${'{ not: '.repeat(28)}{ kind: task }${' }'.repeat(28)} }\n`,
  };
  return Object.entries(texts).map(([name, input]) => ({ name, reader: 'policy', input }));
}

const files = (count: number, text: string): string =>
  JSON.stringify(
    [{ file: 'root.yaml', text: ROOT }].concat(
      Array.from({ length: count }, (_, at) => ({ file: `${at}.yaml`, text })),
    ),
  );

const together: readonly HeavyCase[] = [
  { name: 'many empty files', reader: 'policies', input: () => files(999, '') },
  {
    name: 'files that are as large as all may be',
    reader: 'policies',
    input: () => files(3, fill('x: { a: b, c: [d] }\n', `${ROOT}team: a\n`)),
  },
  {
    name: 'files that all say the same names',
    reader: 'policies',
    input: () =>
      files(900, `${ROOT}team: a\nsegments: { ${numbered(50, (at) => `s${at}: {}, `)}}\n`),
  },
];

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const BODY = 4 * 1024 * 1024 - 100;

const events: readonly HeavyCase[] = [
  { name: 'event that nests', reader: 'event', input: () => `{"detail":{"a":${deep(120_000)}}}` },
  {
    name: 'event of very many tags',
    reader: 'event',
    input: () =>
      `{"detail-type":"Tag Change on Resource","resources":["i-0a"],"detail":{"version":1,"tags":{${numbered(12_000, (at) => `"k${at}":"v",`)}"z":"z"}}}`,
  },
  {
    name: 'event of very many resources',
    reader: 'event',
    input: () => `{"detail":{"changed-tag-keys":[]},"resources":[${'"a/b",'.repeat(40_000)}"x"]}`,
  },
  {
    name: 'event of one long text',
    reader: 'event',
    input: () => `{"detail":{"instance-id":"i-${'0'.repeat(250_000)}","state":"running"}}`,
  },
];

const requests: readonly HeavyCase[] = [
  { name: 'body that nests', reader: 'request', input: () => `{"sources":${deep(BODY / 2 - 10)}}` },
  {
    name: 'body of unknown keys',
    reader: 'request',
    input: () => `{${numbered(250_000, (at) => `"k${at}":1,`)}"sources":[]}`,
  },
  {
    name: 'body of one unknown key',
    reader: 'request',
    input: () => `{"${'\\u0001'.repeat(600_000)}":1}`,
  },
  {
    name: 'body of wrong sources',
    reader: 'request',
    input: () => `{"sources":[${'1,'.repeat(900)}1]}`,
  },
  {
    name: 'body of too many sources',
    reader: 'request',
    input: () => `{"sources":[${'{},'.repeat(1_000_000)}{}]}`,
  },
  {
    name: 'body of empty files',
    reader: 'request',
    input: () => JSON.stringify({ sources: JSON.parse(files(999, '')) }),
  },
  {
    name: 'body of faulty files',
    reader: 'request',
    input: () =>
      JSON.stringify({
        sources: JSON.parse(files(3, fill('\u0001: 1\n', ROOT, 150_000))).map(
          (one: { text: string }) => ({ ...one, file: '\u0007'.repeat(511) + one.text.length }),
        ),
      }),
  },
];

const nic = (at: number, group: string) => ({
  NetworkInterfaceId: `eni-${at}`,
  VpcId: 'vpc-1',
  SubnetId: 'subnet-1',
  PrivateIpAddress: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
  Groups: [{ GroupId: group }],
});

const permission = (at: number) => ({
  ...{ IpProtocol: 'tcp', FromPort: at % 65_536, ToPort: at % 65_536 },
  IpRanges: [{ CidrIp: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}/32` }],
});

const group = (id: string, permissions: readonly unknown[]) => ({
  ...{ GroupId: id, GroupName: id, VpcId: 'vpc-1', OwnerId: '1' },
  ...{ IpPermissions: permissions, IpPermissionsEgress: [] },
});

const VPC = { VpcId: 'vpc-1', CidrBlock: '10.0.0.0/8' };
const many = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** `describe` reads files; `estate` also asks who reaches whom. */
const estates: readonly HeavyCase[] = [
  {
    name: 'very many interfaces',
    reader: 'estate',
    input: () =>
      JSON.stringify({
        Vpcs: [VPC],
        NetworkInterfaces: many(30_000, (at) => nic(at, 'sg-1')),
        SecurityGroups: [
          group('sg-1', [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-1' }] }]),
        ],
      }),
  },
  {
    name: 'interfaces of which each has a group of its own',
    reader: 'estate',
    input: () =>
      JSON.stringify({
        Vpcs: [VPC],
        NetworkInterfaces: many(250, (at) => nic(at, `sg-${at}`)),
        SecurityGroups: many(250, (at) =>
          group(
            `sg-${at}`,
            many(40, (n) => permission(at * 40 + n)),
          ),
        ),
      }),
  },
  {
    name: 'a group of very many rules',
    reader: 'estate',
    input: () =>
      JSON.stringify({
        Vpcs: [VPC],
        NetworkInterfaces: many(3, (at) => nic(at, 'sg-1')),
        SecurityGroups: [group('sg-1', many(60_000, permission))],
      }),
  },
  {
    name: 'a list of nothing',
    reader: 'estate',
    input: () =>
      `{"Vpcs":[${'null,'.repeat(1_000_000)}{}],"NetworkInterfaces":[],"SecurityGroups":[]}`,
  },
  {
    name: 'an entry that nests',
    reader: 'describe',
    input: () => `{"Vpcs":[{"VpcId":"vpc-1","Tags":${deep(200_000)}}]}`,
  },
  {
    name: 'one entry very many times',
    reader: 'describe',
    input: () => JSON.stringify({ Vpcs: many(100_000, () => VPC) }),
  },
];

export const HEAVY_CASES: readonly HeavyCase[] = [
  ...policies,
  ...together,
  ...events,
  ...requests,
  ...estates,
];
