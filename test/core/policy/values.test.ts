import { describe } from 'vitest';
import { check, ofNetwork, ofRule, ofSelect, ofSettings } from './lint.ts';

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
      name: 'a service called like a protocol',
      text: 'services: { udp: tcp/53 }\n',
      found: ['2:13 reserved-name: service `udp` is called like a protocol; rename it'],
    },
    {
      name: 'a service that names a service',
      text: 'services: { x: tcp/1, y: [x] }\n',
      found: ['2:27 bad-port: service `y` names the service `x`; write its ports here'],
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
  ]);
});
