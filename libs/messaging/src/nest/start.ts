import type { RunningService } from '../running-service.js';
import type { CommandServerOptions } from './command-server.js';

/**
 * Serves a module's commands. Nest is loaded by those who serve commands only: an agent starts in a fraction of the
 * time without it.
 */
export async function startCommandServer(options: CommandServerOptions): Promise<RunningService> {
  const server = await import('./command-server.js');
  return server.startCommandServer(options);
}
