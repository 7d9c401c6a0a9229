/**
 * Control characters (C0, DEL, C1) and those that reorder or hide text: bidirectional overrides and
 * isolates, zero-width and invisible characters, tags, line and paragraph separators. Names and tag values are written
 * by strangers; a terminal obeys some of these.
 */
const UNSAFE =
  /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Untrusted text for one cell or line of a terminal, cut to length. */
export function printable(text: string, lengthMax = 120): string {
  const clean = text.replace(UNSAFE, '\u00b7');
  const characters = [...clean];
  return characters.length <= lengthMax ? clean : `${characters.slice(0, lengthMax - 1).join('')}…`;
}
