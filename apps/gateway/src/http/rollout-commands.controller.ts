import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import type { RolloutCommand } from '@sluice/contracts';
import { parseDuration } from '@sluice/kernel';

import type { Commander, Done } from '../commands/commander.js';
import { COMMANDER } from '../tokens.js';
import { Command } from './command-route.js';
import {
  ApproveInput,
  CommandInput,
  HostInput,
  IntervalInput,
  ModeInput,
  OverrideInput,
  ReasonInput,
  RejectInput,
  WeightInput,
} from './command-inputs.js';
import type { Exchange, Reply } from './exchange.js';

type Answer = Promise<Done>;

/** What is not offered now is answered with 409 and the list of what is (TRS-10). */
@ApiTags('rollout commands')
@Controller('v1/rollouts/:id/commands')
export class RolloutCommandsController {
  constructor(@Inject(COMMANDER) private readonly commander: Commander) {}

  @Command('approve', 'Rollout', 'Approve what the rollout waits for; the approver is not the requester')
  approve(
    @Param('id') id: string,
    @Body() body: ApproveInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say(
      { id, body, request, reply },
      { type: 'approve', approval: body.approval, planHash: body.planHash },
    );
  }

  @Command('reject', 'Rollout', 'Reject what the rollout waits for; it ends')
  reject(
    @Param('id') id: string,
    @Body() body: RejectInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'reject', approval: body.approval });
  }

  @Command('pause', 'Rollout', 'Admit nothing more until resume')
  pause(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'pause' });
  }

  @Command('resume', 'Rollout', 'Go on after a pause, or after a brake while the budget is free')
  resume(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'resume' });
  }

  @Command('cancel', 'Rollout', 'Let what is in a step settle, then end')
  cancel(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'cancel' });
  }

  @Command('rollback', 'Rollout', 'Restore the last success on every host that was touched')
  rollback(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'rollback' });
  }

  @Command('retry', 'Rollout', 'Do failed and unknown hosts again')
  retry(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'retry' });
  }

  @Command('skip', 'Rollout', 'Leave a failed host behind when it runs the version already')
  skip(
    @Param('id') id: string,
    @Body() body: HostInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'skip', host: body.host });
  }

  @Command('waive', 'Rollout', 'Let a host serve though its verify failed; needs a reason')
  waive(
    @Param('id') id: string,
    @Body() body: HostInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'waive', host: body.host });
  }

  @Command('override', 'Rollout', 'Take on more failures, for this rollout only; needs a reason')
  override(
    @Param('id') id: string,
    @Body() body: OverrideInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'override', extraFailures: body.extraFailures });
  }

  @Command('proceed', 'Rollout', 'Let the next batch go (manual mode)')
  proceed(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'proceed' });
  }

  @Command('mode', 'Rollout', 'Automatic, or a person lets each batch go')
  mode(
    @Param('id') id: string,
    @Body() body: ModeInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'setMode', mode: body.mode });
  }

  @Command('interval', 'Rollout', 'Change the waits between batches')
  interval(
    @Param('id') id: string,
    @Body() body: IntervalInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, intervals(body));
  }

  @Command('close', 'Rollout', 'Give up a failed rollout and let its group go')
  close(
    @Param('id') id: string,
    @Body() body: CommandInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'close' });
  }

  @Command('weight', 'Rollout', 'Move so much traffic to the new side by hand; the next stages go on from there')
  weight(
    @Param('id') id: string,
    @Body() body: WeightInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'setWeight', weight: body.weight });
  }

  @Command(
    'hotfix',
    'Rollout',
    'Go on in spite of the freezes that hold now; needs a reason and somebody who answers for it',
  )
  hotfix(
    @Param('id') id: string,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.say({ id, body, request, reply }, { type: 'hotfix' });
  }

  private say({ id, body, request, reply }: Call, command: RolloutCommand): Answer {
    return this.commander.rollout({ target: id, command, reason: body.reason, request }, reply);
  }
}

interface Call {
  readonly id: string;
  readonly body: CommandInput;
  readonly request: Exchange;
  readonly reply: Reply;
}

const intervals = ({ interval, tailInterval }: IntervalInput): RolloutCommand => ({
  type: 'setInterval',
  ...(interval === undefined ? {} : { intervalMs: parseDuration(interval) }),
  ...(tailInterval === undefined ? {} : { tailIntervalMs: parseDuration(tailInterval) }),
});
