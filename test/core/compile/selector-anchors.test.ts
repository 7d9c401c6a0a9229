import { describe, expect, test } from 'vitest';
import {
  anchorsOf,
  findSegments,
  provablyDisjoint,
} from '../../../core/compile/selector-anchors.ts';
import type { Identity } from '../../../core/model/identity.ts';
import type { Selector } from '../../../core/model/policy.ts';
import { identity, segment } from '../../properties/builders.ts';

const tag = (key: string, ...values: string[]): Selector => ({ tags: { [key]: values } });
const field = (name: 'kind' | 'subnet', ...values: string[]): Selector => ({ field: name, values });

describe('what a selector certainly asks for', () => {
  const app = { attribute: 'tag:app', values: ['a'] };
  const tier = { attribute: 'tag:tier', values: ['x', 'y'] };

  test.each<{ name: string; selector: Selector; anchors: readonly object[] }>([
    {
      name: 'each tag',
      selector: { tags: { app: ['a'], tier: ['x', 'y'] } },
      anchors: [app, tier],
    },
    {
      name: 'a field',
      selector: field('kind', 'task'),
      anchors: [{ attribute: 'field:kind', values: ['task'] }],
    },
    { name: 'nothing by a glob', selector: tag('app', 'a*'), anchors: [] },
    { name: 'nothing by a list with one', selector: tag('app', 'a', 'b?'), anchors: [] },
    { name: 'nothing by a negation', selector: { not: tag('app', 'a') }, anchors: [] },
    {
      name: 'all of `all`',
      selector: { all: [tag('app', 'a'), tag('tier', 'x', 'y')] },
      anchors: [app, tier],
    },
    { name: 'nothing by `any` of nothing', selector: { any: [] }, anchors: [] },
    { name: 'the one of `any`', selector: { any: [tag('app', 'a')] }, anchors: [app] },
    {
      name: 'of `any` what each asks for, with the values of all',
      selector: {
        any: [{ tags: { tier: ['x'], app: ['a'] } }, { tags: { os: ['linux'], tier: ['y', 'x'] } }],
      },
      anchors: [tier],
    },
    {
      name: 'nothing by `any` where one asks for something else',
      selector: { any: [tag('app', 'a'), tag('app', 'b'), tag('tier', 'x')] },
      anchors: [],
    },
  ])('$name', ({ selector, anchors }) => {
    expect(anchorsOf(selector)).toEqual(anchors);
  });

  test.each<{ name: string; a: Selector; b: Selector; disjoint: boolean }>([
    { name: 'other values', a: tag('app', 'a', 'b'), b: tag('app', 'c'), disjoint: true },
    {
      name: 'one value in common',
      a: tag('app', 'a', 'b'),
      b: tag('app', 'c', 'b'),
      disjoint: false,
    },
    { name: 'other tags', a: tag('app', 'a'), b: tag('tier', 'x'), disjoint: false },
    {
      name: 'one of several tags',
      a: { tags: { tier: ['x'], app: ['a'] } },
      b: { tags: { os: ['linux'], app: ['b'], tier: ['x'] } },
      disjoint: true,
    },
    { name: 'other kinds', a: field('kind', 'task'), b: field('kind', 'instance'), disjoint: true },
    { name: 'other subnets', a: field('subnet', 's1'), b: field('subnet', 's2'), disjoint: false },
  ])('$name: nobody matches both? $disjoint', ({ a, b, disjoint }) => {
    expect(provablyDisjoint(anchorsOf(a), anchorsOf(b))).toBe(disjoint);
  });
});

describe('the segments that could match', () => {
  const segments = [
    segment('by-app', { select: { tags: { app: ['shop'], env: ['prod'] } } }),
    segment('by-kind', { select: field('kind', 'task', 'task', 'lambda') }),
    segment('by-pair', { select: { any: [tag('app', 'other'), tag('app', 'third')] } }),
    segment('by-subnet', { select: field('subnet', 's1', 's2') }),
    segment('glob', { select: tag('app', 'sh*') }),
    segment('prod', { select: tag('env', 'prod') }),
    segment('prod-too', { select: tag('env', 'prod', 'dev') }),
  ];
  const finder = findSegments(segments);
  const found = (more: Partial<Identity>) =>
    [...new Set(finder.candidates(identity('i-1', more)).map(({ name }) => name))].sort();

  // The glob can only be told by asking it; the others by one value, the rarest that they ask for.
  test.each<{ name: string; of: Partial<Identity>; segments: readonly string[] }>([
    { name: 'nothing known', of: {}, segments: ['glob'] },
    {
      name: 'the rarest of several tags',
      of: { tags: { app: 'shop' } },
      segments: ['by-app', 'glob'],
    },
    {
      name: 'not by a common one',
      of: { tags: { env: 'prod' } },
      segments: ['glob', 'prod', 'prod-too'],
    },
    { name: 'any of a list', of: { tags: { env: 'dev' } }, segments: ['glob', 'prod-too'] },
    { name: 'any of the branches', of: { tags: { app: 'third' } }, segments: ['by-pair', 'glob'] },
    { name: 'a field', of: { kind: 'task' }, segments: ['by-kind', 'glob'] },
    {
      name: 'one of several subnets',
      of: { subnets: ['s9', 's2'] },
      segments: ['by-subnet', 'glob'],
    },
    {
      name: 'another value',
      of: { tags: { app: 'x', env: 'x', kind: 'task' } },
      segments: ['glob'],
    },
    {
      name: 'a tag named as what every object has',
      of: { tags: { constructor: 'shop' } },
      segments: ['glob'],
    },
  ])('$name', ({ of, segments: expected }) => {
    expect(found(of)).toEqual(expected);
  });
});
