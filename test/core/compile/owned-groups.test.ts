import { describe, expect, test } from 'vitest';
import {
  baselineKey,
  groupsByKey,
  isolationKey,
  keysOfStems,
  managedVpcs,
  openEgressKey,
  ownedGroups,
  parseGroupKey,
  segmentKey,
  surplusKey,
} from '../../../core/compile/owned-groups.ts';
import { group, inventory, OWNER, policy, vpc } from '../../properties/builders.ts';

describe('keys', () => {
  test.each([
    { make: segmentKey.bind(undefined, 'web'), parsed: { kind: 'segment', segment: 'web' } },
    { make: surplusKey.bind(undefined, 'web', 12), parsed: { kind: 'surplus', segment: 'web' } },
    { make: baselineKey, parsed: { kind: 'baseline' } },
    { make: openEgressKey, parsed: { kind: 'open-egress' } },
    { make: isolationKey, parsed: { kind: 'isolation' } },
  ])('of $parsed is read as it was made', ({ make, parsed }) => {
    expect(parseGroupKey(make('vpc-1'))).toEqual({ ...parsed, vpc: 'vpc-1' });
  });

  test.each([
    '',
    'baseline',
    'baseline@',
    'baselinex',
    'base@vpc-1',
    '@vpc-1',
    'segment:@vpc-1',
    'segments:web@vpc-1',
    'surplus:web@vpc-1',
    'surplus:web:2x@vpc-1',
    'my-surplus:web:2@vpc-1',
    'surplus::2@vpc-1',
  ])('`%s` is no key of ours', (text) => {
    expect(parseGroupKey(text)).toBeUndefined();
  });

  test('of stems: those of a segment with its further groups, as many as are there', () => {
    const there = new Set(['surplus:web:2@vpc-1', 'surplus:web:3@vpc-1', 'surplus:web:5@vpc-1']);
    const keys = keysOfStems(['segment:web', 'baseline', 'segment:db'], 'vpc-1', (key) =>
      there.has(key),
    );
    expect(keys).toEqual([
      'baseline@vpc-1',
      'segment:db@vpc-1',
      'segment:web@vpc-1',
      'surplus:web:2@vpc-1',
      'surplus:web:3@vpc-1',
    ]);
  });
});

describe('the groups of a deployment', () => {
  const tagged = (owner: string, key?: string) => ({
    tags: { 'bulkhead:owner': owner, ...(key === undefined ? {} : { 'bulkhead:group': key }) },
  });
  const i = inventory([], {
    groups: [
      group('sg-9', 'vpc-1', tagged(OWNER, 'segment:web@vpc-1')),
      group('sg-1', 'vpc-1', tagged(OWNER, 'segment:web@vpc-1')),
      group('sg-2', 'vpc-1', tagged(OWNER, 'segment:web@vpc-2')),
      group('sg-3', 'vpc-1', tagged(OWNER)),
      group('sg-4', 'vpc-1', tagged(OWNER, 'by hand')),
      group('sg-5', 'vpc-1', tagged('Another', 'segment:db@vpc-1')),
      group('sg-6', 'vpc-1', { tags: { 'bulkhead:group': 'segment:db@vpc-1' } }),
    ],
  });

  test('are told by their owner, in the order of their ids', () => {
    expect(ownedGroups(i, OWNER).map(({ id }) => id)).toEqual([
      'sg-1',
      'sg-2',
      'sg-3',
      'sg-4',
      'sg-9',
    ]);
  });

  test('by key: a second one, or one whose tag cannot be right, has a key that nobody wants', () => {
    expect([...groupsByKey(i, OWNER)].map(([key, { id }]) => [key, id])).toEqual([
      ['segment:web@vpc-1', 'sg-1'],
      ['unnamed:sg-2@vpc-1', 'sg-2'],
      ['unnamed:sg-3@vpc-1', 'sg-3'],
      ['unnamed:sg-4@vpc-1', 'sg-4'],
      ['unnamed:sg-9@vpc-1', 'sg-9'],
    ]);
    expect(parseGroupKey('unnamed:sg-9@vpc-1')).toBeUndefined();
  });
});

test.each([
  { vpcTags: {}, managed: [] },
  { vpcTags: { segmentation: ['bulkhead'] }, managed: ['vpc-1', 'vpc-3'] },
  { vpcTags: { segmentation: ['bulkhead'], stage: ['prod'] }, managed: ['vpc-3'] },
])('VPCs with the tags $vpcTags are managed', ({ vpcTags, managed }) => {
  const vpcs = [
    vpc('vpc-3', { tags: { segmentation: 'bulkhead', stage: 'prod' } }),
    vpc('vpc-2', { tags: { stage: 'prod' } }),
    vpc('vpc-1'),
  ];
  expect(managedVpcs(policy({}, { vpcTags }), inventory([], { vpcs }))).toEqual(managed);
});
