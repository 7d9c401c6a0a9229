import { z } from 'zod';
import { MESSAGES, type MessageEntry } from './messages.ts';
import { fileSchema } from './schema.ts';

/**
 * The text of policies/schema.json: JSON Schema draft 7, which is what editors take for YAML. It
 * says what the zod schema says; what it cannot say (names that exist, CIDRs) is for lint.
 */
export function schemaText(): string {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The text of docs/messages.md. */
export function messagesText(): string {
  const entries: [string, MessageEntry][] = Object.entries(MESSAGES);
  const table = (severity: MessageEntry['severity']): string =>
    entries
      .filter(([, entry]) => entry.severity === severity)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, { meaning, remedy }]) => `| \`${code}\` | ${meaning} | ${remedy} |`)
      .join('\n');
  return `# Messages

Made by \`npm run generate\` from core/policy/messages.ts; do not edit.

Each finding about a policy has a file, line and column, a code, what was seen and what to change.
A code is never renamed, so that scripts may rely on it.

## Errors
They stop a publish; the policy in force stays in force.

| code | what it means | what to do |
|---|---|---|
${table('error')}

## Warnings
They are told and stop nothing.

| code | what it means | what to do |
|---|---|---|
${table('warning')}
`;
}
