import { afterAll } from 'vitest';
import { hasRedis, startRedis, type TestRedis } from './redis.ts';

/** The queues a queue test runs on: embedded always, Redis where it is installed (CI insists; npm test says so in a line). */
export const BACKENDS: readonly ('embedded' | 'redis')[] = hasRedis() ? ['embedded', 'redis'] : ['embedded'];

let redis: TestRedis | null = null;

/** Settings that point a patrol at a queue of its own. */
export async function queueSettings(kind: 'embedded' | 'redis'): Promise<{ queue: object }> {
  if (kind === 'embedded') return { queue: { url: null, dataDir: 'memory://' } };
  redis ??= await startRedis();
  return { queue: { url: redis.url, prefix: `t${Math.random().toString(36).slice(2, 10)}` } };
}

/** Stop the file's Redis when its tests are over. Call once at the top of a test file. */
export function stopQueuesAfterAll(): void {
  afterAll(async () => {
    await redis?.stop();
    redis = null;
  });
}
