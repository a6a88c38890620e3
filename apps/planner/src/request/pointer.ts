const MAX_PATH = 1_000;

/** The RFC 6901 pointer of a member of what `parent` points to, cut when an unknown name is absurdly long. */
export function childPath(parent: string, name: string): string {
  return `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`.slice(0, MAX_PATH).toWellFormed();
}
