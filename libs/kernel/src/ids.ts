const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The first `length` symbols of Crockford's base 32 of `bytes`, most significant bit first. */
export function crockford(bytes: Uint8Array, length: number): string {
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      bits -= 5;
      out += CROCKFORD[(buffer >>> bits) & 31] ?? '';
    }
    buffer &= (1 << bits) - 1;
  }
  return out.padEnd(length, '0');
}

/** A ULID of a time (ms since the epoch) and 10 bytes of chance that the caller brings. */
export function ulid(time: number, random: Uint8Array): string {
  let rest = time;
  let head = '';
  for (let i = 0; i < 10; i += 1) {
    head = (CROCKFORD[rest % 32] ?? '0') + head;
    rest = Math.floor(rest / 32);
  }
  return head + crockford(random.subarray(0, 10), 16);
}
