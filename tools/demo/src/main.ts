import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { auditor } from './chapters/audit.js';
import {
  badCanary,
  badPart,
  firstVersion,
  goesOn,
  goodVersion,
  killedExecutor,
  whyBraked,
} from './chapters/chapters.js';
import { rampFreezes } from './chapters/ramp.js';
import { twoSides } from './chapters/shop.js';
import { Story } from './world/story.js';
import { World } from './world/world.js';

const USAGE =
  'usage: npm run demo [-- --json] [--keep]\n  --json  the summary as one JSON object on the last line\n  --keep  leave the folder with logs and data';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function play(story: Story, folder: string): Promise<void> {
  const world = await World.start(folder, story);
  try {
    story.tell(
      `planner, health-gate, notifier and gateway on ${world.api.url}, an executor, 12 agents; logs in ${join(folder, 'logs')}`,
    );
    await firstVersion(world);
    // They are needed in chapter 7, and start meanwhile.
    world.startShop();
    const good = await goodVersion(world);
    await badCanary(world);
    const braked = await badPart(world);
    const killed = await killedExecutor(world);
    await together(world, [
      (beside) => goesOn(beside, killed),
      (beside) => whyBraked(beside, braked),
      twoSides,
      rampFreezes,
    ]);
    await auditor(world, { good, braked });
  } finally {
    await world.stop();
  }
}

/** Chapters that have nothing to do with one another are played at once, and told one after the other. */
async function together(world: World, chapters: readonly ((world: World) => Promise<void>)[]): Promise<void> {
  const played = chapters.map((chapter) => {
    const aside = world.story.aside();
    return { tell: () => aside.tell(), end: chapter(world.toldBy(aside.story)) };
  });
  const ends = Promise.allSettled(played.map(({ end }) => end));
  for (const { tell, end } of played) {
    tell();
    // What went wrong is thrown when all have ended.
    await end.catch(() => undefined);
  }
  for (const end of await ends) if (end.status === 'rejected') throw end.reason;
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--json' && arg !== '--keep');
  if (unknown !== undefined) {
    print(`unknown option ${unknown}\n${USAGE}`);
    return 2;
  }
  const story = new Story(print);
  const folder = mkdtempSync(join(tmpdir(), 'sluice demo '));
  let error: string | undefined;
  await play(story, folder).catch((thrown: unknown) => {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    print(`the story broke off: ${error}`);
  });
  const ok = error === undefined && story.allTrue;
  const keep = args.includes('--keep') || !ok;
  if (keep) print(`logs and data: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  summarize(story, ok);
  if (args.includes('--json'))
    print(
      JSON.stringify({ ok, seconds: story.seconds, claims: story.claims, ...(error === undefined ? {} : { error }) }),
    );
  return ok ? 0 : 1;
}

function summarize(story: Story, ok: boolean): void {
  print('\nSummary');
  for (const { chapter, claim, ok: so } of story.claims) print(`  ${so ? 'ok    ' : 'NOT SO'} ${chapter}. ${claim}`);
  print(`${ok ? 'Every claim was checked and is true' : 'Not every claim is true'} (${story.seconds} s).`);
}

process.exitCode = await main(process.argv.slice(2));
