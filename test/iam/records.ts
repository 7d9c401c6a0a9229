import { fileURLToPath } from 'node:url';

const folder = new URL('../../.sandbox/iam-record/', import.meta.url);
const file = (name: string): string => fileURLToPath(new URL(`${name}.json`, folder));

/** Where each sandbox of the end-to-end suite leaves what its roles asked of IAM. */
export const RECORDS = {
  /** test/e2e/api.e2e.ts */
  api: file('api'),
  /** test/e2e/demo.e2e.ts, `npm start -- --exit` */
  demo: file('demo'),
  /** test/e2e/demo.e2e.ts, `npm start` */
  stay: file('stay'),
} as const;
