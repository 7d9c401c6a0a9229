/**
 * `npm run contract:localstack`: the contract with EC2, held against LocalStack's last open release.
 * Code 0 when every case passes, 1 when one fails, 2 when this machine lacks what LocalStack needs.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalStack } from '../../sandbox/localstack/boot.ts';
import { SandboxPrerequisite } from '../../sandbox/venv.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 4621;

function holdContract(endpoint: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const vitest = join(root, 'node_modules', '.bin', 'vitest');
    const child = spawn(vitest, ['run', '--config', 'vitest.contract.config.ts'], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CONTRACT_ENDPOINT: endpoint },
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

try {
  const onProgress = (text: string): void => console.log(`  ${text}`);
  const localstack = await startLocalStack({ port: PORT, onProgress });
  try {
    process.exitCode = await Promise.race([holdContract(localstack.endpoint), localstack.died]);
  } finally {
    await localstack.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof SandboxPrerequisite ? 2 : 1;
}
