import type { AgentConfig } from '@sluice/agent';
import { loadConfig, type SluiceConfig } from '@sluice/config';

import { CliError, EXIT } from '../client/exit.js';
import { openTelemetry } from '../services/telemetry.js';

export interface AgentOptions {
  readonly config?: string;
  readonly host?: string;
  readonly app?: string;
  readonly group?: string;
  readonly port?: number;
  readonly dataDir?: string;
  readonly supervise?: boolean;
  readonly supervised?: boolean;
}

/** Runs the agent, or its supervisor, until the process is told to stop. `sluice` is the argv of this program. */
export async function runAgentCommand(
  file: string | undefined,
  options: AgentOptions,
  sluice: readonly string[],
): Promise<void> {
  const { readAgentConfig, runAgent, superviseAgent } = await import('@sluice/agent');
  const settings = loadConfig();
  const config = file === undefined ? fromOptions(options, settings) : await readAgentConfig(file);
  if (options.supervise === true) {
    if (file === undefined) throw new CliError(EXIT.usage, '--supervise needs a configuration file');
    const [program = '', ...args] = sluice;
    const installed = { program, args: [...args, 'agent'] };
    return superviseAgent(file, { dataDir: config.dataDir, installed, logLevel: settings.logLevel });
  }
  const telemetry = await openTelemetry(settings);
  const { metrics, tracing } = telemetry;
  const code = await runAgent(config, settings, {
    ...(metrics === undefined ? {} : { metrics }),
    ...(tracing === undefined ? {} : { spans: tracing.sinkOf('agent') }),
    supervised: options.supervised === true,
  });
  await telemetry.stop();
  // Its supervisor waits for just this code; no other command has it.
  if (code !== 0) process.exit(code);
}

function fromOptions({ host, app, group, port, dataDir }: AgentOptions, settings: SluiceConfig): AgentConfig {
  if (host === undefined || app === undefined || group === undefined) {
    throw new CliError(EXIT.usage, 'an agent needs a configuration file, or --host, --app and --group');
  }
  return {
    host,
    labels: {},
    dataDir: dataDir ?? settings.dataDir,
    apps: [{ app, group, ...(port === undefined ? {} : { port }) }],
  };
}
