import * as z from 'zod';

/** ISO 8601, UTC. Kept as text: what was recorded is passed on as it is. */
export const time = z.string().meta({ format: 'date-time' });
