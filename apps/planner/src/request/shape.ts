import 'reflect-metadata';

import type { Fault } from '@sluice/contracts';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

import { DeployRequestDto } from './deploy-request.dto.js';
import { gateFaults } from './gate-shape.js';
import { childPath } from './pointer.js';
import { rampFaults } from './ramp-shape.js';
import { withoutReserved } from './reserved.js';
import { isPlainObject } from './rules.js';

/** Every fault in the form of a request: unknown, missing and wrong fields. Its values are not judged yet. */
export function shapeFaults(document: unknown): readonly Fault[] {
  if (!isPlainObject(document)) {
    return [{ path: '', code: 'BAD_OBJECT', message: 'a deploy request must be a JSON object' }];
  }
  const { clean, paths } = withoutReserved(document);
  const instance = plainToInstance(DeployRequestDto, clean);
  const options = {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false },
  };
  const faults = validateSync(instance, options).flatMap((error) => faultsOf(error, ''));
  return dropFollowUps([
    ...paths.map(unknownField),
    ...faults,
    ...gateFaults(fieldOf(clean, 'gates')),
    ...rampFaults(fieldOf(clean, 'ramp')),
  ]);
}

const fieldOf = (document: unknown, field: string): unknown =>
  Object.entries(document as object).find(([name]) => name === field)?.[1];

function faultsOf(error: ValidationError, parent: string): readonly Fault[] {
  const path = childPath(parent, error.property);
  const constraints = error.constraints ?? {};
  // Rules are listed in the order of the faults; the children of something that is no object say nothing of use.
  if ('BAD_OBJECT' in constraints)
    return [missingOr(error, { path, code: 'BAD_OBJECT', message: 'must be an object' })];
  if ('BAD_LIST' in constraints)
    return [missingOr(error, { path, code: 'BAD_LIST', message: constraints['BAD_LIST'] ?? 'must be a list' })];
  const own = Object.entries(constraints).map(([code, message]) => ownFault(error, path, code, message));
  const children = (error.children ?? []).flatMap((child) => faultsOf(child, path));
  return [...own, ...children];
}

function ownFault(error: ValidationError, path: string, code: string, message: string): Fault {
  if (code !== 'whitelistValidation') return missingOr(error, { path, code, message });
  return unknownField(path);
}

const unknownField = (path: string): Fault => ({
  path,
  code: 'UNKNOWN_FIELD',
  message: 'is no field that Sluice knows: check its spelling or remove it',
});

function missingOr(error: ValidationError, fault: Fault): Fault {
  if (error.value !== undefined) return fault;
  return { path: fault.path, code: 'REQUIRED', message: `is missing: it ${fault.message}` };
}

/** An unknown kind of profile makes every other fault of the profile guesswork. */
function dropFollowUps(faults: readonly Fault[]): readonly Fault[] {
  if (!faults.some(({ path }) => path === '/profile/kind')) return faults;
  return faults.filter(({ path }) => path === '/profile/kind' || !path.startsWith('/profile/'));
}
