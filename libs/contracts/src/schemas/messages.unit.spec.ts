import { isSluiceError, type SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { MESSAGE_SAMPLES, SAMPLE_RUN, SAMPLE_REPORT, SAMPLE_HELLO } from './message-samples.js';
import {
  parseAttemptStatus,
  parseDependencyCommand,
  parseFleetCommand,
  parseGroupCommand,
  parseHello,
  parseOutputQuery,
  parseOutputReply,
  parseReportAnswer,
  parseRolloutCommand,
  parseRunCommand,
  parseRunReply,
  parseRunReport,
  parseStatusQuery,
  parseVariableCommand,
} from './messages.js';
import { MAX_MESSAGE_BYTES } from './validate.js';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function refusal(parse: () => unknown): SluiceError {
  try {
    parse();
  } catch (error) {
    if (isSluiceError(error, 'BAD_MESSAGE')) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const PARSERS: Readonly<Record<string, (input: unknown) => unknown>> = {
  RunCommand: parseRunCommand,
  RunReply: parseRunReply,
  StatusQuery: parseStatusQuery,
  AttemptStatus: parseAttemptStatus,
  OutputQuery: parseOutputQuery,
  OutputReply: parseOutputReply,
  RunReport: parseRunReport,
  ReportAnswer: parseReportAnswer,
  Hello: parseHello,
  RolloutCommandEnvelope: parseRolloutCommand,
  GroupCommandEnvelope: parseGroupCommand,
  DependencyCommandEnvelope: parseDependencyCommand,
  VariableCommandEnvelope: parseVariableCommand,
  FleetCommandEnvelope: parseFleetCommand,
};

describe.each(Object.entries(MESSAGE_SAMPLES))('messages: %s', (kind, samples) => {
  const parse = PARSERS[kind];
  it.each(samples.map((sample) => [JSON.stringify(sample).slice(0, 80), sample] as const))(
    'reads %s as a value and as bytes',
    (_, sample) => {
      expect(parse?.(sample)).toEqual(sample);
      expect(parse?.(bytes(sample))).toEqual(sample);
    },
  );

  it.each([null, undefined, 7, 'text', [], {}, [[]], { v: 2 }])('refuses %j with BAD_MESSAGE', (value) => {
    expect(refusal(() => parse?.(value)).message).toMatch(/^this is no \w+: \S+ /);
  });

  it('refuses a message without any one of its fields', () => {
    for (const sample of samples) {
      for (const field of Object.keys(sample).filter((key) => !OPTIONAL.has(key))) {
        const { [field]: _, ...rest } = sample as Record<string, unknown>;
        expect(refusal(() => parse?.(rest)).details['path'], `${kind} without ${field}`).toBe('');
      }
    }
  });
});

const OPTIONAL: ReadonlySet<string> = new Set(['site', 'reason', 'expectedRev', 'trace']);

describe('messages: bounds', () => {
  it('refuses bytes that are no JSON or no UTF-8', () => {
    expect(refusal(() => parseRunReport(new TextEncoder().encode('{"v":1'))).message).toContain('must be JSON');
    expect(refusal(() => parseRunReport(Uint8Array.from([0x22, 0xff, 0x22]))).message).toContain('must be JSON');
    expect(refusal(() => parseRunReport(new Uint8Array(MAX_MESSAGE_BYTES + 1))).message).toContain('bytes');
  });

  it('names the place of the first fault', () => {
    const steps = [{ step: 'drain', ok: true, ms: -1 }];
    expect(refusal(() => parseRunReport({ ...SAMPLE_REPORT, steps })).details).toMatchObject({
      path: '/steps/0/ms',
      reason: 'must be >= 0',
    });
  });

  it('bounds every text and list of a report', () => {
    const good = { step: 'drain', ok: true, ms: 1 };
    const bad: readonly object[] = [
      { attempt: 'a'.repeat(701) },
      { host: '' },
      { host: 'h'.repeat(201) },
      { rollout: 'r16-00000000000000000000000000' },
      { rollout: 'a.>' },
      { target: 0.5 },
      { token: -1 },
      { steps: Array.from({ length: 9 }, () => good) },
      { steps: [{ ...good, step: 'explode' }] },
      { steps: [{ ...good, ok: false }] },
      { steps: [{ ...good, source: 'x'.repeat(501) }] },
      { steps: [{ ...good, fellBack: Array.from({ length: 10 }, () => ({ url: 'file:///x', code: 'X' })) }] },
      { steps: [{ ...good, ok: false, code: 'lower', message: 'm', serving: true }] },
      { steps: [{ ...good, ok: false, code: 'X', message: 'm'.repeat(4_001), serving: true }] },
      { kind: 'other' },
    ];
    for (const change of bad) refusal(() => parseRunReport({ ...SAMPLE_REPORT, ...change }));
  });

  it('bounds the labels, apps and versions of a hello', () => {
    const app = SAMPLE_HELLO.apps[0];
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v']));
    refusal(() => parseHello({ ...SAMPLE_HELLO, labels }));
    refusal(() => parseHello({ ...SAMPLE_HELLO, labels: { k: 'v'.repeat(257) } }));
    refusal(() => parseHello({ ...SAMPLE_HELLO, apps: Array.from({ length: 257 }, () => app) }));
    refusal(() =>
      parseHello({ ...SAMPLE_HELLO, apps: [{ ...app, localVersions: Array.from({ length: 65 }, String) }] }),
    );
  });

  it('tolerates more in what agents send and refuses it in commands', () => {
    expect(parseRunReport({ ...SAMPLE_REPORT, later: 1 })).toMatchObject({ later: 1 });
    expect(parseHello({ ...SAMPLE_HELLO, later: 1 })).toMatchObject({ later: 1 });
    expect(refusal(() => parseRunCommand({ ...SAMPLE_RUN, later: 1 })).details['reason']).toBe('must not have "later"');
    expect(refusal(() => parseStatusQuery({ v: 1, attempt: 'a', later: 1 })).details['reason']).toBe(
      'must not have "later"',
    );
    const [command] = MESSAGE_SAMPLES.RolloutCommandEnvelope;
    expect(refusal(() => parseRolloutCommand({ ...command, command: { type: 'pause', why: 1 } })).details['path']).toBe(
      '/command',
    );
  });

  it('says which command it does not know', () => {
    const [command] = MESSAGE_SAMPLES.RolloutCommandEnvelope;
    expect(refusal(() => parseRolloutCommand({ ...command, command: { type: 'explode' } })).message).toContain(
      '"explode"',
    );
  });
});
