/** A valid call of an operation. */
export interface Example {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** The best answer that it can have. */
  readonly status?: number;
}

export interface Planted {
  readonly rollout: string;
  readonly group: string;
  readonly planHash: string;
  readonly token: string;
}

const HASH = 'ab'.repeat(32);

/** One valid call for each operation of the OpenAPI document. */
export function examplesOn({ rollout, group, planHash, token }: Planted): Readonly<Record<string, Example>> {
  const request = {
    app: 'hello',
    group,
    version: '2.0.0',
    artifact: { url: 'file:///hello.tgz', sha256: HASH },
  };
  const onRollout = (body: object = {}): Example => ({ path: { id: rollout }, body });
  const onGroup = (body: object): Example => ({ path: { name: group }, body: { reason: 'a test', ...body } });
  const onVariable = (body?: object): Example => ({
    path: { fleet: 'default', name: 'docker' },
    ...(body === undefined ? {} : { body: { reason: 'a test', ...body } }),
  });
  const approval = { approval: 'canary', planHash };
  return {
    createRequest: { body: { id: 'example', ...request }, status: 201 },
    createPreview: { body: request },
    redeployGroup: { path: { name: group }, body: { version: '1.0.0' }, status: 201 },
    listRollouts: { query: '?limit=2&since=2020-01-01T00:00:00Z' },
    getRollout: { path: { id: rollout } },
    listTargets: { path: { id: rollout }, query: '?limit=2' },
    listEvents: { path: { id: rollout }, query: '?limit=3' },
    getReport: { path: { id: rollout } },
    getRecord: { path: { id: rollout } },
    diffRollout: { path: { id: rollout }, query: '?from=@3&to=2026-01-01T00:00:30Z' },
    listVerdicts: { path: { id: rollout }, query: '?limit=5' },
    listDecisions: { path: { id: rollout }, query: '?kind=brake&limit=2' },
    getStepOutput: { path: { id: rollout, host: 'web-01', step: 'install' }, query: '?n=1' },
    approveRollout: onRollout(approval),
    rejectRollout: onRollout({ approval: 'canary' }),
    pauseRollout: onRollout(),
    resumeRollout: onRollout(),
    cancelRollout: onRollout(),
    rollbackRollout: onRollout(),
    retryRollout: onRollout(),
    skipRollout: onRollout({ host: 'web-01' }),
    waiveRollout: onRollout({ host: 'web-01', reason: 'a test' }),
    overrideRollout: onRollout({ extraFailures: 1, reason: 'a test' }),
    proceedRollout: onRollout(),
    modeRollout: onRollout({ mode: 'manual' }),
    intervalRollout: onRollout({ interval: '30s' }),
    closeRollout: onRollout(),
    weightRollout: onRollout({ weight: 5 }),
    hotfixRollout: onRollout({ reason: 'a test' }),
    labelRollout: onRollout({ label: 'bad', reason: 'a test' }),
    listGroups: { query: '?app=hello' },
    getGroup: { path: { name: group } },
    listGroupEvents: { path: { name: group }, query: '?limit=2' },
    getGroupVersions: { path: { name: group } },
    diffGroup: { path: { name: group }, query: '?from=2026-01-01T00:00:20Z&to=2026-01-01T00:00:30Z&limit=5' },
    listCandidates: { path: { name: group } },
    getAppVersions: { path: { app: 'hello' } },
    excludeGroup: onGroup({ host: 'web-02' }),
    includeGroup: onGroup({ host: 'web-02' }),
    blockGroup: onGroup({ version: '9.9.9' }),
    unblockGroup: onGroup({ version: '9.9.9' }),
    replaceInventoryGroup: { path: { name: group }, body: { app: 'hello', environment: 'test', members: ['web-01'] } },
    mergeInventoryGroup: { path: { name: group }, body: { app: 'hello', environment: 'test', members: ['web-01'] } },
    listTemplates: { query: '?limit=2' },
    getTemplate: { path: { name: 'careful' } },
    putTemplate: { path: { name: 'careful' }, body: { batches: '10%', interval: '5m' } },
    removeTemplate: { path: { name: 'careful' } },
    listDependencies: {},
    forceDependency: { path: { name: 'cmdb' }, body: { mode: 'open', for: '15m', reason: 'a test' } },
    releaseDependency: { path: { name: 'cmdb' }, body: { reason: 'a test' } },
    getWeights: { path: { name: group } },
    listWeightMoves: { path: { name: group }, query: '?limit=5' },
    getGateScoreboard: {},
    listFreezes: {},
    declareFreeze: {
      body: { scope: 'group', name: 'nobody-uses-this', for: '1m', reason: 'a test' },
      status: 201,
    },
    listHolds: {},
    placeHold: { body: { name: 'example', scope: 'all', reason: 'a test' }, status: 201 },
    liftHold: { path: { name: 'example' }, body: { reason: 'a test' } },
    liftFreeze: { path: { id: 'f-example' }, body: { reason: 'a test' } },
    getDesiredState: { path: { host: 'web-01' }, query: '?role=web' },
    listVariables: { query: '?fleet=default' },
    getVariable: onVariable(),
    getVariableSeries: { ...onVariable(), query: '?from=2026-01-01T00:00:00Z&to=2026-01-01T02:00:00Z&step=1h' },
    explainVariable: { ...onVariable(), query: '?host=web-01&at=2026-01-02T00:00:00Z' },
    diffVariable: { ...onVariable(), query: '?from=2026-01-01T00:00:20Z&to=2026-01-01T00:00:30Z' },
    getFleet: { query: '?at=2026-01-01T00:00:30Z&limit=5' },
    diffFleet: { query: '?from=2026-01-01T00:00:20Z&to=2026-01-01T00:00:30Z' },
    defineVariable: onVariable({ from: '1', to: '2', over: '14d' }),
    rampVariable: onVariable({}),
    pauseVariable: onVariable({}),
    resumeVariable: onVariable({}),
    stopVariable: onVariable({}),
    reverseVariable: onVariable({}),
    revertVariable: onVariable({}),
    finishVariable: onVariable({}),
    pinVariable: onVariable({ hosts: ['web-01'], value: '2' }),
    unpinVariable: onVariable({ hosts: ['web-01'] }),
    getMe: {},
    createToken: { body: { subject: 'user:cy', roles: ['viewer'], expiresIn: '1h', note: 'a test' }, status: 201 },
    listTokens: { query: '?limit=3' },
    revokeToken: { path: { id: token } },
    getDeployRequestSchema: {},
    getLiveness: {},
    getReadiness: {},
  };
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Described {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: object;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

export const operationsOf = (document: OpenApi): readonly Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId: id }]) => ({ id, method: method.toUpperCase(), path })),
  );

/** The address of an example: `/v1/rollouts/r07-.../targets?limit=2`. */
export const addressOf = ({ path }: Operation, example: Example): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(example.path?.[name] ?? '')) +
  (example.query ?? '');
