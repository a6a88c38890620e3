import { type DynamicModule, Module } from '@nestjs/common';

import type { PlannerEngine } from '../engine/planner-engine.js';
import type { InventoryCommands } from '../inventory/commands.js';
import { CommandsController, ENGINE, INVENTORY } from './commands.controller.js';

@Module({})
export class PlannerModule {
  /** The command side of a running planner. */
  static of(engine: PlannerEngine, inventory: InventoryCommands): DynamicModule {
    return {
      module: PlannerModule,
      controllers: [CommandsController],
      providers: [
        { provide: ENGINE, useValue: engine },
        { provide: INVENTORY, useValue: inventory },
      ],
    };
  }
}
