import { describe, expect, test } from 'vitest';
import {
  check,
  expectFound,
  lint,
  ofNetwork,
  ofRule,
  ofSelect,
  ofSettings,
  policyOf,
  ROOT,
} from './lint.ts';

describe('values', () => {
  check([
    {
      name: 'a CIDR of three numbers',
      text: ofNetwork('cidrs: [10.0.0/8]'),
      found: [
        '3:16 bad-cidr: `10.0.0/8` is neither an IPv4 nor an IPv6 range; write it as `10.0.0.0/16` or `2001:db8::/32`',
      ],
    },
    {
      name: 'a prefix of IPv4 above 32',
      text: ofNetwork('cidrs: 10.0.0.0/33'),
      found: [
        '3:15 bad-cidr: `10.0.0.0/33` has no prefix length from 0 to 32; write it as `10.0.0.0/16` or `2001:db8::/32`',
      ],
    },
    { name: 'leading zeros', text: ofNetwork('cidrs: 010.0.0.0/8'), found: ['3:15 bad-cidr'] },
    { name: 'a bad IPv6', text: ofNetwork('cidrs: ["2001:db8::g/32"]'), found: ['3:16 bad-cidr'] },
    {
      name: 'an IPv6 zone',
      text: ofNetwork('cidrs: ["fe80::1%eth0/64"]'),
      found: ['3:16 bad-cidr'],
    },
    {
      name: 'an IPv4-mapped range',
      text: ofNetwork('cidrs: ["::ffff:1.2.3.4/128"]'),
      found: ['3:16 bad-cidr'],
    },
    {
      name: 'a prefix of IPv6 above 128',
      text: ofNetwork('cidrs: ["::/129"]'),
      found: [
        '3:16 bad-cidr: `::/129` has no prefix length from 0 to 128; write it as `10.0.0.0/16` or `2001:db8::/32`',
      ],
    },
    {
      name: 'host bits',
      text: ofNetwork('cidrs: [10.0.0.5/24]'),
      found: [
        '3:16 cidr-host-bits: `10.0.0.5/24` has bits set below its prefix and is read as `10.0.0.0/24`; write `10.0.0.0/24`, or a longer prefix if one address was meant',
      ],
    },
    {
      name: 'IPv6 in capitals',
      text: ofNetwork('cidrs: ["2001:DB8:0::/48"]'),
      found: [
        '3:16 cidr-not-canonical: `2001:DB8:0::/48` is read as `2001:db8::/48`; write `2001:db8::/48`',
      ],
    },
    {
      name: 'a bare address',
      text: ofNetwork('cidrs: [10.0.0.5]'),
      found: ['3:16 cidr-not-canonical'],
    },
    {
      name: 'an exception outside',
      text: ofNetwork('cidrs: [10.0.0.0/16], except: [10.1.0.0/24]'),
      found: [
        '3:39 except-outside: `10.1.0.0/24` is outside the network; remove it, or correct it',
      ],
    },
    {
      name: 'exceptions that leave nothing',
      text: ofNetwork('cidrs: [10.0.0.0/16], except: [10.0.0.0/17, 10.0.128.0/17]'),
      found: [
        '3:38 network-empty: the exceptions leave nothing of the network; remove some of them',
      ],
    },
    {
      name: 'a port above 65535',
      text: ofRule('from: a, to: b, allow: [tcp/65536]'),
      found: ['6:38 bad-port: `tcp/65536` has a port above 65535; ports go from 0 to 65535'],
    },
    {
      name: 'a range that ends before it starts',
      text: ofRule('from: a, to: b, allow: [tcp/90-80]'),
      found: [
        '6:38 bad-port: `tcp/90-80` is a range that ends before it starts; write `tcp/80-90`',
      ],
    },
    {
      name: 'a bare port',
      text: ofRule('from: a, to: b, allow: 443'),
      found: [
        '6:37 bad-port: `443` is no protocol number, which go from 0 to 255; for a port write `tcp/443`',
      ],
    },
    {
      name: 'an ICMP type above 255',
      text: ofRule('from: a, to: b, allow: icmp/256'),
      found: [
        '6:37 bad-port: `icmp/256` has no ICMP type and code from 0 to 255; write `icmp/8` for a type, `icmp/8/0` for a type and code',
      ],
    },
    {
      name: 'a protocol in capitals',
      text: ofRule('from: a, to: b, allow: TCP/443'),
      found: [
        '6:37 bad-port: `TCP/443` names no protocol that has ports or types; write `tcp/443`',
      ],
    },
    {
      name: 'a date that no calendar has',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2027-02-29'),
      found: ['6:51 bad-date: `2027-02-29` is no day of the calendar; write it as `2027-03-31`'],
    },
    {
      name: 'a duration',
      text: ofSettings('settleWindow: 2 minutes'),
      found: [
        '2:27 bad-duration: `2 minutes` is no duration; write for example `90s`, `2m` or `1h`',
      ],
    },
    {
      name: 'a window above a day',
      text: ofSettings('settleWindow: 2d'),
      found: ['2:27 bad-duration: `2d` exceeds a day; write for example `90s`, `2m` or `1h`'],
    },
    {
      name: 'a share',
      text: ofSettings('changeGuard: { share: 120% }'),
      found: ['2:35 bad-share: `120%` is no share from 0% to 100%; write for example `20%`'],
    },
    {
      name: 'a share that events may take',
      text: ofSettings('leaveGuard: { share: much }'),
      found: ['2:34 bad-share'],
    },
    {
      name: 'a window of events below ten seconds',
      text: ofSettings('leaveGuard: { window: 9s }'),
      found: [
        '2:35 bad-duration: `9s` is not between ten seconds and a day; write for example `10m` or `1h`',
      ],
    },
    {
      name: 'moves beyond what a record keeps',
      text: ofSettings('leaveGuard: { window: 1h, moves: 101 }'),
      found: ['2:46 bad-count: `101` is no number from 1 to 100; write for example `3`'],
    },
    {
      name: 'moves that are no number',
      text: ofSettings('leaveGuard: { moves: 0 }'),
      found: ['2:34 bad-count'],
    },
    {
      name: 'an id that is none',
      text: ofSettings('keepSecurityGroups: [sg-xyz]'),
      found: ['2:34 bad-id: `sg-xyz` has not the form of an id `sg-...`; copy the id from AWS'],
    },
    {
      name: 'a name in capitals',
      text: 'zones:\n  Card_Data: {}\n',
      found: [
        '3:3 bad-name: zone name `Card_Data` is not 1 to 63 lower-case letters, digits and inner hyphens, starting with a letter; for example `card-data`',
      ],
    },
    {
      name: 'a name of 64 characters',
      text: `zones:\n  ${'z'.repeat(64)}: {}\n`,
      found: ['3:3 bad-name'],
    },
    {
      name: 'control characters, which must not reach the message',
      text: ofRule('from: a, to: b, allow: tcp, ticket: "x\\u001b[2J"'),
      found: ['6:50 control-character: `x�[2J` holds control or invisible characters; remove them'],
    },
    {
      name: 'text that changes its direction',
      text: ofSelect('{ tags: { app: "a\\u202eb" } }'),
      found: ['3:31 control-character'],
    },
    {
      name: 'a text that is too long',
      text: ofRule(`from: a, to: b, allow: tcp, ticket: ${'x'.repeat(501)}`),
      found: [
        `6:50 text-too-long: \`${'x'.repeat(80)}...\` has \`501\` characters; at most 500 are read; shorten it`,
      ],
    },
    {
      name: 'a tag key that is too long',
      text: ofSelect(`{ tags: { ${'k'.repeat(129)}: x } }`),
      found: [
        `3:26 bad-tag-key: tag key \`${'k'.repeat(80)}...\` has \`129\` characters; tag keys of AWS have 1 to 128`,
      ],
    },
    {
      name: 'a line break in what goes to AWS',
      text: ofSelect('{ tags: { app: "a\\nb" } }'),
      found: ['3:31 control-character: `a�b` holds a line break or tab; write it in one line'],
    },
    {
      name: 'a tag key without a character',
      text: ofSelect('{ tags: { "": x } }'),
      found: ['3:26 bad-tag-key: tag key `` has `0` characters; tag keys of AWS have 1 to 128'],
    },
    {
      name: 'a list of a thousand and one, whose last is not looked at',
      text: ofRule(`from: [${'a, '.repeat(1_000)}x], to: b, allow: tcp`),
      found: [
        '6:20 too-many: the list has `1001` entries; at most 1000 are read; use globs, or split it',
      ],
    },
    {
      name: 'exceptions of something else than addresses',
      text: ofNetwork('prefixList: x, except: 10.0.0.0/8'),
      found: [
        '3:31 bad-value: there are no `cidrs` to except from; `except` goes with `cidrs` alone',
      ],
    },
    {
      name: 'a window of events above a day',
      text: ofSettings('leaveGuard: { window: 25h }'),
      found: [
        '2:35 bad-duration: `25h` is not between ten seconds and a day; write for example `10m` or `1h`',
      ],
    },
    {
      name: 'a window of events that is no duration',
      text: ofSettings('leaveGuard: { window: soon }'),
      found: ['2:35 bad-duration: `soon` is no duration; write for example `10m` or `1h`'],
    },
  ]);
});

