import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiFault } from './fault.ts';

/**
 * Cursors are the store's own, wrapped with a checksum over the list and the filter that they belong
 * to: a cut, edited or misplaced one is refused, instead of giving a page of something else.
 * This is no secret: whoever may call the API may read every page anyway.
 */
const CHECKSUM_BYTES = 9;

export function sealCursor(context: string, cursor: string): string {
  const body = Buffer.from(cursor, 'utf8').toString('base64url');
  return `${body}.${checksum(context, body)}`;
}

/** Throws ApiFault `bad-cursor`. */
export function openCursor(context: string, sealed: string): string {
  const [body = '', given = '', ...rest] = sealed.split('.');
  // Text against text: decoded, several spellings would be the same checksum.
  const actual = Buffer.from(given);
  const expected = Buffer.from(checksum(context, body));
  const fits =
    rest.length === 0 && actual.length === expected.length && timingSafeEqual(actual, expected);
  if (!fits) {
    throw new ApiFault(
      'bad-cursor',
      'the cursor is not one that this list gave for this filter; start again without a cursor',
    );
  }
  return Buffer.from(body, 'base64url').toString('utf8');
}

function checksum(context: string, body: string): string {
  return createHmac('sha256', `bulkhead cursor ${context}`)
    .update(body)
    .digest()
    .subarray(0, CHECKSUM_BYTES)
    .toString('base64url');
}
