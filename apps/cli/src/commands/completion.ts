import { type Command, Argument } from 'commander';

import { bashOf, fishOf, zshOf } from '../completion/scripts.js';
import { wordsOf } from '../completion/words.js';
import { examples, type Surroundings } from './shell.js';

const SCRIPTS = { bash: bashOf, zsh: zshOf, fish: fishOf } as const;

/** Added last: it tells what stands in the program. */
export function addCompletion(program: Command, { out }: Surroundings): void {
  program
    .command('completion')
    .description('what your shell needs to complete sluice commands')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      examples(
        'source <(sluice completion bash)',
        'sluice completion zsh > "${fpath[1]}/_sluice"',
        'sluice completion fish > ~/.config/fish/completions/sluice.fish',
      ),
    )
    .action((shell: keyof typeof SCRIPTS) => out(SCRIPTS[shell](wordsOf(program))));
}
