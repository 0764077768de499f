import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Integration tests bring worlds and queues of their own; two files at once suit the two cores this is built for.
    maxWorkers: 2,
    pool: 'forks',
  },
});
