/**
 * Compiles the big estate once, in a process that does nothing else, and prints the peak of its
 * resident memory in MiB. bench/decisions.ts starts it with a heap that is limited.
 */
import { compilePolicy } from '../core/compile/compile-policy.ts';
import { BIG, bigInventory, bigPolicy, NOW, OWNER } from './estates.ts';

compilePolicy({ policy: bigPolicy(BIG), inventory: bigInventory(BIG), now: NOW, owner: OWNER });
console.log(Math.round(process.resourceUsage().maxRSS / 1_024));
