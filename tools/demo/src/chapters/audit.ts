import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkpointsIn, type Ended, publicKeyIn, type World } from '../world/world.js';

/** Rollouts of the chapters before. */
export interface Past {
  /** Approved twice, and succeeded. */
  readonly good: string;
  /** Braked by the budget. */
  readonly braked: string;
}

/** 9. Somebody who believes nobody looks at the log of all that was told so far. */
export async function auditor(world: World, past: Past): Promise<void> {
  const { story } = world;
  story.begin(9, 'an auditor, who believes nobody, looks at the log of all this');
  const [verified, proof, explained, tried] = await Promise.all([
    verify(world),
    proofOf(world, past.good),
    world.sluice(['explain', past.braked, '--kind', 'brake', '--verify']),
    backtest(world),
  ]);
  story.quote(`$ sluice audit verify --checkpoint ... --key ${KEY}\n${verified.text}`);
  story.claim('the whole log holds together, and begins with each log that was signed while it grew', verified.ok, {
    checkpoints: verified.checkpoints,
  });
  await checkElsewhere(world, proof);
  tellBrake(world, explained);
  tellTrial(world, tried);
}

const PROOF = 'approval.tlog-proof';
const KEY = 'log.key.pub';
const FORGED = 'forged.tlog-proof';

async function verify(world: World) {
  const { folder } = world;
  const signed = readdirSync(checkpointsIn(folder)).filter((name) => /^\d.*\.checkpoint$/.test(name));
  const files = signed.map((name) => join(checkpointsIn(folder), name));
  const { code, stdout, stderr } = await world.sluice([
    ...['audit', 'verify', '--key', publicKeyIn(folder)],
    ...files.flatMap((file) => ['--checkpoint', file]),
  ]);
  const all = `${signed.length} of ${signed.length} checkpoints hold`;
  return { ok: code === 0 && stdout.includes(all), checkpoints: signed.length, text: stdout || stderr };
}

/** Of the approval of a canary, by whoever may read the log. */
async function proofOf(world: World, rollout: string): Promise<string> {
  const { folder } = world;
  const approval = (await world.api.events(rollout)).find(({ type }) => type === 'ApprovalGranted');
  const file = join(folder, PROOF);
  const checkpoint = join(checkpointsIn(folder), 'latest.checkpoint');
  await world.cli(['audit', 'prove', String(approval?.position), '--checkpoint', checkpoint, '--out', file]);
  return file;
}

/** By somebody who was sent two files: no server, no log, no setting, no variable of the environment. */
async function checkElsewhere(world: World, proof: string): Promise<void> {
  const { story, folder } = world;
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  copyFileSync(proof, join(elsewhere, PROOF));
  copyFileSync(publicKeyIn(folder), join(elsewhere, KEY));
  writeFileSync(join(elsewhere, FORGED), forged(readFileSync(proof, 'utf8')));
  const check = (file: string) => world.sluiceIn(elsewhere, ['audit', 'verify-proof', file, '--key', KEY]);
  const [sound, other] = await Promise.all([check(PROOF), check(FORGED)]);
  story.quote(`$ env -i sluice audit verify-proof ${PROOF} --key ${KEY}\n${sound.stdout || sound.stderr}`);
  story.claim(
    'who approved the canary of chapter 2 is proved to somebody who has one file and the public key, offline',
    sound.code === 0 && sound.stdout.startsWith('holds: ') && sound.stdout.includes('"ana"'),
    { exit: sound.code },
  );
  story.claim('the same file with another name in it is found out', other.code === ALTERED, {
    exit: other.code,
    says: other.stderr.trim(),
  });
}

/** What `sluice` ends with when a record is not what it says. */
const ALTERED = 9;

/** The entry of a proof is one line of base64. */
const forged = (proof: string): string =>
  proof.replace(/^extra (\S+)$/m, (_line, entry: string) => {
    const text = Buffer.from(entry, 'base64').toString('utf8').replaceAll('"ana"', '"eve"');
    return `extra ${Buffer.from(text).toString('base64')}`;
  });

/** Why chapter 4 was braked, decided once more by the auditor's own program. */
function tellBrake({ story }: World, { code, stdout, stderr }: Ended): void {
  story.quote(`$ sluice explain ID --kind brake --verify\n${stdout || stderr}`);
  story.claim(
    'the brake of chapter 4, and all else that was decided there, follows once more from what was recorded',
    code === 0 && /lost 2 .*= 2 >= limit 2/.test(stdout) && /\d+ decisions decided again: the same/.test(stdout),
    { exit: code },
  );
}

const STRICTER = 'name: stricter\napplies: { app: hello }\nbrake: { failureLimit: 1 }\n';

/** A policy for the next time, tried on this one. */
function backtest(world: World): Promise<Ended> {
  const file = join(world.folder, 'stricter.yaml');
  writeFileSync(file, STRICTER);
  return world.sluice(['backtest', '--policy', file, '--infer']);
}

function tellTrial({ story }: World, { code, stdout, stderr }: Ended): void {
  story.quote(`$ sluice backtest --policy stricter.yaml --infer   # failureLimit: 1\n${stdout || stderr}`);
  story.claim(
    'a brake that bears no failure would have stopped 3.1.0 earlier, and none of the good ones',
    code === 0 && /^earlier +1: spares [1-9]/m.test(stdout) && /^candidate +stopped 2 bad, 0 good/m.test(stdout),
    { exit: code },
  );
}
