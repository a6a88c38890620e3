import { builtinModules } from 'node:module';
import { dirname, posix } from 'node:path';
import {
  namelessFolders,
  neverShipped,
  packages,
  pureLayers,
  scope,
  specFile,
} from '../../../tools/architecture/boundaries.mjs';
import type { SourceFile, Workspace, WorkspacePackage } from './workspace.js';

/** Looks at the whole workspace and says in words what is wrong; empty when nothing is. */
export type Rule = (workspace: Workspace) => string[];

const TABLE = 'tools/architecture/boundaries.mjs';
const builtins = new Set(builtinModules);

export const rules: Readonly<Record<string, Rule>> = {
  'the table and the folders name the same packages': ({ folders }) => {
    const known = new Set(Object.values(packages).map(({ path }) => path));
    return [
      ...folders.filter((path) => !known.has(path)).map((path) => `${path} is a package that ${TABLE} does not know`),
      ...[...known]
        .filter((path) => !folders.includes(path))
        .map((path) => `${TABLE} names ${path}, which is no package`),
    ];
  },

  'a package imports only what the table allows': everyImport((owner, file, target) => {
    const imported = packageOf(target);
    if (imported === undefined || !target.startsWith(scope)) return undefined;
    const allowed = allowedFor(owner.name, file.isSpec);
    const name = imported.slice(scope.length);
    return allowed.includes(name) ? undefined : `${owner.name} may not import ${target}`;
  }),

  'a package is imported by its surface': everyImport((owner, file, target) => {
    if (target.startsWith(scope)) return target === packageOf(target) ? undefined : `deep import of ${target}`;
    if (!target.startsWith('.')) return target.startsWith('/') ? `absolute import of ${target}` : undefined;
    const resolved = posix.join(dirname(file.path), target);
    const isInside = resolved.startsWith(`${owner.path}/src/`);
    return isInside || mayLeave(owner, file, resolved) ? undefined : `${target} leaves the package`;
  }),

  'a pure layer imports no library and nothing of Node.js': everyImport((owner, file, target) => {
    const pure = pureLayers.includes(packages[owner.name]?.layer ?? 'entry');
    if (!pure || file.isSpec || target.startsWith('.') || target.startsWith(scope)) return undefined;
    return `pure code imports ${target}`;
  }),

  'package.json names what the code imports': everyImport((owner, file, target, workspace) => {
    const imported = packageOf(target);
    if (imported === undefined) return undefined;
    const { dependencies, devDependencies } = owner.manifest;
    const mayUseTools = file.isSpec || neverShipped.includes(owner.name);
    const forSpecs = mayUseTools ? [...devDependencies, ...workspace.manifest.devDependencies] : [];
    return [...dependencies, ...forSpecs].includes(imported) ? undefined : `${imported} is not in its package.json`;
  }),

  'nothing but specs imports specs': everyImport((_, file, target) => {
    const isSpec = target.startsWith('.') && specFile.test(target.replace(/\.([cm]?)js$/, '.$1ts'));
    return isSpec && !file.isSpec ? `imports ${target}` : undefined;
  }),

  'package.json and tsconfig.json say what the table says': ({ packages: all }) => all.flatMap(manifestComplaints),

  'no folder is named for nothing': ({ packages: all }) =>
    all.flatMap(({ files }) =>
      files
        .filter(({ path }) =>
          dirname(path)
            .split('/')
            .some((folder) => namelessFolders.includes(folder)),
        )
        .map(({ path }) => `${path}: name the folder for what is in it`),
    ),
};

function everyImport(
  judge: (owner: WorkspacePackage, file: SourceFile, target: string, workspace: Workspace) => string | undefined,
): Rule {
  return (workspace) =>
    workspace.packages.flatMap((owner) =>
      owner.files.flatMap((file) =>
        file.imports.flatMap((target) => {
          const complaint = judge(owner, file, target, workspace);
          return complaint === undefined ? [] : [`${file.path}: ${complaint}`];
        }),
      ),
    );
}

function manifestComplaints(owner: WorkspacePackage): string[] {
  const entry = packages[owner.name];
  if (!entry) return [];
  const { dependencies, devDependencies } = owner.manifest;
  const ours = (names: readonly string[]) =>
    names.filter((name) => name.startsWith(scope)).map((n) => n.slice(scope.length));
  const all = allowedFor(owner.name, true);
  const folders = all.map((name) => packages[name]?.path ?? name);
  const references = owner.references.filter((path) => path !== 'tools');
  return [
    ...differences(`${owner.path}/package.json: dependencies`, ours(dependencies), entry.imports),
    ...differences(`${owner.path}/package.json: devDependencies`, ours(devDependencies), entry.specImports ?? []),
    ...differences(`${owner.path}/tsconfig.json: references`, references, folders),
  ];
}

function differences(where: string, actual: readonly string[], expected: readonly string[]): string[] {
  return [
    ...expected.filter((name) => !actual.includes(name)).map((name) => `${where} lack ${name}, which ${TABLE} allows`),
    ...actual
      .filter((name) => !expected.includes(name))
      .map((name) => `${where} have ${name}, which ${TABLE} does not allow`),
  ];
}

function allowedFor(name: string, isSpec: boolean): readonly string[] {
  const entry = packages[name];
  return entry ? [...entry.imports, ...(isSpec ? (entry.specImports ?? []) : [])] : [];
}

/** The package that an import names; nothing for a file or for a part of Node.js. */
function packageOf(target: string): string | undefined {
  if (/^[./]/.test(target) || target.startsWith('node:')) return undefined;
  const [first = target, second = ''] = target.split('/');
  if (builtins.has(first)) return undefined;
  return target.startsWith('@') ? `${first}/${second}` : first;
}

/** What is no package: the tests of the tools read the tools, and specs and demonstrations use the examples. */
function mayLeave(owner: WorkspacePackage, file: SourceFile, resolved: string): boolean {
  if (owner.name === 'test' && resolved.startsWith('tools/')) return true;
  return resolved.startsWith('examples/') && (file.isSpec || packages[owner.name]?.layer === 'entry');
}
