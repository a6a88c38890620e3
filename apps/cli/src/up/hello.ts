import { SluiceError } from '@sluice/kernel';

export interface PackedRelease {
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
}

interface HelloRelease {
  readonly version: string;
  readonly failVerifyOn?: 'all';
}

interface Packer {
  readonly packRelease: (release: HelloRelease, folder: string) => PackedRelease;
}

/** Packs a release of the app under examples/. Code NO_EXAMPLES where Sluice was installed without them. */
export async function packHello(release: HelloRelease, folder: string): Promise<PackedRelease> {
  const { packRelease } = await packer();
  return packRelease(release, folder);
}

async function packer(): Promise<Packer> {
  try {
    return (await import(new URL('../../../../examples/hello/pack.mjs', import.meta.url).href)) as Packer;
  } catch (cause) {
    throw new SluiceError(
      'NO_EXAMPLES',
      'a demo fleet needs the folder examples/ of the sources: start without --demo-fleet',
      {},
      { cause },
    );
  }
}
