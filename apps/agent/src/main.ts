import { fileURLToPath } from 'node:url';

import { loadConfig } from '@sluice/config';
import { openTelemetry } from '@sluice/observability';

import { readAgentConfig } from './config/agent-config.js';
import { runAgent, superviseAgent } from './run-agent.js';

/**
 * `node main.js [--supervise] <config.yaml>`: the agent of this host until SIGTERM or SIGINT; its apps live on. With
 * `--supervise` it can be upgraded by a rollout of its own.
 */
const args = process.argv.slice(2);
const file = args.find((arg) => !arg.startsWith('--')) ?? 'agent.yaml';
const settings = loadConfig();
const config = await readAgentConfig(file);
if (args.includes('--supervise')) {
  const installed = { program: process.execPath, args: [fileURLToPath(import.meta.url)] };
  await superviseAgent(file, { ...settings, dataDir: config.dataDir, installed });
  process.exit(0);
}
const telemetry = await openTelemetry(settings);
const { metrics, tracing } = telemetry;
const code = await runAgent(config, settings, {
  supervised: args.includes('--supervised'),
  ...(metrics === undefined ? {} : { metrics }),
  ...(tracing === undefined ? {} : { spans: tracing.sinkOf('agent') }),
});
await telemetry.stop();
process.exit(code);
