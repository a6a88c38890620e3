import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

import { SluiceError } from '@sluice/kernel';

import type { Schema } from './parts.js';

/** The largest message that a parser reads, in bytes: what NATS carries by default. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

let shared: Ajv | undefined;

/** Compiled once, when it is first used: a program that never sees a message does not pay for its schema. */
export function validatorOf<T>(schema: Schema): ValidateFunction<T> {
  shared ??= new Ajv({
    discriminator: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
  });
  return shared.compile<T>(schema);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A parser of one kind of message: bytes are read as JSON first, any other value is taken as it is. */
export function parserOf<T>(what: string, schema: Schema): (input: unknown) => T {
  let validate: ValidateFunction<T> | undefined;
  return (input) => {
    validate ??= validatorOf<T>(schema);
    const value = input instanceof Uint8Array ? parseJson(what, input) : input;
    if (validate(value)) return value;
    throw badMessage(what, fault(validate.errors ?? []));
  };
}

function parseJson(what: string, bytes: Uint8Array): unknown {
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw badMessage(what, { path: '', reason: `has ${bytes.length} bytes, at most ${MAX_MESSAGE_BYTES} are read` });
  }
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw badMessage(what, { path: '', reason: 'must be JSON in UTF-8' }, cause);
  }
}

interface Fault {
  readonly path: string;
  readonly reason: string;
}

/** The first error that names a cause; `if` only says that its branch failed. */
function fault(errors: readonly ErrorObject[]): Fault {
  const error = errors.find(({ keyword }) => keyword !== 'if') ?? errors[0];
  if (error === undefined) return { path: '', reason: 'is not valid' };
  return { path: error.instancePath, reason: reasonOf(error) };
}

function reasonOf({ keyword, params, message }: ErrorObject): string {
  const bounded = (value: unknown): string => JSON.stringify(String(value).slice(0, 60));
  if (keyword === 'additionalProperties') return `must not have ${bounded(params['additionalProperty'])}`;
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as readonly unknown[]).join(', ')}`;
  if (keyword === 'const') return `must be ${bounded(params['allowedValue'])}`;
  if (keyword === 'discriminator')
    return `${bounded(params['tag'])} is not a ${bounded(params['tagValue'])} that Sluice knows`;
  return message ?? 'is not valid';
}

function badMessage(what: string, { path, reason }: Fault, cause?: unknown): SluiceError {
  const place = path === '' ? 'it' : path;
  return new SluiceError(
    'BAD_MESSAGE',
    `this is no ${what}: ${place} ${reason}`,
    { message: what, path, reason },
    { cause },
  );
}
