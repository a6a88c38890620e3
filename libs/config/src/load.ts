import { SluiceError } from '@sluice/kernel';

import { SETTINGS, type Setting, type SluiceConfig } from './settings.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable that cannot be used. The value itself is never repeated: it may be a secret in the wrong place. */
export interface ConfigFault {
  /** The variable. */
  readonly path: string;
  readonly wanted: string;
  /** What stands there: nothing but its kind and length. */
  readonly found: string;
}

/**
 * The configuration of a process, read once before anything connects. An empty variable counts as not set.
 * Code CONFIG_INVALID lists every fault at once in `details.faults`.
 */
export function loadConfig(env: Environment = process.env): SluiceConfig {
  const faults: ConfigFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(SETTINGS)) values[key] = valueOf(setting, env, faults);
  if (faults.length > 0) throw invalid(faults);
  return values as unknown as SluiceConfig;
}

/** SLUICE_ variables that nothing reads: most often a typing error, worth a warning at the start. */
export function unknownSettings(env: Environment = process.env): readonly string[] {
  const known = new Set(['SLUICE_NATS_SERVER', ...Object.values(SETTINGS).map(({ name }) => name)]);
  return Object.keys(env).filter((name) => name.startsWith('SLUICE_') && !known.has(name));
}

function valueOf({ name, read, fallback }: Setting<unknown>, env: Environment, faults: ConfigFault[]): unknown {
  const text = env[name]?.trim() ?? '';
  if (text === '') return fallback;
  const reading = read(text);
  if (reading.ok) return reading.value;
  faults.push({ path: name, wanted: reading.wanted, found: classOf(text) });
  return fallback;
}

function classOf(text: string): string {
  if (/^-?\d+$/.test(text)) return 'another number';
  if (URL.canParse(text)) return 'an address';
  return `text of ${text.length} characters`;
}

function invalid(faults: readonly ConfigFault[]): SluiceError {
  const lines = faults.map(({ path, wanted, found }) => `  ${path}: holds ${found}; set it to ${wanted}, or unset it`);
  const message = `the configuration has ${faults.length} fault(s); nothing was started:\n${lines.join('\n')}`;
  return new SluiceError('CONFIG_INVALID', message, { faults });
}
