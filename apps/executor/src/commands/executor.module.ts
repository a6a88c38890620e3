import { type DynamicModule, Module } from '@nestjs/common';

import type { Dependencies } from '../dependency/dependencies.js';
import type { Freezes } from '../freezes/freezes.js';
import type { Holds } from '../holds/holds.js';
import type { Labels } from '../labels/labels.js';
import type { CommandRouter } from '../shards/command-router.js';
import { CommandsController, ROUTER } from './commands.controller.js';
import { DEPENDENCIES, DependenciesController } from './dependencies.controller.js';
import { VariablesController } from './variables.controller.js';
import { FREEZES, FreezesController } from './freezes.controller.js';
import { HOLDS, HoldsController } from './holds.controller.js';
import { LABELS, LabelsController } from './labels.controller.js';

/** What every executor has of the whole installation. */
export interface SharedParts {
  readonly dependencies: Dependencies;
  readonly freezes: Freezes;
  readonly holds: Holds;
  readonly labels: Labels;
}

@Module({})
export class ExecutorModule {
  /** The command side: what comes goes on to the owners. */
  static of(router: CommandRouter, { dependencies, freezes, holds, labels }: SharedParts): DynamicModule {
    return {
      module: ExecutorModule,
      controllers: [
        CommandsController,
        VariablesController,
        DependenciesController,
        FreezesController,
        HoldsController,
        LabelsController,
      ],
      providers: [
        { provide: ROUTER, useValue: router },
        { provide: DEPENDENCIES, useValue: dependencies },
        { provide: FREEZES, useValue: freezes },
        { provide: HOLDS, useValue: holds },
        { provide: LABELS, useValue: labels },
      ],
    };
  }
}
