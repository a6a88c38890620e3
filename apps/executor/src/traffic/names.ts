import { SluiceError } from '@sluice/kernel';

import { DEPENDENCY_REFUSED } from '../dependency/breaker.js';

export const refused = (message: string): SluiceError => new SluiceError(DEPENDENCY_REFUSED, message);

export const refusedName = (name: string, rest: string): SluiceError =>
  refused(`"${name.slice(0, 60)}" is no name that ${rest}`);
