#!/usr/bin/env node
import { buildProgram, runCli } from './cli/program.ts';

process.exitCode = await runCli(buildProgram({ now: Date.now, env: process.env }), process.argv);
