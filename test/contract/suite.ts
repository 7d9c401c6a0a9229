import { beforeAll, describe, test } from 'vitest';
import { describeCases } from './describe-cases.ts';
import { groupCases } from './group-cases.ts';
import { instanceCases } from './instance-cases.ts';
import { interfaceCases } from './interface-cases.ts';
import { listCases } from './list-cases.ts';
import { networkCases } from './network-cases.ts';
import { ruleCases } from './rule-cases.ts';
import { type Cases, type ContractTarget, World } from './world.ts';

/** What test/fakes/spec.md says of EC2 and an outside client can see. */
export const CONTRACT: Cases = {
  ...interfaceCases,
  ...groupCases,
  ...ruleCases,
  ...listCases,
  ...describeCases,
  ...instanceCases,
  ...networkCases,
};

/** The same cases, whatever EC2 they are held against. */
export function holdContract(name: string, reach: () => Promise<ContractTarget>): void {
  describe(`the contract with EC2, held against ${name}`, () => {
    let target: ContractTarget;
    beforeAll(async () => {
      target = await reach();
    });
    for (const [what, run] of Object.entries(CONTRACT)) {
      test(what, async () => {
        await run(await World.make(target));
      });
    }
  });
}
