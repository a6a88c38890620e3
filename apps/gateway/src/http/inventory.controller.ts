import { Body, Controller, Inject, Param, Patch, Put, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { GroupDocument, InventoryCommand } from '@sluice/contracts';

import type { Commander, Done } from '../commands/commander.js';
import { refuse } from '../problems/problem.js';
import { documentOf } from '../requests/document.js';
import { COMMANDER } from '../tokens.js';
import { ApiAnswer, ApiCommandHeaders, ApiProblems, INVENTORY_GROUP_REF } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';

@ApiTags('inventory')
@Controller('v1/inventory/groups')
export class InventoryController {
  constructor(@Inject(COMMANDER) private readonly commander: Commander) {}

  @Put(':name')
  @ApiOperation({
    operationId: 'replaceInventoryGroup',
    summary: 'Say what a group is and which hosts are all its members',
  })
  @ApiParam({ name: 'name' })
  @ApiConsumes('application/json', 'application/yaml')
  @ApiCommandHeaders()
  @ApiBody({ schema: INVENTORY_GROUP_REF })
  @ApiAnswer('Done', 'Stored; rev is the version of the definition.')
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503, 504)
  replace(
    @Param('name') name: string,
    @Body() body: unknown,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ type: 'replaceGroup', group: groupOf(name, body) }, request, reply);
  }

  @Patch(':name')
  @ApiOperation({
    operationId: 'mergeInventoryGroup',
    summary: 'Add to a group: members that are not named stay as they are',
  })
  @ApiParam({ name: 'name' })
  @ApiConsumes('application/json', 'application/yaml')
  @ApiCommandHeaders()
  @ApiBody({ schema: INVENTORY_GROUP_REF })
  @ApiAnswer('Done', 'Stored; rev is the version of the definition.')
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503, 504)
  merge(
    @Param('name') name: string,
    @Body() body: unknown,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ type: 'mergeGroup', group: groupOf(name, body) }, request, reply);
  }

  private say(command: InventoryCommand, request: Exchange, reply: Reply): Promise<Done> {
    return this.commander.inventory({ target: command.group.name, command, request }, reply);
  }
}

/** What the body says beyond being an object is the planner's to judge. Code BAD_DOCUMENT. */
function groupOf(name: string, body: unknown): GroupDocument {
  const document = documentOf(body);
  if (document['name'] !== undefined && document['name'] !== name) {
    const fault = {
      path: '/name',
      code: 'NAME_MISMATCH',
      message: `differs from the name "${name}" of the address: make them equal or leave it out`,
    };
    throw refuse('BAD_DOCUMENT', `/name ${fault.message}`, { status: 422, faults: [fault] });
  }
  return { ...document, name } as GroupDocument;
}
