import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { Actor } from '@sluice/kernel';

import type { Grant } from '../access/principal.js';
import type { TokenView } from '../access/token.js';
import type { NewTokenView, Tokens } from '../access/tokens.js';
import { TOKENS } from '../tokens.js';
import { encodeCursor, type Page } from './cursor.js';
import { ApiActor, ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange } from './exchange.js';
import { cursorOf } from './group-query.js';
import { actorOf, principalOf } from './headers.js';
import { PageQuery } from './query-inputs.js';
import { CreateTokenInput } from './token-inputs.js';

@ApiTags('access')
@Controller('v1')
export class TokensController {
  constructor(@Inject(TOKENS) private readonly tokens: Tokens) {}

  @Get('me')
  @ApiOperation({ operationId: 'getMe', summary: 'Who you are here, and what you may' })
  @ApiCached()
  @ApiAnswer('Me', 'The subject and the roles of the token.')
  @ApiProblems()
  me(@Req() request: Exchange): { readonly actor: Actor; readonly grants: readonly Grant[] } {
    return { actor: actorOf(request), grants: principalOf(request).grants };
  }

  @Post('tokens')
  @ApiOperation({
    operationId: 'createToken',
    summary: 'Make a token; it is shown in this answer and never again',
    description: 'From the first one on, every call needs a token.',
  })
  @ApiActor()
  @ApiAnswer('NewToken', 'The token, and what is kept of it.', 201)
  @ApiProblems(400, 409, 413, 415, 422)
  create(@Body() body: CreateTokenInput, @Req() request: Exchange): Promise<NewTokenView> {
    return this.tokens.create(body, actorOf(request));
  }

  @Get('tokens')
  @ApiOperation({ operationId: 'listTokens', summary: 'Tokens, the oldest first; never their text' })
  @ApiCached()
  @ApiAnswer('TokenPage', 'One page, those that were taken back included.')
  @ApiProblems(400, 422)
  list(@Query() query: PageQuery): Page<TokenView> {
    const { items, next } = this.tokens.list(cursorOf('tokens', query), query.limit);
    return { items, next: next === undefined ? null : encodeCursor('tokens', next) };
  }

  @Delete('tokens/:id')
  @HttpCode(200)
  @ApiOperation({ operationId: 'revokeToken', summary: 'Take a token back: from now on it is refused' })
  @ApiParam({ name: 'id' })
  @ApiActor()
  @ApiAnswer('Token', 'What is kept of it.')
  @ApiProblems(404)
  revoke(@Param('id') id: string, @Req() request: Exchange): Promise<TokenView> {
    return this.tokens.revoke(id, actorOf(request));
  }
}
