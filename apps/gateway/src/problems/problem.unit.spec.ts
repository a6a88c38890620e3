import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { problemOfRefusal } from './command-problem.js';
import { problemOfError, refuse, statusOfCode } from './problem.js';

describe('problems', () => {
  it.each([
    ['NOT_FOUND', 404],
    ['NOT_OFFERED', 409],
    ['CONFLICT', 409],
    ['PLAN_CHANGED', 409],
    ['NOT_ALLOWED', 403],
    ['VERSION_CONFLICT', 412],
    ['BAD_COMMAND', 422],
    ['REASON_NEEDED', 422],
    ['SOMETHING_NEW', 422],
    ['NO_RESPONDER', 503],
    ['NO_ANSWER', 504],
  ])('%s is %d', (code, status) => {
    expect(statusOfCode(code)).toBe(status);
  });

  it('TRS-10 a conflict lists what is offered: the answer first, the read model where the answer says nothing', () => {
    const refused = {
      ok: false,
      code: 'NOT_OFFERED',
      message: 'no',
      details: { state: 'braked', actions: ['retry'] },
    } as const;
    expect(problemOfRefusal(refused, ['old'])).toMatchObject({
      status: 409,
      actions: ['retry'],
      details: { state: 'braked' },
    });
    expect(problemOfRefusal({ ok: false, code: 'CONFLICT', message: 'no' }, ['pause'])).toMatchObject({
      status: 409,
      actions: ['pause'],
    });
    expect(problemOfRefusal({ ok: false, code: 'NOT_ALLOWED', message: 'no' }, ['pause'])).not.toHaveProperty(
      'actions',
    );
  });

  it('passes faults on with their paths', () => {
    const faults = [{ path: '/command/host', code: 'isString', message: 'must be a string' }];
    expect(problemOfRefusal({ ok: false, code: 'BAD_COMMAND', message: 'bad', details: { faults } })).toMatchObject({
      status: 422,
      faults,
    });
  });

  it('knows bad input from a fault of ours', () => {
    expect(problemOfError(refuse('NOT_FOUND', 'gone'))).toMatchObject({ status: 404 });
    expect(problemOfError(new SluiceError('BAD_NAME', 'too long'))).toMatchObject({ status: 422, code: 'BAD_NAME' });
    expect(problemOfError(new SluiceError('LOG_UNAVAILABLE', 'down'))).toMatchObject({ status: 503 });
    expect(problemOfError(new SluiceError('INVARIANT_BROKEN', 'bug'))).toBeUndefined();
    expect(problemOfError(new Error('bug'))).toBeUndefined();
  });
});
