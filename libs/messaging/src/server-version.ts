export type VersionCheck = { readonly kind: 'ok' } | { readonly kind: 'old'; readonly warning: string };

/** Wanted: 2.10, the first that can fsync before it acknowledges (`sync_interval: always`). */
export function checkServerVersion(version: string): VersionCheck {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major > 2 || (major === 2 && minor >= 10)) return { kind: 'ok' };
  const warning = `nats-server ${version} is older than 2.10: acknowledged writes MAY BE LOST on a power failure, and following the log of several shards does not work; install a newer one`;
  return { kind: 'old', warning };
}
