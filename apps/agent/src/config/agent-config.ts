import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { Ajv, type ErrorObject } from 'ajv';
import { type Fault, MAX_NAME_BYTES } from '@sluice/contracts';
import { DURATION_PATTERN, messageOf, parseDuration, SluiceError } from '@sluice/kernel';
import { parse } from 'yaml';

import type { AppConfig } from '../app/app-host.js';

/** An agent's configuration file, read. */
export interface AgentConfig {
  readonly host: string;
  readonly site?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address?: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Where NATS listens; the process' own setting when absent. */
  readonly nats?: string;
  readonly helloIntervalMs?: number;
  readonly apps: readonly AppConfig[];
}

interface ConfigDocument extends Omit<AgentConfig, 'labels' | 'helloIntervalMs'> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly helloInterval?: string;
}

const name = { type: 'string', minLength: 1, maxLength: MAX_NAME_BYTES };
const texts = { type: 'object', maxProperties: 64, additionalProperties: { type: 'string', maxLength: 256 } };

const SCHEMA = {
  type: 'object',
  required: ['host', 'dataDir', 'apps'],
  additionalProperties: false,
  properties: {
    host: name,
    site: name,
    labels: texts,
    address: { type: 'string', minLength: 1, maxLength: 253 },
    dataDir: { type: 'string', minLength: 1, maxLength: 4_096 },
    nats: { type: 'string', pattern: '^(nats|tls)://', maxLength: 2_048 },
    helloInterval: { type: 'string', pattern: DURATION_PATTERN },
    apps: {
      type: 'array',
      minItems: 1,
      maxItems: 256,
      items: {
        type: 'object',
        required: ['app', 'group'],
        additionalProperties: false,
        properties: { app: name, group: name, port: { type: 'integer', minimum: 1, maximum: 65_535 }, env: texts },
      },
    },
  },
};

const validate = new Ajv({ allErrors: true }).compile<ConfigDocument>(SCHEMA);

/**
 * Reads an agent's YAML or JSON file. A relative dataDir is taken from the file's folder.
 * Code BAD_CONFIG lists every fault with its path in `details.faults`.
 */
export async function readAgentConfig(file: string): Promise<AgentConfig> {
  const document = parseText(file, await readText(file));
  if (!validate(document)) throw badConfig(file, (validate.errors ?? []).map(faultOf));
  const faults = twice(document.apps);
  if (faults.length > 0) throw badConfig(file, faults);
  const { helloInterval, ...rest } = document;
  return {
    ...rest,
    labels: document.labels ?? {},
    dataDir: resolve(dirname(file), document.dataDir),
    ...(helloInterval === undefined ? {} : { helloIntervalMs: Math.max(100, parseDuration(helloInterval)) }),
  };
}

const whole = (code: string, message: string): Fault => ({ path: '', code, message });

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw badConfig(file, [whole('UNREADABLE', messageOf(cause))]);
  }
}

function parseText(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw badConfig(file, [whole('BAD_YAML', messageOf(cause))]);
  }
}

function twice(apps: readonly AppConfig[]): readonly Fault[] {
  return apps.flatMap(({ app }, i) =>
    apps.findIndex((other) => other.app === app) < i
      ? [{ path: `/apps/${i}/app`, code: 'TWICE', message: `${app} is there already: a host runs an app once` }]
      : [],
  );
}

function faultOf({ instancePath, keyword, params, message }: ErrorObject): Fault {
  const code = keyword.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  if (keyword === 'additionalProperties')
    return {
      path: `${instancePath}/${String(params['additionalProperty'])}`,
      code,
      message: 'is not known: remove it',
    };
  if (keyword === 'required')
    return { path: `${instancePath}/${String(params['missingProperty'])}`, code, message: 'is missing: add it' };
  return { path: instancePath, code, message: message ?? 'is not valid' };
}

function badConfig(file: string, faults: readonly Fault[]): SluiceError {
  const lines = faults.map(({ path, message }) => `  ${path === '' ? 'the file' : path}: ${message}`);
  return new SluiceError('BAD_CONFIG', `${file} has ${faults.length} fault(s):\n${lines.join('\n')}`, { faults });
}
