import type { RosterEvent, VariableEvent } from '@sluice/contracts';
import { evolveFleet, evolveVariable, type Fleet, initialFleet, nameOf, roleOf, valueOf } from '@sluice/variable';

import type { Complain } from '../complain.js';
import { type FleetModel, roleAt } from './fleet-model.js';
import { type RoleCounts, roleCounts, type VariableModel } from './variable-model.js';

/** Each host is looked at so seldom, as the counts of the roles are looked at every time. */
const LOOK_EVERY = 500;

/** I10: the fleet that the real `evolve` makes of the events, held against the outsider's model. */
export class FleetFold {
  private readonly fleet: Fleet = initialFleet();

  hosts(event: RosterEvent): void {
    evolveFleet(this.fleet, event);
  }

  variable(name: string, event: VariableEvent, at: number): void {
    evolveVariable(this.fleet, name, event, at);
  }

  /** What a commit of the roster came to. */
  compareHosts(model: FleetModel, complain: Complain): void {
    const { roster } = this.fleet;
    const { names, slotOf, members } = roster;
    if (names.length !== model.hosts)
      complain('I10', `the folded roster has ${names.length} hosts, the events ${model.hosts}`);
    const role = model.sizes.findIndex((size, i) => size !== members[i]?.length);
    if (role >= 0)
      complain(
        'I10',
        `the folded ${model.roles[role]} has ${members[role]?.length} hosts, the events ${model.sizes[role]}`,
      );
    if (slotOf.size !== names.length) complain('I8', 'a host has two numbers');
  }

  /** What a commit of the variable came to. `isWhole`: host by host. */
  compare(fleet: FleetModel, model: VariableModel, isWhole: boolean, complain: Complain): void {
    const state = this.fleet.variables.get(model.name);
    if (state === undefined) return complain('I10', `${model.name} is not folded`);
    const [expected, got] = [headOf(model), headOf(state)];
    if (expected !== got) complain('I10', `the folded ${model.name} is ${got}, the events say ${expected}`);
    const role = fleet.roles.findIndex((_, i) => !sameCounts(roleCounts(model, i), state.roles[i]));
    if (role >= 0) {
      const words = `${wordsOf(state.roles[role])}, the events ${wordsOf(roleCounts(model, role))}`;
      complain('I10', `the folded ${model.name} has in ${fleet.roles[role]} ${words}`);
    }
    if (isWhole || model.commits % LOOK_EVERY === 0) this.compareEach(fleet, model, complain);
  }

  private compareEach(fleet: FleetModel, model: VariableModel, complain: Complain): void {
    const { roster, variables } = this.fleet;
    const state = variables.get(model.name);
    for (let host = 0; state !== undefined && host < fleet.hosts; host += 1) {
      const expected = model.pins.get(host) ?? (model.sides[host] === 1 ? model.spec.to : model.spec.from);
      if (roleOf(roster, host) === roleAt(fleet, host) && valueOf(state, host) === expected) continue;
      const words = `${String(valueOf(state, host))}, the events ${String(expected)}`;
      return complain('I10', `the folded ${model.name} of ${nameOf(roster, host)} is ${words}`);
    }
  }
}

type Head = Pick<VariableModel, 'version' | 'phase' | 'direction' | 'activeMs' | 'since' | 'spite'>;
type Counts = Pick<RoleCounts, 'n' | 'to' | 'pinned' | 'pinnedTo'>;

const headOf = ({ version, phase, direction, activeMs, since = -1, spite }: Head): string =>
  `${phase} ${direction} at ${activeMs} since ${since}, version ${version}, in spite of ${spite?.freezes.join() ?? 'none'}`;

const NONE: Counts = { n: 0, to: 0, pinned: 0, pinnedTo: 0 };

/** A role that the fold never had to look at has nobody. */
const sameCounts = (mine: Counts, folded: Counts = NONE): boolean =>
  mine.n === folded.n && mine.to === folded.to && mine.pinned === folded.pinned && mine.pinnedTo === folded.pinnedTo;

const wordsOf = ({ n, to, pinned, pinnedTo }: Counts = NONE): string =>
  `${to} of ${n}, ${pinnedTo} of ${pinned} pinned`;
