import type { EstateText } from './estate.ts';

export const OPEN_ACL = ['9 in allow all 0.0.0.0/0', '9 out allow all 0.0.0.0/0'];
export const OPEN_ACL_BOTH = [...OPEN_ACL, '10 in allow all ::/0', '10 out allow all ::/0'];
const LOCAL = '10.0.0.0/16 local';

/**
 * A public subnet with a web server, a NAT gateway and a balancer of before groups; a private one
 * behind the NAT gateway; another VPC behind a transit gateway; one whose way leads over a firewall.
 */
export const CONNECTED: EstateText = {
  vpcs: { 'vpc-1': ['10.0.0.0/16'], 'vpc-2': ['10.2.0.0/16'] },
  groups: {
    'sg-web': {
      in: ['tcp/443 0.0.0.0/0', 'tcp/22 sg-app', 'tcp/25 192.0.2.7/32'],
      out: ['all 0.0.0.0/0'],
    },
    'sg-app': { in: ['tcp/80 10.0.0.0/8'], out: ['all 0.0.0.0/0'] },
    'sg-far': {
      vpc: 'vpc-2',
      in: ['tcp/5432 10.0.0.0/16', 'tcp/22 sg-app'],
      out: ['all 0.0.0.0/0'],
    },
    'sg-shut': { in: ['all 0.0.0.0/0'], out: [] },
  },
  subnets: {
    'subnet-1': { acl: OPEN_ACL, routes: [LOCAL, '0.0.0.0/0 igw-1'] },
    'subnet-2': { acl: OPEN_ACL, routes: [LOCAL, '10.2.0.0/16 tgw-1', '0.0.0.0/0 nat-1'] },
    'subnet-3': { vpc: 'vpc-2', acl: OPEN_ACL, routes: ['10.2.0.0/16 local', '10.0.0.0/8 tgw-1'] },
    'subnet-4': { acl: OPEN_ACL, routes: [LOCAL, '0.0.0.0/0 vpce-firewall'] },
  },
  hosts: {
    web: { at: '10.0.1.1', groups: ['sg-web'], publicIpv4: '192.0.2.1' },
    nat: { at: '10.0.1.9', type: 'natGateway', publicIpv4: '192.0.2.9', natGateway: 'nat-1' },
    balancer: { at: '10.0.1.8', type: 'network_load_balancer', publicIpv4: '192.0.2.8' },
    app: { at: '10.0.2.1', subnet: 'subnet-2', groups: ['sg-app'] },
    shut: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-shut'] },
    far: { at: '10.2.3.1', subnet: 'subnet-3', groups: ['sg-far'] },
    guarded: { at: '10.0.4.1', subnet: 'subnet-4', groups: ['sg-app'] },
  },
};
