import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CliFailure } from '../../cli/failure.ts';
import { readDescribeFolder } from '../../cli/read-describe.ts';
import { readInventoryFile } from '../../cli/read-inventory.ts';
import { canonicalAddress, canonicalCidr } from '../../core/inventory/cidr.ts';
import {
  type DescribeDocuments,
  inventoryFromDescribe,
} from '../../core/inventory/from-describe.ts';
import { inventorySchema } from '../../core/inventory/schema.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { DESCRIBED } from './estates.ts';
import { FUZZ_RUNS, hostileText, type Json, mutated } from './hostile.ts';
import { EXAMPLE } from './policies.ts';
import { askEverything } from './questions.ts';

const NOW = '2026-11-23T12:00:00Z';

function policyOf(): Policy {
  const { policy } = parsePolicy(EXAMPLE, { now: NOW });
  if (policy === undefined) throw new Error('the example does not lint clean');
  return policy;
}

const almostDescribed = mutated(DESCRIBED, { min: 1, max: 5 });

/** What the rest of the program takes for granted of an inventory. */
function holdShape(inventory: Inventory): void {
  expect(inventorySchema.safeParse(inventory).error?.issues).toBeUndefined();
  for (const { ipv4, ipv6 } of inventory.interfaces) {
    for (const address of [...ipv4, ...ipv6]) expect(canonicalAddress(address)).toBe(address);
  }
  for (const { ingress, egress } of inventory.groups) {
    for (const { peer } of [...ingress, ...egress]) {
      if ('cidr' in peer) expect(canonicalCidr(peer.cidr)).toBe(peer.cidr);
    }
  }
}

test('describe output with wrong things in it becomes an inventory of the right shape', () => {
  fc.assert(
    fc.property(almostDescribed, (documents) => {
      holdShape(inventoryFromDescribe(documents as DescribeDocuments, { takenAt: NOW }));
    }),
    { numRuns: FUZZ_RUNS },
  );
});

test('and every question about it is answered, whatever it says', () => {
  const policy = policyOf();
  let planned = 0;
  fc.assert(
    fc.property(almostDescribed, (documents) => {
      const inventory = inventoryFromDescribe(documents as DescribeDocuments, { takenAt: NOW });
      planned += askEverything(policy, inventory);
    }),
    { numRuns: Math.ceil(FUZZ_RUNS / 4) },
  );
  expect(planned).toBeGreaterThan(FUZZ_RUNS / 20);
});

/** Writes the files, and gives the inventory, or what the person is told instead. */
async function readFiles(files: Readonly<Record<string, string>>): Promise<Inventory | CliFailure> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-fuzz-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return await readDescribeFolder(folder, '.');
  } catch (error) {
    if (error instanceof CliFailure) return error;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('files of describe output are read, or refused by name', async () => {
  const { PrefixListEntries, ...kinds } = DESCRIBED;
  const valid: Record<string, Json> = {
    ...Object.fromEntries(
      Object.entries(kinds).map(([kind, list]) => [kind, { [kind]: list as Json }]),
    ),
    'PrefixListEntries-pl-01': { Entries: (PrefixListEntries?.['pl-01'] ?? []) as Json[] },
  };
  const broken = fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    hostileText,
    fc.constantFrom('[null]', '{}', '[]', '{"Vpcs":{"length":3}}', '\ufeff{}', '[[[]]]'),
  );
  let read = 0;
  await fc.assert(
    fc.asyncProperty(
      mutated(valid),
      broken,
      fc.constantFrom(...Object.keys(valid)),
      async (edited, text, at) => {
        const documents = Object.entries(edited ?? {}).filter(([name]) => /^[\w-]+$/.test(name));
        const files = Object.fromEntries(
          documents.map(([name, value]) => [`${name}.json`, JSON.stringify(value)]),
        );
        const found = await readFiles(
          text === undefined ? files : { ...files, [`${at}.json`]: text },
        );
        if (found instanceof CliFailure) {
          expect(found.message).toMatch(/`.+`/);
          return;
        }
        read += 1;
        holdShape(found);
      },
    ),
    { numRuns: Math.ceil(FUZZ_RUNS / 4) },
  );
  expect(read).toBeGreaterThan(FUZZ_RUNS / 40);
});

test('an inventory file is either one that can be planned on, or refused by what is wrong', async () => {
  const policy = policyOf();
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-fuzz-'));
  const inventory = inventoryFromDescribe(DESCRIBED, { takenAt: NOW });
  let read = 0;
  try {
    await fc.assert(
      fc.asyncProperty(mutated(inventory, { min: 0, max: 3 }), async (edited) => {
        writeFileSync(join(folder, 'inventory.json'), JSON.stringify(edited));
        const found = await readInventoryFile(folder, 'inventory.json').catch((error: unknown) => {
          if (error instanceof CliFailure) return error;
          throw error;
        });
        if (found instanceof CliFailure) {
          expect(found.code).toBe('bad-inventory');
          return;
        }
        read += 1;
        askEverything(policy, found);
      }),
      { numRuns: Math.ceil(FUZZ_RUNS / 4) },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(read).toBeGreaterThan(FUZZ_RUNS / 40);
});
