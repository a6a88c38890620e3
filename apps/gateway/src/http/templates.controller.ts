import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import { encodeToken, type RequestTemplate } from '@sluice/contracts';

import type { Commander, Done } from '../commands/commander.js';
import type { InventoryView, StoredTemplate } from '../read-model/inventory-view.js';
import { documentOf } from '../requests/document.js';
import { COMMANDER, TEMPLATES } from '../tokens.js';
import { encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiCommandHeaders, ApiProblems, TEMPLATE_REF } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { cursorOf } from './group-query.js';
import { etagOf } from './headers.js';
import { noTemplate } from './lookup.js';
import { PageQuery } from './query-inputs.js';

@ApiTags('templates')
@Controller('v1/templates')
export class TemplatesController {
  constructor(
    @Inject(TEMPLATES) private readonly stored: Pick<InventoryView, 'template' | 'templates'>,
    @Inject(COMMANDER) private readonly commander: Commander,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listTemplates', summary: 'Plan templates by name: what many requests say alike' })
  @ApiCached()
  @ApiAnswer('TemplatePage', 'One page of templates.')
  @ApiProblems(400, 422)
  list(@Query() query: PageQuery): Page<StoredTemplate> {
    const after = cursorOf('templates', query);
    const rest = this.stored.templates().filter(({ name }) => after === undefined || name > after);
    const items = rest.slice(0, query.limit);
    const last = rest.length > items.length ? items.at(-1) : undefined;
    return { items, next: last === undefined ? null : encodeCursor('templates', last.name) };
  }

  @Get(':name')
  @ApiOperation({ operationId: 'getTemplate', summary: 'One plan template' })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('Template', 'The ETag begins with its version: If-Match takes it.')
  @ApiProblems(404, 422)
  get(@Param('name') name: string, @Res({ passthrough: true }) reply: Reply): StoredTemplate {
    const template = this.stored.template(encodeToken(name));
    if (template === undefined) throw noTemplate(name);
    reply.header('etag', etagOf(template.version));
    return template;
  }

  @Put(':name')
  @ApiOperation({
    operationId: 'putTemplate',
    summary: 'Store a plan template in the place of the one of that name',
    description:
      'Requests that name it later are made from it; plans that were made stay as they are. `If-Match: "0"`: only when there is none yet.',
  })
  @ApiParam({ name: 'name' })
  @ApiConsumes('application/json', 'application/yaml')
  @ApiCommandHeaders()
  @ApiBody({ schema: TEMPLATE_REF })
  @ApiAnswer('Done', 'Stored; rev is its version.')
  @ApiProblems(400, 403, 412, 413, 415, 422, 503, 504)
  put(
    @Param('name') name: string,
    @Body() body: unknown,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    // What it says beyond being an object is the planner's to judge.
    const template = documentOf(body) as RequestTemplate;
    return this.commander.inventory({ target: name, command: { type: 'putTemplate', template }, request }, reply);
  }

  @Delete(':name')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'removeTemplate',
    summary: 'Remove a plan template: requests that name it are refused from now on',
  })
  @ApiParam({ name: 'name' })
  @ApiCommandHeaders()
  @ApiAnswer('Done', 'Removed.')
  @ApiProblems(400, 403, 404, 412, 422, 503, 504)
  async remove(
    @Param('name') name: string,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    const done = await this.commander.inventory({ target: name, command: { type: 'removeTemplate' }, request }, reply);
    if (done.state === 'ignored') throw noTemplate(name);
    return done;
  }
}
