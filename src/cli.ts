#!/usr/bin/env node
import { buildProgram, runCli } from './cli/program.ts';
import { codeOf } from './errors.ts';

// A reader that closes early (`| head`) is no fault.
process.stdout.on('error', (error) => {
  if (codeOf(error) === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(buildProgram({ now: Date.now, env: process.env }), process.argv);
