import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';

import { sees } from '../access/principal.js';
import type { GroupCatalog } from '../read-model/group-catalog.js';
import type { CommitView } from '../read-model/commit-view.js';
import type { RolloutStreams } from '../live/streams.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import { type RolloutDetail, rolloutDetail, type TargetRow, targetPage } from '../read-model/rollout-views.js';
import type { Past } from '../past/past.js';
import { GROUPS, HISTORY, PAST, STREAMS_OF_ROLLOUTS } from '../tokens.js';
import type { RolloutSummary } from '@sluice/rollout';
import { decodeCursor, encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { type Exchange, headerOf, type Reply } from './exchange.js';
import { etagOf, positionOf, principalOf, wantsEventStream } from './headers.js';
import { noRollout } from './lookup.js';
import { type At, MomentQuery, TargetsAtQuery } from './moment-inputs.js';
import { EventsQuery, instantOf, RolloutsQuery } from './query-inputs.js';

@ApiTags('rollouts')
@Controller('v1/rollouts')
export class RolloutsController {
  constructor(
    @Inject(HISTORY) private readonly history: RolloutHistory,
    @Inject(GROUPS) private readonly groups: GroupCatalog,
    @Inject(STREAMS_OF_ROLLOUTS) private readonly streams: RolloutStreams,
    @Inject(PAST) private readonly past: Past,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listRollouts', summary: 'Rollouts, the newest first, those of the archive too' })
  @ApiCached()
  @ApiAnswer('RolloutPage', 'One page of summaries.')
  @ApiProblems(400, 422, 503)
  async list(
    @Query() query: RolloutsQuery,
    @Req() request: Exchange,
  ): Promise<Page<RolloutSummary & Pick<RolloutDetail, 'label'>>> {
    const { limit, cursor, app, group, state, since, archived } = query;
    const principal = principalOf(request);
    const { items, next } = await this.history.list({
      limit,
      sees: (name) => sees(principal, name),
      ...(since === undefined ? {} : { since: instantOf(since) }),
      ...(app === undefined ? {} : { app }),
      ...(group === undefined ? {} : { group }),
      ...(state === undefined ? {} : { state }),
      ...(archived === undefined ? {} : { archived: archived === 'true' }),
      ...(cursor === undefined ? {} : { before: decodeCursor('rollouts', 'number', cursor) }),
    });
    const labelled = items.map((summary) => ({ ...summary, ...this.history.labels.of(summary.id) }));
    return { items: labelled, next: next === undefined ? null : encodeCursor('rollouts', next) };
  }

  @Get(':id')
  @ApiOperation({
    operationId: 'getRollout',
    summary: 'One rollout, now or at any moment: group, version, plan, batches, counts, state, and what it offers',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('RolloutDetail', 'ETag is its rev: send it back as If-Match. With `at`: what it was.')
  @ApiProblems(404, 410, 422)
  async get(
    @Param('id') id: string,
    @Query() { at }: MomentQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<At<RolloutDetail>> {
    if (at !== undefined) {
      const then = await this.past.rollout(id, at);
      const { label } = then;
      return { ...rolloutDetail(then), ...(label === undefined ? {} : { label }), at: then.at };
    }
    const loaded = await this.history.stateOf(id);
    if (loaded === undefined) throw noRollout(id);
    reply.header('etag', etagOf(loaded.rev));
    return { ...rolloutDetail(loaded), ...this.history.labels.of(id) };
  }

  @Get(':id/targets')
  @ApiOperation({
    operationId: 'listTargets',
    summary: 'Hosts of the rollout in the order of the plan, now or at any moment: name, address, state',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('TargetPage', 'One page of targets.')
  @ApiProblems(400, 404, 410, 422)
  async targets(@Param('id') id: string, @Query() query: TargetsAtQuery): Promise<At<Page<TargetRow>>> {
    const from = query.cursor === undefined ? 0 : decodeCursor('targets', 'number', query.cursor);
    const range = { from, limit: query.limit, ...(query.phase === undefined ? {} : { phase: query.phase }) };
    if (query.at !== undefined) {
      const { state, at } = await this.past.rollout(id, query.at);
      // Addresses are what agents said last, which is not in the log.
      return { ...pageOf(targetPage(state, range, () => null)), at };
    }
    const loaded = await this.history.stateOf(id);
    if (loaded === undefined) throw noRollout(id);
    return pageOf(targetPage(loaded.state, range, (group, host) => this.groups.endpointOf(group, host)));
  }

  @Get(':id/events')
  @ApiOperation({
    operationId: 'listEvents',
    summary: 'The history, as pages or live',
    description:
      'Commits of all writers of this rollout in the order of the log. With `Accept: text/event-stream` they come as server-sent events, what was and then what is; the event id is the log position, so Last-Event-ID resumes. `next` is the `after` of the next page.',
  })
  @ApiParam({ name: 'id' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiCached()
  @ApiAnswer('EventPage', 'One page of commits, or the live stream.')
  @ApiProblems(400, 404, 422, 503)
  async events(
    @Param('id') id: string,
    @Query() query: EventsQuery,
    @Req() request: Exchange,
    @Res() reply: Reply,
  ): Promise<void> {
    if (!(await this.history.knows(id))) throw noRollout(id);
    const after = positionOf(headerOf(request, 'last-event-id') ?? query.after);
    if (wantsEventStream(request)) {
      await this.streams.stream({ id, after, reply, isAllowed: principalOf(request).isValid });
      return;
    }
    const page: EventPage = await this.streams.page(id, after, query.limit);
    reply.code(200).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(page));
  }
}

const pageOf = ({ items, next }: ReturnType<typeof targetPage>): Page<TargetRow> => ({
  items,
  next: next === undefined ? null : encodeCursor('targets', next),
});

/** `next`: the log position that continues, as `after`. */
interface EventPage {
  readonly items: readonly CommitView[];
  readonly next: number | null;
}
