import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { dirname } from 'node:path';

/** The part of a V8 CPU profile that is read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples?: readonly number[] | undefined;
  readonly timeDeltas?: readonly number[] | undefined;
}

/** Share of the time that was not idle, by package and by function; the largest first. */
export interface ProfileSummary {
  readonly busyMs: number;
  readonly packages: readonly (readonly [name: string, share: number])[];
  readonly functions: readonly (readonly [name: string, share: number])[];
}

const SAMPLE_MICROS = 200;
const KEPT_FUNCTIONS = 40;

/** Runs `work` under the profiler of V8, writes the profile to `path`, and sums it up. */
export async function profiled<T>(
  path: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly summary: ProfileSummary }> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
  await session.post('Profiler.start');
  const result = await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(profile));
  return { result, summary: summaryOf(profile) };
}

function summaryOf({ nodes, samples = [], timeDeltas = [] }: CpuProfile): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, i) => {
    const frame = frames.get(id);
    const spent = timeDeltas[i] ?? 0;
    if (frame === undefined || isNotWork(frame.functionName, frame.url)) return;
    busy += spent;
    const owner = packageOf(frame.functionName, frame.url);
    add(packages, owner, spent);
    add(functions, `${owner} ${frame.functionName || '(anonymous)'}:${frame.lineNumber + 1}`, spent);
  });
  const shares = (spent: Map<string, number>): (readonly [string, number])[] =>
    [...spent].map(([name, micros]) => [name, micros / busy] as const).toSorted((a, b) => b[1] - a[1]);
  return { busyMs: busy / 1_000, packages: shares(packages), functions: shares(functions).slice(0, KEPT_FUNCTIONS) };
}

/** Nothing to do, or the profiler's own stop. */
const isNotWork = (name: string, url: string): boolean => name === '(idle)' || (name === 'dispatch' && url === '');

const add = (spent: Map<string, number>, key: string, micros: number): void =>
  void spent.set(key, (spent.get(key) ?? 0) + micros);

/** Which package's code runs: one of ours by its folder, one of npm by its name, else node or V8. */
function packageOf(name: string, url: string): string {
  const npm = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (npm !== undefined && !npm.startsWith('@sluice/')) return npm;
  const ours = /\/((?:libs|apps)\/(?:domain\/)?[^/]+|bench)\/dist\//.exec(url)?.[1];
  if (ours !== undefined) return ours;
  if (url.startsWith('node:')) return 'node';
  return name.startsWith('(') && name.endsWith(')') ? name : 'V8 and native';
}

/** The summary as a person reads it. */
export function profileText(title: string, { busyMs, packages, functions }: ProfileSummary): string {
  const lines = (shares: ProfileSummary['packages']): string[] =>
    shares
      .filter(([, share]) => share >= 0.005)
      .map(([name, share]) => `    ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  return [
    `${title}: ${Math.round(busyMs)} ms busy`,
    '  by package',
    ...lines(packages),
    '  by function',
    ...lines(functions),
    '',
  ].join('\n');
}
