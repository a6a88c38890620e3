import type { CommandWords, OptionWords } from './words.js';

const flagsOf = (options: readonly OptionWords[]): string[] => options.flatMap(({ flags }) => flags);
const globalsOf = (commands: readonly CommandWords[]): readonly OptionWords[] =>
  commands.find(({ name }) => name === '')?.options ?? [];

/** Words after which a value follows, which is no command. */
const withValue = (commands: readonly CommandWords[]): string[] => [
  ...new Set(commands.flatMap(({ options }) => flagsOf(options.filter(({ takesValue }) => takesValue)))),
];

const choiceCases = (commands: readonly CommandWords[]): readonly (readonly [flags: string, choices: string])[] =>
  globalsOf(commands)
    .filter(({ choices }) => choices.length > 0)
    .map(({ flags, choices }) => [flags.join('|'), choices.join(' ')]);

function caseLines(commands: readonly CommandWords[]): string[] {
  const globals = flagsOf(globalsOf(commands));
  return commands.map(({ name, words, options }) => {
    const said = [...words, ...new Set([...flagsOf(options), ...globals, '--help'])];
    return `    '${name}') words='${said.join(' ')}' ;;`;
  });
}

export const bashOf = (commands: readonly CommandWords[]): string =>
  [
    '# source <(sluice completion bash)',
    '_sluice() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} said= words= i word',
    '  case $prev in',
    ...choiceCases(commands).map(
      ([flags, choices]) => `    ${flags}) COMPREPLY=($(compgen -W '${choices}' -- "$cur")); return ;;`,
    ),
    `    ${withValue(commands).join('|')}) return ;;`,
    '  esac',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    word=${COMP_WORDS[i]}',
    '    case $word in',
    `      ${withValue(commands).join('|')}) ((i++)) ;;`,
    '      -*) ;;',
    '      *) if [[ -z $said ]]; then said=$word; elif [[ $said == token ]]; then said="token $word"; fi ;;',
    '    esac',
    '  done',
    '  case $said in',
    ...caseLines(commands),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -o default -F _sluice sluice',
  ].join('\n');

export const zshOf = (commands: readonly CommandWords[]): string =>
  [
    '#compdef sluice',
    '# sluice completion zsh > "${fpath[1]}/_sluice"',
    'autoload -U +X bashcompinit && bashcompinit',
    bashOf(commands),
  ].join('\n');

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export const fishOf = (commands: readonly CommandWords[]): string =>
  [
    '# sluice completion fish > ~/.config/fish/completions/sluice.fish',
    'complete -c sluice -f',
    ...globalsOf(commands).map((option) => fishOption(option, '')),
    ...commands.filter(({ name }) => name !== '').flatMap(fishCommand),
  ].join('\n');

function fishCommand({ name, about, options, words }: CommandWords): string[] {
  const [first = '', second] = name.split(' ');
  const condition = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`;
  const seen = `-n ${quoted(`__fish_seen_subcommand_from ${second ?? first}`)}`;
  return [
    `complete -c sluice -n ${quoted(condition)} -a ${second ?? first} -d ${quoted(about)}`,
    ...(second === undefined && words.length > 0 && first !== 'token'
      ? [`complete -c sluice ${seen} -a ${quoted(words.join(' '))}`]
      : []),
    ...options.map((option) => fishOption(option, `${seen} `)),
  ];
}

function fishOption({ flags, about, takesValue, choices }: OptionWords, condition: string): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
  return `complete -c sluice ${condition}${names}${value} -d ${quoted(about)}`;
}
