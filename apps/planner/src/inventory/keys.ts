import { decodeToken, encodeToken } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

/** Keys of KV `sluice_inventory`: `group.<group>`, `member.<group>.<host>` and `template.<name>`, names as tokens. */
export const groupKey = (group: string): string => `group.${encodeToken(group)}`;
export const memberKey = (group: string, host: string): string => `member.${encodeToken(group)}.${encodeToken(host)}`;

export const templateKey = (name: string): string => `template.${encodeToken(name)}`;

export type InventoryKey =
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'template'; readonly name: string }
  | { readonly kind: 'member'; readonly group: string; readonly host: string };

/** What a key names; undefined for one that Sluice does not write. */
export function readKey(key: string): InventoryKey | undefined {
  const [kind, name, host, ...rest] = key.split('.');
  if (name === undefined || rest.length > 0) return undefined;
  try {
    return host === undefined ? whole(kind, decodeToken(name)) : member(kind, decodeToken(name), decodeToken(host));
  } catch (error) {
    if (!isSluiceError(error, 'BAD_TOKEN')) throw error;
  }
  return undefined;
}

function whole(kind: string | undefined, name: string): InventoryKey | undefined {
  if (kind === 'group') return { kind, group: name };
  return kind === 'template' ? { kind, name } : undefined;
}

const member = (kind: string | undefined, group: string, host: string): InventoryKey | undefined =>
  kind === 'member' ? { kind, group, host } : undefined;
