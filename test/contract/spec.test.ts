import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONTRACT } from './suite.ts';

/** The specification's rules, each with who holds it. */
function rules(): readonly { readonly id: string; readonly heldBy: string }[] {
  const text = readFileSync(new URL('../fakes/spec.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| ([A-Z]\d+) \|.*\| (\w+) \|$/gm)].map(([, id, heldBy]) => ({
    id: id ?? '',
    heldBy: heldBy ?? '',
  }));
}

test('every rule that an outside client can see has a case, and every case a rule', () => {
  const held = rules().filter((rule) => rule.heldBy === 'contract');
  expect(held.length).toBeGreaterThan(50);
  const cases = Object.keys(CONTRACT).map((name) => name.split(' ')[0] ?? '');
  expect(cases.sort()).toEqual(held.map((rule) => rule.id).sort());
});

test('the other rules are held by a test of the fake that names them', () => {
  const text = readFileSync(new URL('../fakes/fake-ec2.test.ts', import.meta.url), 'utf8');
  const named = [...text.matchAll(/test\('([A-Z]\d+) /g)].map((match) => match[1]);
  const others = rules().filter((rule) => rule.heldBy !== 'contract');
  expect(others.map((rule) => rule.heldBy)).toEqual(others.map(() => 'fake'));
  expect(new Set(named)).toEqual(new Set(others.map((rule) => rule.id)));
});
