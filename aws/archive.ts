import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Archive } from '../engine/ports.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/**
 * The port Archive on a bucket: JSON, packed with gzip, since the inventory of a large estate has
 * tens of megabytes. Names are never reused but for a report, which grows while its plan runs.
 */
export function createArchive(bucket: string, client: S3Client = new S3Client({})): Archive {
  const put = (name: string, value: unknown) => write(client, bucket, name, value);
  const get = <T>(name: string) => read<T>(client, bucket, name);
  return {
    putPolicy: (version, sources) => put(policyName(version), sources),
    getPolicy: (version) => get(policyName(version)),
    async putPlan(plan, input) {
      // The plan last: whoever finds it finds what it was made from.
      await put(`plans/${plan.id}/input`, input);
      await put(`plans/${plan.id}/plan`, plan);
    },
    getPlan: (id) => get(`plans/${id}/plan`),
    getPlanInput: (id) => get(`plans/${id}/input`),
    putBundle: (bundle) => put(`bundles/${bundle.generation}`, bundle),
    getBundle: (generation) => get(`bundles/${generation}`),
    putLedger: (entry) => put(`ledger/${entry.interface}/${entry.recordedAt}`, entry),
    putReport: (report) => put(`plans/${report.plan}/report`, report),
    getReport: (plan) => get(`plans/${plan}/report`),
  };
}

function policyName(version: string): string {
  return `policies/${version.replace(':', '-')}`;
}

async function write(
  client: S3Client,
  bucket: string,
  name: string,
  value: unknown,
): Promise<void> {
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: `${name}.json.gz`,
      Body: await pack(JSON.stringify(value)),
      ContentType: 'application/json',
      ContentEncoding: 'gzip',
    }),
  );
}

async function read<T>(client: S3Client, bucket: string, name: string): Promise<T | undefined> {
  try {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: `${name}.json.gz` }),
    );
    if (Body === undefined) return undefined;
    return JSON.parse((await unpack(await Body.transformToByteArray())).toString('utf8')) as T;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}
