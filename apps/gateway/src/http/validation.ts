import { type ArgumentMetadata, type ValidationError, ValidationPipe } from '@nestjs/common';

import type { Fault } from '@sluice/contracts';

import { refuse } from '../problems/problem.js';
import { documentOf } from '../requests/document.js';

const MAX_FAULTS = 100;
/** Far more than any command says. To look at each of a mebibyte of them would hold up everybody else for seconds. */
const MAX_VALUES = 1_000;

/** Bodies and queries are read as their classes say; what they do not know is refused, every fault is listed. */
class InputPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      stopAtFirstError: false,
      exceptionFactory: (errors) => {
        const faults = errors.flatMap((error) => faultsOf(error, '')).slice(0, MAX_FAULTS);
        const first = faults[0];
        const detail = first === undefined ? 'the input has faults' : `${first.path} ${first.message}`;
        return refuse('BAD_INPUT', `${faults.length} fault(s): ${detail}`, { status: 422, faults });
      },
    });
  }

  /** Nest's own pipe takes a text, a number or a list for a body that says nothing, and falls over a deep one. */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && value !== undefined)
      documentOf(value, metadata.metatype === Object ? undefined : MAX_VALUES);
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

export const inputPipe = (): ValidationPipe => new InputPipe();

const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function faultsOf(error: ValidationError, above: string): Fault[] {
  const path = `${above}/${escapePointer(error.property)}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, words]) => ({
    path,
    code: rule === 'whitelistValidation' ? 'UNKNOWN_FIELD' : 'BAD_VALUE',
    message: rule === 'whitelistValidation' ? 'is not known here: leave it out' : words,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, path))];
}
