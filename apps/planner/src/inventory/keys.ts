import { decodeToken, encodeToken } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

/** Keys of KV `sluice_inventory`: `group.<group>` and `member.<group>.<host>`, names as tokens. */
export const groupKey = (group: string): string => `group.${encodeToken(group)}`;
export const memberKey = (group: string, host: string): string => `member.${encodeToken(group)}.${encodeToken(host)}`;

export type InventoryKey =
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'member'; readonly group: string; readonly host: string };

/** What a key names; undefined for one that Sluice does not write. */
export function readKey(key: string): InventoryKey | undefined {
  const [kind, group, host, ...rest] = key.split('.');
  if (group === undefined || rest.length > 0) return undefined;
  try {
    if (kind === 'group' && host === undefined) return { kind, group: decodeToken(group) };
    if (kind === 'member' && host !== undefined) return { kind, group: decodeToken(group), host: decodeToken(host) };
  } catch (error) {
    if (!isSluiceError(error, 'BAD_TOKEN')) throw error;
  }
  return undefined;
}
