import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface LogCall {
  /** `apps/executor/src/engine.ts:76` */
  readonly place: string;
  /** Names that stand in the call itself; what is spread into it is seen on a run. */
  readonly fields: readonly string[];
}

/** Every call of a logger with an object of fields: of `log` or `logger`, or of a member with that name. */
export function fieldsOfLogCalls(sources: readonly Source[] = ownSources()): readonly LogCall[] {
  return sources.flatMap(({ path, text }) => {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const found: LogCall[] = [];
    const visit = (node: ts.Node): void => {
      const fields = ts.isCallExpression(node) ? fieldsOf(node) : undefined;
      if (fields !== undefined) {
        const { line } = file.getLineAndCharacterOfPosition(node.getStart());
        found.push({ place: `${path}:${line + 1}`, fields });
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  });
}

function fieldsOf({ expression, arguments: [facts] }: ts.CallExpression): readonly string[] | undefined {
  if (!ts.isPropertyAccessExpression(expression) || !LEVELS.has(expression.name.text)) return undefined;
  if (!/\b(?:log|logger)$/.test(expression.expression.getText())) return undefined;
  if (facts === undefined || !ts.isObjectLiteralExpression(facts)) return undefined;
  return facts.properties.flatMap(({ name }) =>
    name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? [name.text] : [],
  );
}

/** What is shipped: the sources of apps and libs, without their tests. */
function ownSources(): readonly Source[] {
  return ['apps', 'libs'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
      .filter(({ name, parentPath }) => isOwn(name, relative(ROOT, parentPath)))
      .map(({ name, parentPath }) => join(parentPath, name))
      .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') })),
  );
}

const isOwn = (name: string, folder: string): boolean =>
  /\/src(?:\/|$)/.test(folder) &&
  !folder.includes('node_modules') &&
  name.endsWith('.ts') &&
  !/\.(?:spec|suite|d)\.ts$/.test(name);
