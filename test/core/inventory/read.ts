import {
  type DescribeDocuments,
  type DescribeOptions,
  inventoryFromDescribe,
} from '../../../core/inventory/from-describe.ts';

/** What AWS is made to say, as an inventory. */
export function read(documents: DescribeDocuments, options: Partial<DescribeOptions> = {}) {
  return inventoryFromDescribe(documents, { takenAt: '2026-11-23T12:00:00Z', ...options });
}
