import type { Plan } from '../../core/model/plan.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { inventory, NOW } from '../properties/builders.ts';

const ROOT = { file: 'root.yaml', text: 'apiVersion: bulkhead/v1\n' };

/** The archive of one plan, made for an empty estate under an empty policy; it keeps no report. */
export function planArchive(plan: Plan) {
  return {
    getPlan: async () => plan,
    getPlanInput: async () => ({ inventory: inventory([]), ledger: {} }),
    getPolicy: async () => [ROOT],
    getBundle: async () => ({
      ...{ generation: plan.generation, policy: parsePolicy([ROOT], { now: NOW }).policy },
      ...{ groupIds: {}, ownedIds: [], vpcs: [], groupsPerInterface: 5 },
    }),
    getReport: async () => undefined,
    putReport: async () => {},
  };
}
