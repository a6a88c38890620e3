import { describe, expect, it } from 'vitest';

import { errorOfProblem, EXIT } from './exit.js';

const problem = (status: number, more: object = {}) => ({
  type: 't',
  title: 't',
  status,
  code: 'CODE',
  detail: 'do this',
  ...more,
});

describe('exit codes', () => {
  it.each([
    [400, EXIT.error],
    [403, EXIT.notAllowed],
    [404, EXIT.notFound],
    [409, EXIT.conflict],
    [412, EXIT.conflict],
    [422, EXIT.error],
    [503, EXIT.error],
    [504, EXIT.timeout],
  ])('%d ends with %d', (status, exit) => {
    expect(errorOfProblem(problem(status)).exit).toBe(exit);
  });

  it('tells every fault and what is possible', () => {
    const faults = [
      { path: '/app', code: 'REQUIRED', message: 'is missing' },
      { path: '', code: 'X', message: 'is odd' },
    ];
    expect(errorOfProblem(problem(422, { faults })).message).toBe(
      'CODE: do this\n  /app: is missing\n  the document: is odd',
    );
    expect(errorOfProblem(problem(409, { actions: ['retry', 'cancel'] })).message).toBe(
      'CODE: do this\npossible now: retry, cancel',
    );
  });
});
