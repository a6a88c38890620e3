/** Rules of this project that the linter does not have. Where each applies is in .oxlintrc.json, which is generated. */

/** A subject or stream in full or as the head of a template; names of files such as `sluice.yaml` are none. */
const SUBJECT = /^(sluice\.(?!(ya?ml|json|conf|db|log|pid)$)[\w*>$-]|sluice_[a-z]+$|SLUICE_(REQUESTS|LOG|NOTIFY)$)/;

/**
 * @param {string} message
 * @param {(report: (node: unknown) => void) => Record<string, (node: any) => void>} visitors
 */
const rule = (message, visitors) => ({
  meta: { type: 'problem', docs: { description: message }, schema: [] },
  create: (/** @type {any} */ context) => visitors((node) => context.report({ node, message })),
});

const isProcess = (/** @type {any} */ node) =>
  (node.type === 'Identifier' && node.name === 'process') ||
  (node.type === 'MemberExpression' && propertyName(node) === 'process');

const propertyName = (/** @type {any} */ node) => (node.computed ? node.property.value : node.property.name);

const rules = {
  'no-current-date': rule(
    'The time comes in as data: take `now` as a parameter instead of reading the clock.',
    (report) => ({
      NewExpression: (node) => {
        if (node.callee.name === 'Date' && node.arguments.length === 0) report(node);
      },
      CallExpression: (node) => {
        if (node.callee.name === 'Date') report(node);
      },
    }),
  ),
  'no-async': rule('A decision is synchronous: effects belong to the app that applies its events.', (report) => ({
    FunctionDeclaration: (node) => {
      if (node.async) report(node);
    },
    FunctionExpression: (node) => {
      if (node.async) report(node);
    },
    ArrowFunctionExpression: (node) => {
      if (node.async) report(node);
    },
  })),
  'no-environment': rule(
    'Only libs/config reads the environment: take the parsed configuration instead.',
    (report) => ({
      MemberExpression: (node) => {
        if (propertyName(node) === 'env' && isProcess(node.object)) report(node);
      },
      VariableDeclarator: (node) => {
        const names =
          node.id.type === 'ObjectPattern' ? node.id.properties.map((/** @type {any} */ p) => p.key?.name) : [];
        if (node.init && isProcess(node.init) && names.includes('env')) report(node);
      },
      ImportDeclaration: (node) => {
        const named = node.specifiers.some((/** @type {any} */ specifier) => specifier.imported?.name === 'env');
        if (named && /^(node:)?process$/.test(node.source.value)) report(node);
      },
    }),
  ),
  'no-subject-literal': rule(
    'Names of subjects, streams and buckets live in libs/contracts and libs/messaging: call their functions.',
    (report) => ({
      Literal: (node) => {
        if (typeof node.value === 'string' && SUBJECT.test(node.value)) report(node);
      },
      TemplateElement: (node) => {
        if (SUBJECT.test(node.value.raw)) report(node);
      },
    }),
  ),
  'no-export-star': rule('Name what the package exports: a reader cannot see what `export *` lets out.', (report) => ({
    ExportAllDeclaration: (node) => report(node),
  })),
};

export default { meta: { name: 'sluice' }, rules };
