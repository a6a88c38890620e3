import { Body, Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { GroupCommand } from '@sluice/contracts';

import type { Commander, Done } from '../commands/commander.js';
import type { Candidate, GroupCatalog, GroupDetail, GroupMember, GroupSummary } from '../read-model/group-catalog.js';
import type { GroupVersions } from '../read-model/versions.js';
import { groupDetailThen, type GroupPageThen, membersThen } from '../past/group-view.js';
import type { Past } from '../past/past.js';
import { COMMANDER, GROUPS, PAST } from '../tokens.js';
import { type CommandInput, HostInput, VersionInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { etagOf } from './headers.js';
import { cursorOf, wanted } from './group-query.js';
import { noGroup } from './lookup.js';
import { PageAtQuery } from './moment-inputs.js';
import { GroupsQuery } from './query-inputs.js';

type Answer = Promise<Done>;

@ApiTags('groups')
@Controller('v1/groups')
export class GroupsController {
  constructor(
    @Inject(GROUPS) private readonly groups: GroupCatalog,
    @Inject(COMMANDER) private readonly commander: Commander,
    @Inject(PAST) private readonly past: Past,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listGroups', summary: 'Groups by name: members, versions that run, active rollout' })
  @ApiCached()
  @ApiAnswer('GroupPage', 'One page of groups.')
  @ApiProblems(400, 422)
  list(@Query() query: GroupsQuery, @Req() request: Exchange): Page<GroupSummary> {
    const { items, next } = this.groups.list(wanted('groups', query, request));
    return { items, next: next === undefined ? null : encodeCursor('groups', next) };
  }

  @Get(':name')
  @ApiOperation({
    operationId: 'getGroup',
    summary: 'One group, now or at any moment: members with running version, exclusions, lease, version history',
  })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('GroupNowOrThen', 'limit and cursor page its members. The ETag begins with its rev: If-Match takes it.')
  @ApiProblems(400, 404, 422)
  async get(
    @Param('name') name: string,
    @Query() query: PageAtQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<GroupPage | GroupPageThen> {
    if (query.at !== undefined) {
      const then = await this.past.group(name, query.at);
      return {
        ...groupDetailThen(then),
        memberPage: pageOf(membersThen(then, cursorOf('members', query), query.limit)),
      };
    }
    const group = this.groups.get(name);
    if (group === undefined) throw noGroup(name);
    reply.header('etag', etagOf(group.rev));
    return { ...group, memberPage: pageOf(this.groups.members(name, cursorOf('members', query), query.limit)) };
  }

  @Get(':name/versions')
  @ApiOperation({
    operationId: 'getGroupVersions',
    summary: 'Which versions run side by side in the group now, and on how many hosts',
  })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('GroupVersions', 'The most common version first.')
  @ApiProblems(404, 422)
  versions(@Param('name') name: string): GroupVersions {
    const versions = this.groups.versions(name);
    if (versions === undefined) throw noGroup(name);
    return versions;
  }

  @Get(':name/candidates')
  @ApiOperation({
    operationId: 'listCandidates',
    summary: 'The last ten versions that succeeded here and are not blocked: each can be rolled out again as it was',
  })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('Candidates', 'The newest success first.')
  @ApiProblems(404, 422)
  candidates(@Param('name') name: string): { readonly items: readonly Candidate[] } {
    const items = this.groups.candidates(name);
    if (items === undefined) throw noGroup(name);
    return { items };
  }

  @Command(':name/commands/exclude', 'Group', 'Take a host out of every rollout; needs a reason')
  exclude(
    @Param('name') name: string,
    @Body() body: HostInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ name, body, request, reply }, { type: 'exclude', host: body.host });
  }

  @Command(':name/commands/include', 'Group', 'Take an excluded host in again')
  include(
    @Param('name') name: string,
    @Body() body: HostInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ name, body, request, reply }, { type: 'include', host: body.host });
  }

  @Command(':name/commands/block', 'Group', 'Forbid a version in this group; needs a reason')
  block(
    @Param('name') name: string,
    @Body() body: VersionInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ name, body, request, reply }, { type: 'block', version: body.version });
  }

  @Command(':name/commands/unblock', 'Group', 'Allow a blocked version again')
  unblock(
    @Param('name') name: string,
    @Body() body: VersionInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ name, body, request, reply }, { type: 'unblock', version: body.version });
  }

  private say({ name, body, request, reply }: Call, command: GroupCommand): Answer {
    return this.commander.group({ target: name, command, reason: body.reason, request }, reply);
  }
}

const pageOf = <T>({ items, next }: { readonly items: readonly T[]; readonly next: string | undefined }): Page<T> => ({
  items,
  next: next === undefined ? null : encodeCursor('members', next),
});

interface Call {
  readonly name: string;
  readonly body: CommandInput;
  readonly request: Exchange;
  readonly reply: Reply;
}

export interface GroupPage extends GroupDetail {
  readonly memberPage: Page<GroupMember>;
}
