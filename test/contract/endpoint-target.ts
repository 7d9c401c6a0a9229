import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateNatGatewayCommand,
  DescribeImagesCommand,
  DescribeNatGatewaysCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import type { ContractTarget } from './world.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Endpoint {
  readonly endpoint: string;
  readonly region: string;
  /** May everything, and draws from no budget. */
  readonly root: Keys;
  /** May everything in EC2, as any caller. */
  readonly user: Keys;
}

const PASS_MS = 100;

/** An EC2 that speaks AWS's protocol at an address of its own. */
export async function endpointTarget(at: Endpoint): Promise<ContractTarget> {
  const clientOf = (credentials: Keys): EC2Client =>
    new EC2Client({ endpoint: at.endpoint, region: at.region, credentials, maxAttempts: 1 });
  const ec2 = clientOf(at.root);
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  return {
    ec2,
    budgeted: clientOf(at.user),
    image: Images?.[0]?.ImageId ?? '',
    async makeServiceInterface(SubnetId) {
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({ SubnetId, ConnectivityType: 'private' }),
      );
      const NatGatewayIds = [NatGateway?.NatGatewayId ?? ''];
      const { NatGateways } = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds }));
      return NatGateways?.[0]?.NatGatewayAddresses?.[0]?.NetworkInterfaceId ?? '';
    },
    async defaultVpc() {
      const Filters = [{ Name: 'is-default', Values: ['true'] }];
      const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ Filters }));
      return Vpcs?.[0]?.VpcId ?? '';
    },
    async pass() {
      await wait(PASS_MS);
    },
  };
}
