import { endpointTarget } from './endpoint-target.ts';
import { holdContract } from './suite.ts';

/**
 * The contract against whatever EC2 answers at CONTRACT_ENDPOINT, for which any keys will do:
 * test/contract/localstack.ts starts it so. Run by hand against an emulator of your own:
 *
 *     CONTRACT_ENDPOINT=http://127.0.0.1:5000 npx vitest run --config vitest.contract.config.ts
 */
const endpoint = process.env.CONTRACT_ENDPOINT;
if (endpoint === undefined) throw new Error('CONTRACT_ENDPOINT names no endpoint');

holdContract(endpoint, () => {
  const keys = { accessKeyId: 'test', secretAccessKey: 'test' };
  return endpointTarget({ endpoint, region: 'us-east-1', root: keys, user: keys });
});
