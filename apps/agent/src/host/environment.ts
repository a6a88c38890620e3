import { homedir, userInfo } from 'node:os';
import { delimiter, dirname } from 'node:path';

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * What every program of a user starts with: a small environment that is the same on each start, as under an init
 * system. The agent's own is not handed on, since it may hold the agent's credentials.
 */
export function baseEnvironment(): Readonly<Record<string, string>> {
  return {
    PATH: [...SYSTEM_PATH, dirname(process.execPath)].join(delimiter),
    HOME: homedir(),
    USER: userInfoName(),
    LANG: 'C.UTF-8',
  };
}

function userInfoName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
