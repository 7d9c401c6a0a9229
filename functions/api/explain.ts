import { explainPath } from '../../core/api/explain.ts';
import { explainQuerySchema } from '../../core/api/explain-answer.ts';
import type { ApiAnswer } from './answer.ts';
import { type ApiContext, isoNow, readInForce } from './context.ts';
import { ApiFault } from './fault.ts';
import { type ApiRequest, readQueryAs } from './request.ts';

/** Answers from AWS as it is at this moment, and from the policy in force. */
export async function explain(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const query = readQueryAs(request, explainQuerySchema);
  const [inForce, inventory] = await Promise.all([
    readInForce(context),
    context.ports.reader.collectInventory(),
  ]);
  const explanation = explainPath({
    ...query,
    policy: inForce?.bundle?.policy,
    inventory,
    now: isoNow(context),
  });
  if (explanation.kind === 'unknown-end') {
    const detail = `${explanation.message}; GET /v1/workloads lists the workloads`;
    throw new ApiFault('unknown-end', detail);
  }
  if (explanation.kind === 'bad-port') throw new ApiFault('bad-request', explanation.message);
  return { status: 200, body: explanation.answer };
}
