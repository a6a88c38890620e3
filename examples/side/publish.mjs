// Publishes weights to a file by hand, without Sluice: the next version, written aside and moved into place.
//   node publish.mjs <weights.json> <percent of flop>
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const [file, text] = process.argv.slice(2);
const percent = Number(text);
if (file === undefined || !Number.isInteger(percent) || percent < 0 || percent > 100) {
  process.stderr.write('usage: node publish.mjs <weights.json> <percent of flop, 0 to 100>\n');
  process.exit(2);
}

const version = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version + 1 : 1;
const weights = { flip: 100 - percent, flop: percent };
const document = { v: 1, group: 'search', version, weights, rolloutId: null, since: Date.now() };
writeFileSync(`${file}.new`, `${JSON.stringify(document)}\n`);
renameSync(`${file}.new`, file);
process.stdout.write(`version ${version}: flip ${weights.flip}, flop ${weights.flop}\n`);
