type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

/** Every call that the command line makes, named as in the OpenAPI document; it makes no other (XIM-01). */
export const OPERATIONS = {
  createRequest: ['POST', '/v1/requests'],
  createPreview: ['POST', '/v1/previews'],
  listRollouts: ['GET', '/v1/rollouts'],
  getRollout: ['GET', '/v1/rollouts/{id}'],
  listTargets: ['GET', '/v1/rollouts/{id}/targets'],
  listEvents: ['GET', '/v1/rollouts/{id}/events'],
  getReport: ['GET', '/v1/rollouts/{id}/report'],
  approveRollout: ['POST', '/v1/rollouts/{id}/commands/approve'],
  rejectRollout: ['POST', '/v1/rollouts/{id}/commands/reject'],
  pauseRollout: ['POST', '/v1/rollouts/{id}/commands/pause'],
  resumeRollout: ['POST', '/v1/rollouts/{id}/commands/resume'],
  cancelRollout: ['POST', '/v1/rollouts/{id}/commands/cancel'],
  rollbackRollout: ['POST', '/v1/rollouts/{id}/commands/rollback'],
  retryRollout: ['POST', '/v1/rollouts/{id}/commands/retry'],
  skipRollout: ['POST', '/v1/rollouts/{id}/commands/skip'],
  waiveRollout: ['POST', '/v1/rollouts/{id}/commands/waive'],
  overrideRollout: ['POST', '/v1/rollouts/{id}/commands/override'],
  proceedRollout: ['POST', '/v1/rollouts/{id}/commands/proceed'],
  modeRollout: ['POST', '/v1/rollouts/{id}/commands/mode'],
  intervalRollout: ['POST', '/v1/rollouts/{id}/commands/interval'],
  closeRollout: ['POST', '/v1/rollouts/{id}/commands/close'],
  listGroups: ['GET', '/v1/groups'],
  getGroup: ['GET', '/v1/groups/{name}'],
  excludeGroup: ['POST', '/v1/groups/{name}/commands/exclude'],
  includeGroup: ['POST', '/v1/groups/{name}/commands/include'],
  blockGroup: ['POST', '/v1/groups/{name}/commands/block'],
  unblockGroup: ['POST', '/v1/groups/{name}/commands/unblock'],
  replaceInventoryGroup: ['PUT', '/v1/inventory/groups/{name}'],
} as const satisfies Readonly<Record<string, readonly [Method, string]>>;

export type Operation = keyof typeof OPERATIONS;
