import { childPath } from './pointer.js';

/** `clean` is the document without the fields that `paths` name. */
export interface Cleaned {
  readonly clean: unknown;
  readonly paths: readonly string[];
}

const ENVIRONMENT = '/profile/env';

/**
 * Takes out fields that every object has by birth (`__proto__`, `constructor`, `toString`). class-transformer drops
 * some of them before any rule sees them and throws on others (0.5.1: `{"constructor": 1}`), so they are judged here.
 * Variables of an environment may have such names, but for the two that are dangerous anywhere.
 */
export function withoutReserved(document: unknown): Cleaned {
  const paths: string[] = [];
  return { clean: cleaned(document, '', paths), paths };
}

function cleaned(value: unknown, path: string, paths: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, i) => cleaned(item, childPath(path, String(i)), paths));
  if (typeof value !== 'object' || value === null) return value;
  const kept: [string, unknown][] = [];
  for (const [key, child] of Object.entries(value)) {
    const at = childPath(path, key);
    if (isReserved(key, path)) paths.push(at);
    else kept.push([key, cleaned(child, at, paths)]);
  }
  return Object.fromEntries(kept);
}

function isReserved(key: string, path: string): boolean {
  if (path === ENVIRONMENT) return key === '__proto__' || key === 'constructor';
  return key in Object.prototype;
}
