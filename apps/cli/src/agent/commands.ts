import { join } from 'node:path';

import { type Command, Option } from 'commander';

import { countArgument, durationArgument, shellOf, type Surroundings } from '../commands/shell.js';
import { UNIT_FOLDER, unitOf, writeUnit } from './install.js';
import { pull, type PullWishes } from './pull.js';
import { type AgentOptions, runAgentCommand } from './run.js';

/** How this very program is started. */
const SLUICE = [process.execPath, join(import.meta.dirname, '..', 'main.js')] as const;

const PULL_EXAMPLES = `
Examples:
  sluice agent /etc/sluice/agent.yaml
  sluice agent --pull --host web-01 --role web --data-dir /var/lib/sluice --hook /usr/local/bin/converge`;

const INSTALL_EXAMPLES = `
Examples:
  sluice agent install /etc/sluice/agent.yaml --dry-run        shows the unit
  sudo sluice agent install /etc/sluice/agent.yaml             writes it
  sudo systemctl daemon-reload && sudo systemctl enable --now sluice-agent`;

/** The agent of this host, its supervisor, and the systemd unit that runs them. */
export function addAgent(program: Command, surroundings: Surroundings): void {
  const agent = program
    .command('agent')
    .description('run the agent of this host until SIGTERM; its apps live on')
    .argument('[file]', 'its configuration, YAML or JSON')
    .option('--config <file>', 'the same')
    .option('--host <name>', 'without a file: the name of this host')
    .option('--app <name>', 'the app that it runs')
    .option('--group <name>', 'the group that it belongs to')
    .option('--port <port>', 'where the app listens', countArgument)
    .option('--data-dir <folder>', 'journal, releases and states')
    .option('--supervise', 'run it as a process of its own that a rollout can upgrade')
    .option('--pull', 'ask the gateway what this host is to have, and keep it: needs --host, no NATS and no apps')
    .option('--role <name>', 'with --pull: what the host is for', 'default')
    .option('--fleet <name>', 'with --pull: its fleet', 'default')
    .option('--every <duration>', 'with --pull: how often it asks', durationArgument, 60_000)
    .option('--hook <argv...>', 'with --pull: run when a value changed, with the file of the values behind it')
    .option('--once', 'with --pull: ask once and end (1: nobody answered, or the hook failed)')
    .addHelpText('after', PULL_EXAMPLES)
    .addOption(new Option('--supervised').hideHelp())
    .action(async (file: string | undefined, options: AgentOptions & PullWishes, command: Command) =>
      options.pull === true
        ? pull(
            options,
            shellOf(command, surroundings),
            command.optsWithGlobals<{ token?: string }>().token ?? surroundings.defaultToken,
          )
        : runAgentCommand(file ?? options.config, options, SLUICE),
    );
  addInstall(agent, surroundings);
}

interface InstallOptions {
  readonly to: string;
  readonly name: string;
  readonly user: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

function addInstall(agent: Command, { out }: Surroundings): void {
  agent
    .command('install')
    .description('write the systemd unit of the agent with this configuration')
    .argument('<file>', 'its configuration, YAML or JSON')
    .option('--to <folder>', 'where units are', UNIT_FOLDER)
    .option('--name <name>', 'of the unit', 'sluice-agent')
    .option('--user <name>', 'whom the agent and its apps run as', 'root')
    .option('--dry-run', 'print the unit and write nothing')
    .option('--force', 'replace a unit that says something else')
    .addHelpText('after', INSTALL_EXAMPLES)
    .action(async (file: string, { to: folder, name, user, dryRun, force }: InstallOptions) => {
      const unit = await unitOf({ file, folder, name, user, sluice: SLUICE });
      if (dryRun === true) return out(unit.text.trimEnd());
      const written = await writeUnit(unit, force === true);
      out(written ? `${unit.path} is written` : `${unit.path} is there already, the same`);
      out(`now: systemctl daemon-reload && systemctl enable --now ${name}`);
    });
}
