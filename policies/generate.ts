import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messagesText, schemaText } from '../core/policy/generated-text.ts';

/** Files that are made from code, by their path from the root, with the text they should have. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'policies/schema.json': schemaText(),
    'docs/messages.md': messagesText(),
  };
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(generatedFiles())) {
    writeFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), text);
  }
}
