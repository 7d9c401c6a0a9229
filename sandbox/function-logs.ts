import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import type { EstateTarget } from './estate/build.ts';

/**
 * Writes what the deployed functions have logged to one file a log group, oldest first: the local
 * AWS forgets it when it stops. Gives the files.
 */
export async function saveFunctionLogs(
  target: EstateTarget,
  folder: string,
): Promise<readonly string[]> {
  const client = new CloudWatchLogsClient(target);
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {})) {
    for (const { logGroupName = '' } of logGroups) {
      const lines: string[] = [];
      for await (const page of paginateFilterLogEvents({ client }, { logGroupName })) {
        lines.push(...(page.events ?? []).map((event) => (event.message ?? '').trimEnd()));
      }
      if (lines.length === 0) continue;
      const file = join(folder, `${logGroupName.replace(/[^\w.-]+/g, '_')}.log`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      files.push(file);
    }
  }
  return files;
}
