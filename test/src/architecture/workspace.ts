import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative, sep } from 'node:path';
import ts from 'typescript';
import { packages, specFile } from '../../../tools/architecture/boundaries.mjs';

/** One source file of a package, as far as its imports go. */
export interface SourceFile {
  readonly path: string;
  readonly isSpec: boolean;
  readonly imports: readonly string[];
}

export interface Manifest {
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

export interface WorkspacePackage {
  readonly name: string;
  readonly path: string;
  readonly manifest: Manifest;
  /** Folders that tsconfig.json references, from the root. */
  readonly references: readonly string[];
  readonly files: readonly SourceFile[];
}

export interface Workspace {
  readonly root: string;
  readonly manifest: Manifest;
  /** Folders that hold a package.json, in the table or not. */
  readonly folders: readonly string[];
  readonly packages: readonly WorkspacePackage[];
}

const IGNORED = new Set(['node_modules', 'dist', '.git', '.cache', '.nx', 'coverage', 'var']);

/** Reads every package of the table that is there; paths are relative to the root and use `/`. */
export function readWorkspace(root: string): Workspace {
  const present = Object.entries(packages).filter(([, { path }]) => existsSync(join(root, path, 'package.json')));
  return {
    root,
    manifest: readManifest(join(root, 'package.json')),
    folders: walk(root, root)
      .filter((path) => basename(path) === 'package.json' && path !== 'package.json')
      .map(dirname),
    packages: present.map(([name, { path }]) => ({
      name,
      path,
      manifest: readManifest(join(root, path, 'package.json')),
      references: readReferences(root, path),
      files: readSources(root, path),
    })),
  };
}

function readSources(root: string, path: string): SourceFile[] {
  return walk(root, join(root, path, 'src'))
    .filter((file) => /\.[cm]?tsx?$/.test(file))
    .map((file) => ({ path: file, isSpec: specFile.test(file), imports: importsOf(join(root, file)) }));
}

/** Static, dynamic, type-only and `require` imports and re-exports, from the compiler's syntax tree. */
function importsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  return ts.isCallExpression(node) && isLoader(node.expression) ? node.arguments[0] : undefined;
}

function isLoader(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  // vi.mock('...') and require.resolve('...') name modules as well.
  return (
    ts.isPropertyAccessExpression(callee) && ['mock', 'resolve'].includes(callee.name.text) && isLoaderObject(callee)
  );
}

const isLoaderObject = ({ expression }: ts.PropertyAccessExpression): boolean =>
  ts.isIdentifier(expression) && ['vi', 'require'].includes(expression.text);

function readManifest(file: string): Manifest {
  const content = readJson(file);
  const names = (field: string): string[] => Object.keys(content[field] ?? {});
  return { dependencies: names('dependencies'), devDependencies: names('devDependencies') };
}

function readReferences(root: string, path: string): string[] {
  const file = join(root, path, 'tsconfig.json');
  if (!existsSync(file)) return [];
  const references = (readJson(file)['references'] ?? []) as { path: string }[];
  return references.map((reference) => slashed(normalize(join(path, reference.path))));
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}

function walk(root: string, folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : walk(root, path);
    return [slashed(relative(root, path))];
  });
}

const slashed = (path: string): string => path.split(sep).join('/');
