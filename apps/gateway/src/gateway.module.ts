import { type DynamicModule, Module } from '@nestjs/common';

import type { Clock } from '@sluice/kernel';

import type { Tokens } from './access/tokens.js';
import type { CommandClient } from './commands/command-client.js';
import type { Commander } from './commands/commander.js';
import { AppsController } from './http/apps.controller.js';
import { DecisionsController } from './http/decisions.controller.js';
import { DependenciesController } from './http/dependencies.controller.js';
import { DesiredStateController } from './http/desired-state.controller.js';
import { DifferencesController } from './http/differences.controller.js';
import { FleetController } from './http/fleet.controller.js';
import { FreezesController } from './http/freezes.controller.js';
import { HoldsController } from './http/holds.controller.js';
import { LabelsController } from './http/labels.controller.js';
import { RecordsController } from './http/records.controller.js';
import { GatesController } from './http/gates.controller.js';
import { GroupsController } from './http/groups.controller.js';
import { InventoryController } from './http/inventory.controller.js';
import { OutputsController } from './http/outputs.controller.js';
import { ReportsController } from './http/reports.controller.js';
import { RequestsController } from './http/requests.controller.js';
import { RolloutCommandsController } from './http/rollout-commands.controller.js';
import { RolloutsController } from './http/rollouts.controller.js';
import { type Readiness, ServiceController } from './http/service.controller.js';
import { TemplatesController } from './http/templates.controller.js';
import { TokensController } from './http/tokens.controller.js';
import { VariablesPastController } from './http/variables-past.controller.js';
import { VariablesController } from './http/variables.controller.js';
import { WeightsController } from './http/weights.controller.js';
import type { RolloutStreams } from './live/streams.js';
import type { Outputs } from './outputs/outputs.js';
import type { Past } from './past/past.js';
import type { DecisionReader } from './read-model/decisions.js';
import type { DependencyIndex } from './read-model/dependency-index.js';
import type { FreezeIndex } from './read-model/freeze-index.js';
import type { GateScores } from './read-model/gate-scores.js';
import type { GroupCatalog } from './read-model/group-catalog.js';
import type { InventoryView } from './read-model/inventory-view.js';
import type { Reports } from './read-model/reports.js';
import type { RolloutHistory } from './read-model/rollout-history.js';
import type { RolloutIndex } from './read-model/rollout-index.js';
import type { LogReader } from './read-model/rollout-loader.js';
import type { WeightHistory } from './read-model/weight-history.js';
import type { WeightsView } from './read-model/weights-view.js';
import type { Requests } from './requests/requests.js';
import type { DesiredState } from './variables/desired-state.js';
import type { Fleets } from './variables/fleets.js';
import type { VariablesPast } from './variables/past.js';
import {
  CLOCK,
  COMMANDER,
  COMMANDS,
  DECISIONS,
  DEPENDENCIES,
  DESIRED_STATE,
  FLEETS,
  FREEZES,
  GATE_SCORES,
  GROUPS,
  HISTORY,
  LOG,
  OUTPUTS,
  PAST,
  READINESS,
  REPORTS,
  REQUESTS,
  ROLLOUTS,
  STREAMS_OF_ROLLOUTS,
  TEMPLATES,
  TOKENS,
  VARIABLES_PAST,
  WEIGHT_HISTORY,
  WEIGHTS,
} from './tokens.js';

/** What the controllers stand on; none of it knows Nest. */
export interface GatewayParts {
  readonly rollouts: RolloutIndex;
  readonly history: RolloutHistory;
  readonly groups: GroupCatalog;
  readonly dependencies: DependencyIndex;
  readonly freezes: FreezeIndex;
  readonly weights: WeightsView;
  readonly weightHistory: WeightHistory;
  readonly gateScores: GateScores;
  readonly log: LogReader;
  readonly clock: Clock;
  readonly streams: RolloutStreams;
  readonly reports: Reports;
  readonly decisions: DecisionReader;
  readonly commands: CommandClient;
  readonly commander: Commander;
  readonly requests: Requests;
  readonly templates: Pick<InventoryView, 'template' | 'templates'>;
  readonly tokens: Tokens;
  readonly outputs: Outputs;
  readonly past: Past;
  readonly fleets: Fleets;
  readonly variablesPast: VariablesPast;
  readonly desired: DesiredState;
  readonly readiness: () => Readiness;
}

const CONTROLLERS = [
  RequestsController,
  RolloutsController,
  OutputsController,
  ReportsController,
  RecordsController,
  DecisionsController,
  DifferencesController,
  FleetController,
  RolloutCommandsController,
  LabelsController,
  GroupsController,
  AppsController,
  DependenciesController,
  VariablesController,
  VariablesPastController,
  DesiredStateController,
  FreezesController,
  HoldsController,
  WeightsController,
  GatesController,
  InventoryController,
  TemplatesController,
  TokensController,
  ServiceController,
];

@Module({})
export class GatewayModule {
  static with(parts: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      controllers: CONTROLLERS,
      providers: [
        { provide: ROLLOUTS, useValue: parts.rollouts },
        { provide: HISTORY, useValue: parts.history },
        { provide: GROUPS, useValue: parts.groups },
        { provide: DEPENDENCIES, useValue: parts.dependencies },
        { provide: FREEZES, useValue: parts.freezes },
        { provide: WEIGHTS, useValue: parts.weights },
        { provide: WEIGHT_HISTORY, useValue: parts.weightHistory },
        { provide: DECISIONS, useValue: parts.decisions },
        { provide: GATE_SCORES, useValue: parts.gateScores },
        { provide: FLEETS, useValue: parts.fleets },
        { provide: VARIABLES_PAST, useValue: parts.variablesPast },
        { provide: DESIRED_STATE, useValue: parts.desired },
        { provide: LOG, useValue: parts.log },
        { provide: CLOCK, useValue: parts.clock },
        { provide: STREAMS_OF_ROLLOUTS, useValue: parts.streams },
        { provide: REPORTS, useValue: parts.reports },
        { provide: COMMANDS, useValue: parts.commands },
        { provide: COMMANDER, useValue: parts.commander },
        { provide: REQUESTS, useValue: parts.requests },
        { provide: TEMPLATES, useValue: parts.templates },
        { provide: TOKENS, useValue: parts.tokens },
        { provide: OUTPUTS, useValue: parts.outputs },
        { provide: PAST, useValue: parts.past },
        { provide: READINESS, useValue: parts.readiness },
      ],
    };
  }
}
