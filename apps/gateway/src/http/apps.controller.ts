import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { GroupCatalog } from '../read-model/group-catalog.js';
import type { AppVersions, GroupSkew } from '../read-model/versions.js';
import { GROUPS } from '../tokens.js';
import { encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange } from './exchange.js';
import { wanted } from './group-query.js';
import { refuse } from '../problems/problem.js';
import { PageQuery } from './query-inputs.js';

/** The versions of an app over its groups, one page of them. */
export interface AppVersionsPage extends Omit<AppVersions, 'groups'> {
  readonly groups: Page<GroupSkew>;
}

@ApiTags('groups')
@Controller('v1/apps')
export class AppsController {
  constructor(@Inject(GROUPS) private readonly groups: GroupCatalog) {}

  @Get(':app/versions')
  @ApiOperation({
    operationId: 'getAppVersions',
    summary: 'Which versions of an app run on how many hosts, and whether all its groups agree',
  })
  @ApiParam({ name: 'app' })
  @ApiCached()
  @ApiAnswer('AppVersions', 'limit and cursor page its groups.')
  @ApiProblems(400, 404, 422)
  versions(@Param('app') app: string, @Query() query: PageQuery, @Req() request: Exchange): AppVersionsPage {
    const asked = { limit: query.limit, app, ...(query.cursor === undefined ? {} : { cursor: query.cursor }) };
    const { groups, next, ...sums } = this.groups.appVersions(app, wanted('app-groups', asked, request));
    if (groups.length === 0 && asked.cursor === undefined) {
      throw refuse(
        'NOT_FOUND',
        `no group that you may read has the app ${app.slice(0, 60)}: GET /v1/groups lists them`,
      );
    }
    return { ...sums, groups: { items: groups, next: next === undefined ? null : encodeCursor('app-groups', next) } };
  }
}
