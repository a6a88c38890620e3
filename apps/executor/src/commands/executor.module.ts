import { type DynamicModule, Module } from '@nestjs/common';

import type { CommandRouter } from '../shards/command-router.js';
import { CommandsController, ROUTER } from './commands.controller.js';

@Module({})
export class ExecutorModule {
  /** The command side: what comes goes on to the owners. */
  static of(router: CommandRouter): DynamicModule {
    return {
      module: ExecutorModule,
      controllers: [CommandsController],
      providers: [{ provide: ROUTER, useValue: router }],
    };
  }
}
