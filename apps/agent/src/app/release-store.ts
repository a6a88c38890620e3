import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { REQUEST_PATTERNS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { diskFault, onDisk } from '../files/disk-fault.js';
import { readIfThere, syncFolder, isErrno } from '../files/durable.js';
import { syncTree } from '../files/sync-tree.js';

/** Beside the files of a release: which artifact they came from. Written last, so a half release has none. */
const RECORD = '.sluice-release.json';

/** A version as a folder's name: no separators, no leading dot. */
const SAFE_VERSION = new RegExp(REQUEST_PATTERNS.version, 'u');

export const isSafeVersion = (version: string): boolean => SAFE_VERSION.test(version);

/** The artifact that a release came from, and whether it was unpacked (`tree`) or kept as it is (`file`). */
export interface Origin {
  readonly sha256: string;
  readonly form: 'tree' | 'file';
}

export interface Adding {
  /** Aside until `unstage`, so that the release that is there stays as it is. */
  readonly staged: boolean;
  /** Writes the files of the version into the folder that it is given. */
  readonly fill: (folder: string) => Promise<void>;
}

/** `releases/<version>/` of one app, and the symlink `current`. */
export class ReleaseStore {
  private constructor(private readonly folder: string) {}

  /** Removes what an interrupted step left behind. */
  static async open(folder: string): Promise<ReleaseStore> {
    const store = new ReleaseStore(folder);
    await mkdir(store.releasesFolder, { recursive: true });
    await rm(store.scratch, { recursive: true, force: true });
    await mkdir(store.scratch, { recursive: true });
    await mkdir(store.downloads, { recursive: true, mode: 0o700 });
    return store;
  }

  get releasesFolder(): string {
    return join(this.folder, 'releases');
  }

  /** On the same file system as the releases, so that a rename moves whole trees at once. */
  get scratch(): string {
    return join(this.folder, 'tmp');
  }

  private get staged(): string {
    return join(this.folder, 'staged');
  }

  private get downloads(): string {
    return join(this.folder, 'downloads');
  }

  pathOf(version: string): string {
    return join(this.releasesFolder, version);
  }

  /** Where a download of this digest goes, over crashes and attempts. Those of other digests are removed. */
  async incoming(sha256: string): Promise<string> {
    await onDisk(this.downloads, async () => {
      for (const name of await readdir(this.downloads)) {
        if (!name.startsWith(sha256)) await rm(join(this.downloads, name), { recursive: true, force: true });
      }
    });
    return join(this.downloads, sha256);
  }

  /** This version is here whole, made of this artifact in this way. */
  holds(version: string, origin: Origin): Promise<boolean> {
    return isOf(this.pathOf(version), origin);
  }

  /** It was fetched anew and waits for `unstage`. */
  isStaged(version: string, origin: Origin): Promise<boolean> {
    return isOf(join(this.staged, version), origin);
  }

  /** Puts a version in place or aside for later, all or nothing. Codes DISK_FULL, NO_PERMISSION, BAD_ARCHIVE. */
  async add(version: string, origin: Origin, adding: Adding): Promise<void> {
    try {
      await this.tryAdding(version, origin, adding);
    } catch (error) {
      throw diskFault(error, this.folder) ?? error;
    }
  }

  private async tryAdding(version: string, origin: Origin, { staged, fill }: Adding): Promise<void> {
    const draft = await mkdtemp(join(this.scratch, 'release-'));
    try {
      const tree = join(draft, 'tree');
      await mkdir(tree);
      await fill(tree);
      await writeFile(join(tree, RECORD), JSON.stringify({ v: 1, version, ...origin }), { flag: 'wx' });
      await syncTree(tree);
      if (staged) {
        await rm(this.staged, { recursive: true, force: true });
        await mkdir(this.staged);
      }
      await replace(join(staged ? this.staged : this.releasesFolder, version), tree, join(draft, 'old'));
    } catch (error) {
      if (isErrno(error, 'EEXIST'))
        throw new SluiceError('BAD_ARCHIVE', `the archive holds a file named ${RECORD}: pack the release without it`);
      throw error;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** What was fetched anew takes the place of what is there. Once that is done, doing it again changes nothing. */
  async unstage(version: string, origin: Origin): Promise<void> {
    if (!(await this.isStaged(version, origin))) return;
    const draft = await mkdtemp(join(this.scratch, 'release-'));
    await replace(this.pathOf(version), join(this.staged, version), join(draft, 'old'));
    await rm(draft, { recursive: true, force: true });
  }

  /** Moves `current` in one step: whoever looks finds the old version or the new one. */
  async point(version: string): Promise<void> {
    const draft = join(this.scratch, 'current');
    await rm(draft, { force: true });
    await symlink(join('releases', version), draft);
    await rename(draft, join(this.folder, 'current'));
    await syncFolder(this.folder);
  }

  /** Versions that are here whole. */
  async list(): Promise<readonly string[]> {
    const names = await readdir(this.releasesFolder);
    const whole = await Promise.all(
      names
        .filter(isSafeVersion)
        .map(async (name) => ((await originOf(this.pathOf(name))) === undefined ? [] : [name])),
    );
    return whole.flat();
  }

  /** Removes all versions but these. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    await rm(this.staged, { recursive: true, force: true });
    for (const name of await readdir(this.releasesFolder)) {
      if (keep.has(name)) continue;
      const aside = join(this.scratch, `old-${name}`);
      await rename(this.pathOf(name), aside);
      await rm(aside, { recursive: true, force: true });
    }
  }
}

async function isOf(folder: string, origin: Origin): Promise<boolean> {
  const found = await originOf(folder);
  return found?.sha256 === origin.sha256 && found.form === origin.form;
}

async function originOf(folder: string): Promise<Partial<Origin> | undefined> {
  const text = await readIfThere(join(folder, RECORD));
  try {
    const record: unknown = text === undefined ? undefined : JSON.parse(text);
    return typeof record === 'object' && record !== null ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What is there already makes room first: a process in the old folder keeps its open files. */
async function replace(place: string, tree: string, aside: string): Promise<void> {
  await rename(place, aside).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
  await rename(tree, place);
  await syncFolder(dirname(place));
}
