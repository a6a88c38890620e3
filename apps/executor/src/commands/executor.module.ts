import { type DynamicModule, Module } from '@nestjs/common';

import type { ExecutorEngine } from '../engine.js';
import { CommandsController, ENGINE } from './commands.controller.js';

@Module({})
export class ExecutorModule {
  /** The command side of a running engine. */
  static of(engine: ExecutorEngine): DynamicModule {
    return {
      module: ExecutorModule,
      controllers: [CommandsController],
      providers: [{ provide: ENGINE, useValue: engine }],
    };
  }
}
