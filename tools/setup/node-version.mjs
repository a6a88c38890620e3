/** The oldest Node.js that everything here runs on; `engines` in package.json says the same. */
export const MINIMUM_NODE = '20.19.0';

/**
 * @param {string} text for example `v20.20.2` or `nats-server: v2.10.27`
 * @returns {[number, number, number] | undefined} major, minor and patch, or nothing when no version is in the text
 */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/**
 * @param {string} version
 * @param {string} minimum
 */
export function isAtLeast(version, minimum) {
  const left = parseVersion(version);
  const right = parseVersion(minimum);
  if (!left || !right) return false;
  for (const index of /** @type {const} */ ([0, 1, 2])) {
    if (left[index] !== right[index]) return left[index] > right[index];
  }
  return true;
}

/** @param {string} version of the running Node.js */
export function nodeComplaint(version) {
  if (isAtLeast(version, MINIMUM_NODE)) return undefined;
  return [
    `Sluice needs Node.js ${MINIMUM_NODE} or newer; this is ${version}.`,
    'Install Node.js 24 (https://nodejs.org, or `nvm install 24`) and run the command again.',
  ].join('\n');
}
