import { describe, expect, it } from 'vitest';

import { documentOf, parseYaml, withRequester } from './document.js';
import { keyedId, withKey } from './request-key.js';
import { outcomeNames } from './outcome-names.js';

describe('documents', () => {
  it('reads YAML as the JSON that it means', () => {
    expect(parseYaml('app: hello\nversion: "2.0"\nartifact: {url: file:///a}\n')).toEqual({
      app: 'hello',
      version: '2.0',
      artifact: { url: 'file:///a' },
    });
  });

  it.each(['a: [', 'a: 1\na: 2', '--- 1\n--- 2', 'a: *nowhere'])('refuses %j', (text) => {
    expect(() => parseYaml(text)).toThrow(/no YAML document/);
  });

  it('refuses a YAML bomb', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(',')}]`);
    expect(() => parseYaml(['l0: &l0 [x]', ...levels].join('\n'))).toThrow(/no YAML document/);
  });

  it.each([[null], [[]], ['text'], [7]])('refuses %j as a document', (body) => {
    expect(() => documentOf(body)).toThrow(/one object/);
  });

  it('refuses a document that is made to overflow a stack', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = { deep };
    expect(() => documentOf(deep)).toThrow(/nested deeper/);
  });

  it('who calls is who asked; only who may act for others names somebody else', () => {
    const ana = { id: 'ana', kind: 'user' } as const;
    const bo = { id: 'bo', kind: 'user' } as const;
    expect(withRequester({ app: 'a' }, ana, false)).toEqual({ app: 'a', requestedBy: ana });
    expect(withRequester({ requestedBy: ana }, { ...ana }, false)).toEqual({ requestedBy: ana });
    expect(withRequester({ requestedBy: bo }, ana, true)).toEqual({ requestedBy: bo });
    expect(() => withRequester({ requestedBy: bo }, ana, false)).toThrow(/somebody else than user:ana/);
    expect(() => withRequester({ requestedBy: 'x' }, ana, false)).toThrow(/somebody else/);
  });

  it('a key is an id of its caller, and stands behind the id of the document', () => {
    const [ana, bo] = [{ id: 'ana', kind: 'user' } as const, { id: 'bo', kind: 'user' } as const];
    expect(withKey({ app: 'a' }, 'k', ana)).toEqual({ app: 'a', id: keyedId('k', ana) });
    expect(withKey({ app: 'a', id: 'mine' }, 'k', ana)).toEqual({ app: 'a', id: 'mine' });
    expect(withKey({ app: 'a' }, undefined, ana)).toEqual({ app: 'a' });
    expect(keyedId('k', ana)).not.toBe(keyedId('k', bo));
  });

  it('XIM-03 names the outcome by the id, else by the content, whatever the order of its keys', () => {
    const bytes = new Uint8Array([1]);
    expect(outcomeNames({ id: 'mine' }, bytes)[0]).toBe('mine');
    expect(outcomeNames({ a: 1, b: 2 }, bytes)[0]).toBe(outcomeNames({ b: 2, a: 1 }, bytes)[0]);
    expect(outcomeNames({ id: '\ud800' }, bytes)).toHaveLength(1);
  });
});
