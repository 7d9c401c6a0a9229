import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globsMeet, isGlob, matchesGlob } from '../../../core/identity/glob.ts';

/** What a glob means, said as plainly as possible; takes forever on long input. */
function means(glob: string, text: string): boolean {
  const [first] = glob;
  if (first === undefined) return text === '';
  if (first === '*') {
    return means(glob.slice(1), text) || (text !== '' && means(glob, text.slice(1)));
  }
  return text !== '' && (first === '?' || first === text[0]) && means(glob.slice(1), text.slice(1));
}

const over = (letters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), maxLength });
const anyGlob = over('ab*?', 7);

/** A text that counts how often one of its characters is read. */
function counted(text: string): { readonly text: string; readonly reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(Object(text) as object, {
    get(_, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
      return Reflect.get(Object(text) as object, key);
    },
  });
  return { text: proxy as unknown as string, reads: () => reads };
}

describe('a glob', () => {
  test.each([
    ['web', 'web', true],
    ['web', 'Web', false],
    ['web', 'web2', false],
    ['web*', 'web', true],
    ['*-web', 'shop-web', true],
    ['*-web', 'shop-web-2', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['web-?', 'web-1', true],
    ['web-?', 'web-', false],
    ['web-?', 'web-12', false],
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['**', 'anything', true],
    ['*?', '', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['*', 'two\nlines', true],
    ['arn:aws:iam::*:role/pay-*', 'arn:aws:iam::123456789012:role/pay-api', true],
  ])('%j on %j: %j', (glob, text, fits) => {
    expect(matchesGlob(glob, text)).toBe(fits);
  });

  test('means what the plain definition says', () => {
    const same = (glob: string, text: string) => matchesGlob(glob, text) === means(glob, text);
    fc.assert(fc.property(anyGlob, over('ab', 9), same), { numRuns: 3_000 });
  });

  test.each([
    { name: 'many stars', glob: '*a'.repeat(300), text: 'a'.repeat(299) },
    { name: 'many stars and a wrong end', glob: `${'a*'.repeat(300)}b`, text: 'a'.repeat(2_000) },
    { name: 'a long tail', glob: `*${'a'.repeat(300)}b`, text: 'a'.repeat(2_000) },
    { name: 'question marks', glob: `${'*?'.repeat(300)}b`, text: 'a'.repeat(2_000) },
  ])('reads at most its length times that of the text: $name', ({ glob, text }) => {
    const { text: watched, reads } = counted(text);
    expect(matchesGlob(glob, watched)).toBe(false);
    expect(reads()).toBeLessThanOrEqual((glob.length + 1) * (text.length + 1));
  });

  test('without a second star reads a text once, whatever it begins with', () => {
    const { text, reads } = counted('a'.repeat(2_000));
    expect(matchesGlob('aaa*', text)).toBe(true);
    expect(reads()).toBeLessThanOrEqual(2_000);
  });

  test('is told by its signs', () => {
    expect(['a', 'a*', '?', ''].map(isGlob)).toEqual([false, true, true, false]);
  });
});

describe('two globs meet', () => {
  test.each([
    ['a*', '*b', true],
    ['a*', 'b*', false],
    ['a*c', '*b*', true],
    ['?', '??', false],
    ['', '*', true],
    ['', '?', false],
    ['web-?', 'web-1', true],
    ['😀*', '😀-web', true],
    ['😀', '??', true],
    ['😀', '?', false],
  ])('%j and %j: %j', (a, b, meet) => {
    expect([globsMeet(a, b), globsMeet(b, a)]).toEqual([meet, meet]);
  });

  test('if and only if some text fits both', () => {
    // Two globs of up to four signs that meet at all do so on a text of up to eight letters.
    const texts = ['', ...allTexts(8)];
    const short = over('ab*?', 4);
    const agree = (a: string, b: string) =>
      globsMeet(a, b) === texts.some((text) => means(a, text) && means(b, text));
    fc.assert(fc.property(short, short, agree), { numRuns: 300 });
  });
});

function allTexts(lengthMax: number): string[] {
  if (lengthMax === 0) return [];
  const shorter = ['', ...allTexts(lengthMax - 1)];
  return shorter.flatMap((text) => [`a${text}`, `b${text}`]);
}
