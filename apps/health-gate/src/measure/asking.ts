import { type AskedQuery, fillQuery, type MeasureProblem, type QueryValues } from '@sluice/gating';

import type { Measured, MeasurementPort } from '../providers/port.js';
import type { RolloutWatch } from '../watch/rollout-watch.js';
import type { NewHost } from './places.js';
import type { GateRow } from './rows.js';

/** Who is asked about what. */
export interface Asked {
  readonly watch: RolloutWatch;
  readonly row: GateRow;
  readonly hosts: readonly NewHost[];
  readonly values: QueryValues;
  readonly window: { readonly from: number; readonly to: number };
  readonly port: MeasurementPort;
  readonly source: string;
}

/** One measurement while it is made: the questions as they were asked, and what the source warned of. */
export class Asking {
  readonly asked: AskedQuery[] = [];
  readonly warnings: string[] = [];

  constructor(readonly to: Asked) {}

  /** The query as it is asked. Throws what ends the measurement: NotMeasured or NothingToAsk. */
  query(name: string, template: string, windowMs: number): string {
    const filling = fillQuery(template, this.to.values, windowMs);
    if (filling.ok) {
      this.asked.push({ name, query: filling.query });
      return filling.query;
    }
    if (filling.why === 'empty') throw new NothingToAsk(filling.words);
    throw new NotMeasured({ code: 'QUERY_INVALID', words: filling.words });
  }

  /** What a question brought. Throws NotMeasured. */
  async value<T>(question: Promise<Measured<T>>): Promise<T> {
    const measured = await question;
    if (measured.kind === 'error') throw new NotMeasured({ code: measured.code, words: measured.words });
    this.warnings.push(...(measured.warnings ?? []));
    return measured.value;
  }
}

/** It could not be measured. */
export class NotMeasured extends Error {
  constructor(readonly problem: MeasureProblem) {
    super(problem.words);
  }
}

/** There is nothing that could be asked about. */
export class NothingToAsk extends Error {}
