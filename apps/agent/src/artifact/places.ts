import type { ArtifactRef } from '@sluice/contracts';

const MAX_SHOWN = 500;

/** Where to look for an artifact, in this order: places of the own site, places for every site, its url (TAR-36). */
export function placesOf({ url, sources = [] }: ArtifactRef, site: string | undefined): readonly string[] {
  const own = sources.filter((source) => source.site !== undefined && source.site === site);
  const common = sources.filter((source) => source.site === undefined);
  return [...new Set([...own, ...common, { url }].map((source) => source.url))];
}

/** An url as it may be told: neither user and password nor a query, which may be a signature. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'no url';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`.slice(0, MAX_SHOWN);
}