describe('values at their bounds', () => {
  check(
    [
      {
        name: 'a list of a thousand',
        text: ofRule(`from: [${'a, '.repeat(999)}b], to: b, allow: tcp`),
      },
      {
        name: 'a ticket of 500 characters',
        text: ofRule(`from: a, to: b, allow: tcp, ticket: ${'x'.repeat(500)}`),
      },
      {
        name: 'a pattern of 640 characters',
        text: ofSelect(`{ tags: { app: ${'x'.repeat(640)} } }`),
      },
      { name: 'a tag key of 128', text: ofSelect(`{ tags: { ${'k'.repeat(128)}: x } }`) },
      { name: 'a name of 63', text: `zones:\n  ${'z'.repeat(63)}: {}\n` },
      { name: 'a name of one', text: 'zones: { z: {} }\n' },
      { name: 'a leap day', text: ofRule('from: a, to: b, allow: tcp, expires: 2028-02-29') },
      {
        name: 'the last day of a year',
        text: ofRule('from: a, to: b, allow: tcp, expires: 2027-12-31'),
      },
      {
        name: 'whole prefixes',
        text: ofNetwork('cidrs: [10.0.0.1/32, 0.0.0.0/0, "::1/128", "::/0"]'),
      },
      { name: 'an IPv6 without zeros', text: ofNetwork('cidrs: "1:2:3:4:5:6:7:8/128"') },
      { name: 'an exception inside', text: ofNetwork('cidrs: 10.0.0.0/8, except: 10.0.0.0/9') },
    ].map((one) => ({ ...one, found: [] })),
  );

  test('a network may also be written as IPv4 in IPv6, if that is not IPv4', () => {
    expectFound(lint(ROOT + ofNetwork('cidrs: "64:ff9b::10.0.0.1/128"')).diagnostics, [
      '3:15 cidr-not-canonical: `64:ff9b::10.0.0.1/128` is read as `64:ff9b::a00:1/128`; write `64:ff9b::a00:1/128`',
    ]);
  });

  test.each(['0s', '86400s', '1440m', '24h', '1d'])('settleWindow: %s', (window) => {
    const ms = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[window.slice(-1)] ?? 0;
    const { settings } = policyOf(ROOT + ofSettings(`settleWindow: ${window}`));
    expect(settings.settleWindowMs).toBe(Number.parseInt(window, 10) * ms);
  });

  test.each([
    ['0%', 0],
    ['7%', 0.07],
    ['12.5%', 0.125],
    ['0.25%', 0.0025],
    ['100%', 1],
    ['100.00%', 1],
  ])('changeGuard: { share: %s }', (share, expected) => {
    const { settings } = policyOf(ROOT + ofSettings(`changeGuard: { share: ${share} }`));
    expect(settings.changeGuardShare).toBe(expected);
  });
});

