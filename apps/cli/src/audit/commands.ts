import type { Command } from 'commander';

import { examples, type Surroundings } from '../commands/shell.js';
import { addAccess } from './access.js';
import { addCheckpoint } from './checkpoint.js';
import { addConsistency } from './consistency.js';
import { addExport, addVerifyExport } from './export.js';
import { addKeygen } from './keys.js';
import { addPopulation, addVerifyPopulation } from './population.js';
import { addProve, addVerifyProof } from './prove.js';
import { addRecord, addVerifyRecord } from './record.js';
import { addVerify } from './verify.js';

/** What an auditor does: with the log or a copy of it, and without any service. */
export function addAudit(program: Command, surroundings: Surroundings): void {
  const audit = program
    .command('audit')
    .description('what can be proved about a log: verification, signed checkpoints, proofs, exports')
    .addHelpText(
      'after',
      examples(
        'sluice audit verify --checkpoint latest.checkpoint --key log.key.pub',
        'sluice audit prove ID:12 --checkpoint latest.checkpoint --out approval.tlog-proof',
        'sluice audit verify-proof approval.tlog-proof --key log.key.pub',
      ),
    );
  for (const add of [
    addVerify,
    addKeygen,
    addCheckpoint,
    addProve,
    addVerifyProof,
    addConsistency,
    addExport,
    addVerifyExport,
    addAccess,
    addRecord,
    addVerifyRecord,
    addPopulation,
    addVerifyPopulation,
  ])
    add(audit, surroundings);
}
