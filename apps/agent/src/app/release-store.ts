import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { REQUEST_PATTERNS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

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

/** `releases/<version>/` of one app, and the symlink `current`. */
export class ReleaseStore {
  private constructor(private readonly folder: string) {}

  /** Removes what an interrupted step left behind. */
  static async open(folder: string): Promise<ReleaseStore> {
    const store = new ReleaseStore(folder);
    await mkdir(store.releases, { recursive: true });
    await rm(store.scratch, { recursive: true, force: true });
    await mkdir(store.scratch, { recursive: true });
    return store;
  }

  private get releases(): string {
    return join(this.folder, 'releases');
  }

  /** On the same file system as the releases, so that a rename moves whole trees at once. */
  get scratch(): string {
    return join(this.folder, 'tmp');
  }

  pathOf(version: string): string {
    return join(this.releases, version);
  }

  /** This version is here whole, made of this artifact in this way. */
  async holds(version: string, origin: Origin): Promise<boolean> {
    const found = await this.originOf(version);
    return found?.sha256 === origin.sha256 && found.form === origin.form;
  }

  private async originOf(version: string): Promise<Partial<Origin> | undefined> {
    const text = await readIfThere(join(this.pathOf(version), RECORD));
    try {
      const record: unknown = text === undefined ? undefined : JSON.parse(text);
      return typeof record === 'object' && record !== null ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** Puts a version in place, all or nothing. `fill` writes its files into the folder that it is given. */
  async add(version: string, origin: Origin, fill: (folder: string) => Promise<void>): Promise<void> {
    const draft = await mkdtemp(join(this.scratch, 'release-'));
    try {
      const tree = join(draft, 'tree');
      await mkdir(tree);
      await fill(tree);
      await writeFile(join(tree, RECORD), JSON.stringify({ v: 1, version, ...origin }), { flag: 'wx' });
      await syncTree(tree);
      await this.replace(version, tree, join(draft, 'old'));
    } catch (error) {
      if (isErrno(error, 'EEXIST'))
        throw new SluiceError('BAD_ARCHIVE', `the archive holds a file named ${RECORD}: pack the release without it`);
      throw error;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** The same version with another digest makes room first: a process in the old folder keeps its open files. */
  private async replace(version: string, tree: string, aside: string): Promise<void> {
    await rename(this.pathOf(version), aside).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error;
    });
    await rename(tree, this.pathOf(version));
    await syncFolder(this.releases);
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
    const names = await readdir(this.releases);
    const whole = await Promise.all(
      names.filter(isSafeVersion).map(async (name) => ((await this.originOf(name)) === undefined ? [] : [name])),
    );
    return whole.flat();
  }

  /** Removes all versions but these. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.releases)) {
      if (keep.has(name)) continue;
      const aside = join(this.scratch, `old-${name}`);
      await rename(this.pathOf(name), aside);
      await rm(aside, { recursive: true, force: true });
    }
  }
}
