#!/usr/bin/env node
/** Writes .oxlintrc.json from the table in boundaries.mjs. A test fails while the two differ. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { lintConfiguration } from './oxlint.mjs';

const target = fileURLToPath(new URL('../../.oxlintrc.json', import.meta.url));
writeFileSync(target, await format(JSON.stringify(lintConfiguration()), { parser: 'json', printWidth: 120 }));
