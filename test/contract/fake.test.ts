import { createFakeEc2 } from '../fakes/ec2/create-fake-ec2.ts';
import { holdContract } from './suite.ts';

holdContract('the fake', async () => {
  let nowMs = Date.UTC(2026, 10, 24);
  const fake = createFakeEc2({ clock: { now: () => nowMs } });
  fake.consistency.transitionMs = 1_000;
  const { ec2: budgeted } = fake.connect('budgeted');
  const { ec2 } = fake.connect('unlimited');
  // Like the sandbox's own hands, the case's draw from no budget.
  fake.hooks.before = (call) => {
    fake.throttles = call.principal === 'budgeted';
  };
  return {
    ec2,
    budgeted,
    image: 'ami-1',
    async makeServiceInterface(subnet) {
      const made = fake.admin.CreateNetworkInterface({ SubnetId: subnet });
      const id = made.NetworkInterface.NetworkInterfaceId ?? '';
      fake.admin.giveToService(id, 'nat');
      return id;
    },
    async defaultVpc() {
      const known = fake.snapshot().vpcs.find((vpc) => vpc.isDefault);
      if (known !== undefined) return known.id;
      const { Vpc } = fake.admin.CreateVpc({ CidrBlock: '172.31.0.0/16' });
      fake.admin.makeDefaultVpc(Vpc.VpcId);
      return Vpc.VpcId;
    },
    async pass() {
      nowMs += 100;
    },
  };
});
