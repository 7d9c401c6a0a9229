import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `2m`, `1h`, `1d` in milliseconds. */
export function readDurationMs(text: string): number | undefined {
  const unit = UNIT_MS[text.slice(-1)];
  const count = text.slice(0, -1);
  return unit === undefined || !/^\d{1,6}$/.test(count) ? undefined : Number(count) * unit;
}

/** `20%` as 0.2; from `0%` to `100%`, with up to two decimals. */
export function readShare(text: string): number | undefined {
  if (!/^\d{1,3}(?:\.\d{1,2})?%$/.test(text)) return undefined;
  const percent = Number.parseFloat(text);
  return percent > 100 ? undefined : percent / 100;
}

const DATE = z.iso.date();

/** Days since 1970-01-01 of a `YYYY-MM-DD` that exists in the calendar. */
export function readDay(text: string | undefined): number | undefined {
  const { data } = DATE.safeParse(text);
  return data === undefined ? undefined : Date.parse(data) / 86_400_000;
}
