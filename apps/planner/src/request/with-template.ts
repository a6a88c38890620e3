import type { Fault, RequestTemplate } from '@sluice/contracts';

import type { ReadRequest } from './request.js';

const MAX_NAMED = 20;

/** The request with what its template says where it says nothing itself, field by field. Code: TEMPLATE_UNKNOWN. */
export function withTemplate(request: ReadRequest, templates: ReadonlyMap<string, RequestTemplate>): ReadRequest {
  const { template } = request.fields;
  if (template === undefined) return request;
  const found = templates.get(template);
  if (found === undefined) return { ...request, faults: [...request.faults, unknown(template, [...templates.keys()])] };
  // A faulty field keeps its fault; the template's value in its place only helps to find what else is wrong.
  return { ...request, fields: { ...found, ...request.fields } };
}

function unknown(name: string, known: readonly string[]): Fault {
  const shown = known.toSorted().slice(0, MAX_NAMED).join(', ') + (known.length > MAX_NAMED ? ', ...' : '');
  const names = known.length === 0 ? 'the inventory has none' : `the inventory has ${shown}`;
  return { path: '/template', code: 'TEMPLATE_UNKNOWN', message: `there is no template "${name}": ${names}` };
}
