import 'reflect-metadata';

import { REQUEST_LIMITS, REQUEST_PATTERNS } from '@sluice/contracts';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

import { ArtifactDto, Duration } from './parts.dto.js';
import { Int, isPlainObject, matches, Optional, Rule } from './rules.js';

const isService = matches(REQUEST_PATTERNS.label);

/** A list of whole numbers. Their order depends on each other, and is judged with the plan. */
const Numbers = (
  [least, most]: readonly [number, number],
  [fewest, longest]: readonly [number, number],
): PropertyDecorator => {
  const isNumber = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  const message = `must be a list of ${fewest} to ${longest} whole numbers from ${least} to ${most}`;
  return Rule('BAD_NUMBERS', message, (value) => {
    if (!Array.isArray(value) || value.length < fewest || value.length > longest) return false;
    return value.every(isNumber);
  });
};

const isArtifact = (value: unknown): boolean => {
  if (!isPlainObject(value)) return false;
  const options = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
  return validateSync(plainToInstance(ArtifactDto, value), options).length === 0;
};

const Artifacts = (): PropertyDecorator => {
  const most = REQUEST_LIMITS.services[1];
  const message = `must be an object of at most ${most} services, each with the url and the sha256 of its file`;
  return Rule('BAD_ARTIFACTS', message, (value) => {
    if (!isPlainObject(value)) return false;
    const entries = Object.entries(value as object);
    return entries.length <= most && entries.every(([name, artifact]) => isService(name) && isArtifact(artifact));
  });
};

/** What a request says of its shift, as TrafficWishes. */
export class TrafficDto {
  @Optional() @Numbers(REQUEST_LIMITS.weight, REQUEST_LIMITS.weights) weights?: unknown;
  @Optional() @Numbers(REQUEST_LIMITS.smokeWeight, REQUEST_LIMITS.smokeAt) smokeAt?: unknown;
  @Optional() @Duration() dwell?: unknown;
  @Optional() @Int(REQUEST_LIMITS.preScale) preScale?: unknown;
  @Optional() @Duration() readyWithin?: unknown;
  @Optional() @Duration() drainWindow?: unknown;
  @Optional() @Artifacts() artifacts?: unknown;
}
