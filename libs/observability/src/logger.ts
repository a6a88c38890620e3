import { pino } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** A service's log: JSON lines on stderr, one object of facts and one sentence each. */
export type Logger = pino.Logger;

/** Anything a log line can be written to: a process stream, or what a test collects. */
export interface LogDestination {
  write(line: string): unknown;
}

const SECRET_KEYS = [
  'password',
  'passwd',
  'secret',
  'token',
  'apiKey',
  'api_key',
  'authorization',
  'cookie',
  'credentials',
  'privateKey',
  'nkey',
  'seed',
];

const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.headers["${key}"]`]);

// Fencing tokens and seeds of a simulation are numbers and stay: only text can be a secret.
const censor = (value: unknown): unknown => (typeof value === 'number' ? value : '[redacted]');

/** A logger of the service `name`. Values under keys that name a secret never reach the output. */
export function createLogger(name: string, level: LogLevel = 'info', destination?: LogDestination): Logger {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor },
  };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}
