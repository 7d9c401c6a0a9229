import type { Plan } from '../../core/model/plan.ts';
import { inventory } from '../properties/builders.ts';

/** The archive of one plan, made for an empty estate under an empty policy; it keeps no report. */
export function planArchive(plan: Plan) {
  return {
    getPlan: async () => plan,
    getPlanInput: async () => ({ inventory: inventory([]), ledger: {} }),
    getPolicy: async () => [{ file: 'root.yaml', text: 'apiVersion: bulkhead/v1\n' }],
    getReport: async () => undefined,
    putReport: async () => {},
  };
}
