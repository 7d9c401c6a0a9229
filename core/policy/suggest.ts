/** Edits that a typing mistake is worth; beyond that a suggestion would be a guess. */
const EDITS_MAX = 2;

/**
 * The known name that is most like the one seen: at most two letters added, dropped, changed or
 * swapped, fewer for short names; ties go to the first by name. Undefined when none is near.
 */
export function suggestName(seen: string, known: Iterable<string>): string | undefined {
  const allowed = Math.min(EDITS_MAX, Math.floor(seen.length / 2));
  const near = [...known]
    .filter((name) => Math.abs(name.length - seen.length) <= allowed)
    .map((name) => ({ name, edits: editsBetween(seen.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= allowed)
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1));
  return near[0]?.name;
}

/** Optimal string alignment distance: insertions, deletions, changes, swaps of neighbours. */
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
