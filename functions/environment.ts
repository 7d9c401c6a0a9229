import { z } from 'zod';
import { ENVIRONMENT, type EnvironmentName } from './env.ts';

/** A value that infra should have given is absent: the deployment is broken, not the input. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

const valueSchema = z.string().trim().min(1);

/**
 * The named values of the environment, read once when a function starts. Throws EnvironmentError
 * that lists every absent variable.
 *
 * @example const { table, bucket } = readEnvironment(['table', 'bucket']);
 */
export function readEnvironment<Name extends EnvironmentName>(
  names: readonly Name[],
  source: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<Name, string>> {
  const schema = z.object(
    Object.fromEntries(names.map((name) => [ENVIRONMENT[name], valueSchema])),
  );
  const result = schema.safeParse(source);
  if (!result.success) {
    const absent = result.error.issues.map((issue) => `\`${issue.path.join('.')}\``);
    throw new EnvironmentError(`the environment lacks ${absent.join(', ')}; infra/ sets them`);
  }
  return Object.fromEntries(names.map((name) => [name, result.data[ENVIRONMENT[name]]])) as Record<
    Name,
    string
  >;
}