describe('values that are none', () => {
  const refuse = (code: string, at: string, of: (value: string) => string, ...values: string[]) =>
    check(values.map((value) => ({ name: value, text: of(value), found: [`${at} ${code}`] })));
  refuse(
    'bad-duration',
    '2:27',
    (window) => ofSettings(`settleWindow: "${window}"`),
    ...['x90s', '90sx', '90', 's', '1.5h', '-1s', '1000000s', '86401s', '25h', '2w', ''],
  );
  refuse(
    'bad-share',
    '2:35',
    (share) => ofSettings(`changeGuard: { share: "${share}" }`),
    ...['x20%', '20%x', '20', '100.01%', '101%', '1000%', '1.234%', '1.%', '-1%', '%', '0.x%'],
  );
  refuse(
    'bad-count',
    '2:34',
    (moves) => ofSettings(`leaveGuard: { moves: "${moves}" }`),
    ...['x3', '3x', '1000', '-1', '1.5', ''],
  );
  refuse(
    'bad-date',
    '6:51',
    (day) => ofRule(`from: a, to: b, allow: tcp, expires: "${day}"`),
    ...[
      'x2027-03-31',
      '2027-03-31x',
      '2027-04-31',
      '2027-13-01',
      '2027-00-10',
      '2027-1-1',
      '2027-01-00',
    ],
  );
  refuse(
    'bad-id',
    '2:33',
    (id) => ofSettings(`keepSecurityGroups: "${id}"`),
    ...[
      'sg-0123456',
      'sg-0123456789abcdef01',
      'xsg-01234567',
      'sg-01234567x',
      'sg-0123456G',
      'vpc-01234567',
    ],
  );
  refuse(
    'bad-cidr',
    '3:15',
    (cidr) => ofNetwork(`cidrs: "${cidr}"`),
    ...['10.0.0.0/x8', '10.0.0.0/8x', '10.0.0.0/0008', '10.0.0.0/-1', '/8', ''],
  );
});
