import {
  type ArgumentMetadata,
  type RpcExceptionFilter,
  type ArgumentsHost,
  Catch,
  Injectable,
  ValidationPipe,
  type ValidationError,
} from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import type { Fault } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { type Observable, throwError } from 'rxjs';

import { type CommandRefusal, UnreadablePayload } from './plain-json.js';

const MAX_FAULTS = 50;
/** Deeper than any command; class-transformer would fall over what is made to be deep. */
const MAX_DEPTH = 64;

const badCommand = (faults: readonly Fault[]): RpcException => {
  const words = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
  const refusal: CommandRefusal = {
    ok: false,
    code: 'BAD_COMMAND',
    message: `the command is refused: ${words}`,
    details: { faults },
  };
  return new RpcException(refusal);
};

/** Checks the DTOs of commands: unknown fields are refused, and every fault is listed with its path (BAD_COMMAND). */
@Injectable()
export class CommandPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => badCommand(faultsOf(errors).slice(0, MAX_FAULTS)),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (value instanceof UnreadablePayload) throw badCommand([{ path: '', code: 'isJson', message: value.reason }]);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badCommand([{ path: '', code: 'isObject', message: 'it must be a JSON object' }]);
    }
    if (isTooDeep(value)) {
      throw badCommand([{ path: '', code: 'isDeep', message: `it is nested deeper than ${MAX_DEPTH} levels` }]);
    }
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

/** Level by level: a recursive look would itself fall over. */
function isTooDeep(value: object): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}

/** Flat, with JSON pointers as paths. */
function faultsOf(errors: readonly ValidationError[], parent = ''): Fault[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const path = `${parent}/${property}`;
    const own = Object.entries(constraints ?? {}).map(([code, message]) => ({ path, code, message }));
    return [...own, ...faultsOf(children ?? [], path)];
  });
}

/** A SluiceError that a handler throws is the answer: its code, message and numbers. */
@Catch(SluiceError)
export class SluiceErrorFilter implements RpcExceptionFilter<SluiceError> {
  catch({ code, message, details }: SluiceError, _host: ArgumentsHost): Observable<never> {
    const refusal: CommandRefusal = { ok: false, code, message, details };
    return throwError(() => refusal);
  }
}
