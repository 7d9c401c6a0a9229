import { describe, expect, test } from 'vitest';
import { expectFound, lint, ofRule, policyOf, ROOT } from './lint.ts';

const allowing = (allow: string): string => ROOT + ofRule(`from: a, to: b, allow: ${allow}`);

test.each([
  ['all', 0, 255, 0, 65_535],
  ['tcp', 6, 6, 0, 65_535],
  ['udp/53', 17, 17, 53, 53],
  ['tcp/0-65535', 6, 6, 0, 65_535],
  ['tcp/65535', 6, 6, 65_535, 65_535],
  ['tcp/80-80', 6, 6, 80, 80],
  ['icmp', 1, 1, 0, 65_535],
  ['icmp/8', 1, 1, 2_048, 2_303],
  ['icmp/3/4', 1, 1, 772, 772],
  ['icmp/0/0', 1, 1, 0, 0],
  ['icmpv6/255/255', 58, 58, 65_535, 65_535],
  ['icmpv6/128', 58, 58, 32_768, 33_023],
  ['0', 0, 0, 0, 65_535],
  ['47', 47, 47, 0, 65_535],
  ['255', 255, 255, 0, 65_535],
])('%s is protocols %d to %d, ports %d to %d', (text, protocolFrom, protocolTo, from, to) => {
  const [rule] = policyOf(allowing(text)).rules;
  expect(rule?.allow).toEqual([{ text, ranges: [{ protocolFrom, protocolTo, from, to }] }]);
});

const FORMS =
  'write `tcp/443`, `udp/8000-8100`, `tcp`, `icmp/8`, a protocol number, `all` or a service';
const BY_NUMBER = 'protocols by number have no ports here; for 6 write `tcp/...`, for 17 `udp/...`';
const NO_NUMBER = 'is no protocol number, which go from 0 to 255';
const NO_PORT = 'has no port or range of ports behind the protocol';
const NO_PROTOCOL = 'names no protocol that has ports or types';
const NO_TYPE = 'has no ICMP type and code from 0 to 255';
const TYPES = 'write `icmp/8` for a type, `icmp/8/0` for a type and code';

describe('ports that are none', () => {
  test.each([
    ['256', NO_NUMBER, 'for a port write `tcp/256`'],
    ['65535', NO_NUMBER, 'for a port write `tcp/65535`'],
    ['65536', NO_NUMBER, FORMS],
    ['47/80', 'has a port behind protocol number 47', BY_NUMBER],
    ['sctp/80', NO_PROTOCOL, FORMS],
    ['x6/80', NO_PROTOCOL, FORMS],
    ['6x/80', NO_PROTOCOL, FORMS],
    ['/80', NO_PROTOCOL, FORMS],
    ['Udp/5-6', NO_PROTOCOL, 'write `udp/5-6`'],
    ['tcp/', NO_PORT, FORMS],
    ['tcp/80/1', NO_PORT, FORMS],
    ['tcp/80-', NO_PORT, FORMS],
    ['tcp/x80', NO_PORT, FORMS],
    ['tcp/80x', NO_PORT, FORMS],
    ['tcp/123456', NO_PORT, FORMS],
    ['tcp/80,443', NO_PORT, 'write each port as an entry of its own'],
    ['udp/1-65536', 'has a port above 65535', 'ports go from 0 to 65535'],
    ['tcp/65536-1', 'has a port above 65535', 'ports go from 0 to 65535'],
    ['udp/90-80', 'is a range that ends before it starts', 'write `udp/80-90`'],
    ['icmp/256', NO_TYPE, TYPES],
    ['icmp/8/256', NO_TYPE, TYPES],
    ['icmp/256/0', NO_TYPE, TYPES],
    ['icmp/x8', NO_TYPE, TYPES],
    ['icmp/8x', NO_TYPE, TYPES],
    ['icmp/8/0/0', NO_TYPE, TYPES],
    ['icmp/8/', NO_TYPE, TYPES],
    ['icmpv6/echo', NO_TYPE, TYPES],
    ['TCP', 'is no protocol in this spelling', 'write `tcp`'],
    ['All', 'is no protocol in this spelling', 'write `all`'],
  ])('%s', (text, seen, hint) => {
    const { diagnostics } = lint(allowing(`"${text}"`));
    const what = { severity: 'error', code: 'bad-port', message: `\`${text}\` ${seen}`, hint };
    expect(diagnostics).toEqual([{ file: 'root.yaml', line: 6, column: 37, ...what }]);
  });

  test('numbers with letters may be services', () => {
    const { diagnostics } = lint(allowing('[6x, x6]'));
    expectFound(diagnostics, ['6:38 unknown-service', '6:42 unknown-service']);
  });
});

describe('services', () => {
  const using = (services: string, allow: string): string =>
    `${ROOT}services: { ${services} }\n${ofRule(`from: a, to: b, allow: ${allow}`)}`;

  test('one that cannot be read is told where it stands, not where it is used', () => {
    expectFound(lint(using('x: nope', 'x')).diagnostics, [
      '2:16 unknown-service: service `nope` does not exist; define it, or correct the name',
    ]);
  });

  test('the first of two that have one name keeps it', () => {
    const file = (text: string): string => `${ROOT}services: { x: ${text} }\n`;
    const { diagnostics } = lint(
      ['a/root.yaml', file('tcp/1')],
      ['root.yaml', `${file('tcp/2')}${ofRule('from: a, to: b, allow: x')}`],
    );
    expect(diagnostics.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'root.yaml two-roots',
      'root.yaml duplicate-name',
    ]);
  });

  test.each([
    [
      'x: {}',
      '2:16 wrong-type: a map stands here, expected a text or a list of texts; write a text or a list of texts',
    ],
    [
      'x: ~',
      '2:16 wrong-type: nothing stands here, expected a text or a list of texts; write a text or a list of texts',
    ],
    ['x: []', '2:16 empty-list: the list is empty; add an entry'],
    ['all: tcp/1', '2:13 reserved-name: service `all` is called like a protocol; rename it'],
    [
      'y: tcp/1, x: [tcp/2, y]',
      '2:34 bad-port: service `x` names the service `y`; write its ports here',
    ],
    ['x: [x]', '2:17 bad-port: service `x` names the service `x`; write its ports here'],
  ])('%s is refused', (services, found) => {
    expectFound(lint(`${ROOT}services: { ${services} }\n`).diagnostics, [found]);
  });
});
