/**
 * Whether a glob covers the whole text: `*` is any run of characters (also none), `?` is exactly one
 * UTF-16 unit, everything else is itself; case counts. There is no escape.
 *
 * Patterns are written by hand and tag values by anybody, so nothing here may explode: only the last
 * `*` is ever taken up again, which bounds the work by pattern length times text length, and a
 * pattern without a second `*` is read once.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let resumeAt = 0;
  while (inText < text.length) {
    if (glob[at] === '*') {
      star = at;
      resumeAt = inText;
      at += 1;
    } else if (glob[at] === '?' || glob[at] === text[inText]) {
      at += 1;
      inText += 1;
    } else if (star >= 0) {
      resumeAt += 1;
      inText = resumeAt;
      at = star + 1;
    } else {
      return false;
    }
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}

export function isGlob(text: string): boolean {
  return text.includes('*') || text.includes('?');
}

/**
 * Whether some text is covered by both globs. Row by row over the two patterns, so that the work is
 * the product of their lengths.
 */
export function globsMeet(a: string, b: string): boolean {
  // reachable[j]: the parts of a and b read so far can stand for the same text.
  let reachable = startRow(b);
  // By UTF-16 unit, as matchesGlob reads; for...of would take both halves of a pair at once.
  for (let i = 0; i < a.length; i += 1) {
    const one = a[i];
    const next: boolean[] = [one === '*' && reachable[0] === true];
    for (let j = 1; j <= b.length; j += 1) {
      const other = b[j - 1];
      if (one === '*' || other === '*') {
        // The star stands for nothing, or for what the other pattern has here.
        next.push(reachable[j] === true || next[j - 1] === true);
      } else {
        const same = one === other || one === '?' || other === '?';
        next.push(same && reachable[j - 1] === true);
      }
    }
    reachable = next;
  }
  return reachable[b.length] === true;
}

/** Against an empty pattern only stars may stand. */
function startRow(b: string): boolean[] {
  const row = [true];
  for (let j = 1; j <= b.length; j += 1) row.push(row[j - 1] === true && b[j - 1] === '*');
  return row;
}
