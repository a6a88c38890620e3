import type { Command, Option } from 'commander';

export interface OptionWords {
  /** `--output`, `-o` */
  readonly flags: readonly string[];
  readonly about: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** What can be said after a command. */
export interface CommandWords {
  /** `token create`; '' for sluice itself. */
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionWords[];
  /** Names of the commands below it, or values that its first arguments may have. */
  readonly words: readonly string[];
}

/** The program and its commands as words. Read from the program itself: nothing is forgotten. */
export function wordsOf(program: Command): readonly CommandWords[] {
  return [commandWords(program, ''), ...below(program, '')];
}

function below(parent: Command, prefix: string): CommandWords[] {
  return parent.commands.flatMap((command) => {
    const name = `${prefix}${command.name()}`;
    return [commandWords(command, name), ...below(command, `${name} `)];
  });
}

const commandWords = (command: Command, name: string): CommandWords => ({
  name,
  about: command.description(),
  options: command.options.map(optionWords),
  words: [
    ...command.commands.map((inner) => inner.name()),
    ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  ],
});

const optionWords = ({ short, long, description, required, optional, argChoices }: Option): OptionWords => ({
  flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
  about: description,
  takesValue: required || optional,
  choices: argChoices ?? [],
});
