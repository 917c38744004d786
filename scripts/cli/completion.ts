import type { Command, Option } from "./command.ts"
import { fish } from "./completion-fish.ts"
import { GLOBAL_OPTIONS } from "./global-options.ts"

const SHELLS = ["bash", "zsh", "fish"] as const
type Shell = (typeof SHELLS)[number]
const WRITTEN: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = { bash, zsh, fish }

/** What a shell needs to complete our words, made of the same table as everything else. */
export function completionCommands(all: () => readonly Command[]): readonly Command[] {
  return [
    {
      words: "completion",
      summary: "Print what makes a shell complete the words of this program.",
      operands: [{ name: "SHELL", choices: SHELLS }],
      example: "completion bash > /etc/bash_completion.d/gatehouse",
      async run({ screen, operand }) {
        const script = WRITTEN[operand("SHELL") as Shell](all())
        if (screen.json) screen.answer({ script }, () => [])
        else screen.raw(script)
      },
    },
  ]
}

function bash(commands: readonly Command[]): string {
  return `# bash completion of gatehouse; put it into /etc/bash_completion.d, or: source <(gatehouse completion bash)
_gatehouse() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" typed="" known="" files="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      --state) ((i++)) ;;
      -*) ;;
      *) typed="$typed \${COMP_WORDS[i]}" ;;
    esac
  done
${cases(commands)}
  COMPREPLY=($(compgen -W "$known" -- "$word"))
  if [ -n "$files" ]; then
    compopt -o filenames 2> /dev/null
    COMPREPLY+=($(compgen -f -- "$word"))
  fi
}
complete -F _gatehouse gatehouse
`
}

/** `path` would be zsh's own name for $PATH. */
function zsh(commands: readonly Command[]): string {
  return `#compdef gatehouse
# zsh completion of gatehouse; put it into a folder of $fpath under the name _gatehouse
_gatehouse() {
  local before="\${words[CURRENT-1]}" typed="" known="" files="" i
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      --state) ((i++)) ;;
      -*) ;;
      *) typed="$typed \${words[i]}" ;;
    esac
  done
${cases(commands)}
  if [ -n "$files" ]; then _files; fi
  compadd -- \${=known}
}
if [ "\${funcstack[1]}" = "_gatehouse" ]; then _gatehouse "$@"; else compdef _gatehouse gatehouse; fi
`
}

/** Sets \`known\` by the words typed so far, and \`files\` where a file may stand; an option's value has neither. */
function cases(commands: readonly Command[]): string {
  const nouns = [...new Set(commands.map(({ words }) => words.split(" ")[0]!))]
  const groups = nouns.filter((noun) => !commands.some(({ words }) => words === noun))
  const verbs = (noun: string) => commands.filter(({ words }) => words.startsWith(`${noun} `)).map(verbOf)
  const options = commands.flatMap((command) => Object.entries({ ...GLOBAL_OPTIONS, ...command.options }))
  return [
    '  case "$typed" in',
    line('""', [...nouns, "help", "--version", ...switches({})]),
    ...groups.map((noun) => line(`" ${noun}"`, [...verbs(noun), "--help"])),
    ...commands.map((command) => line(`" ${command.words}"*`, wordsOf(command), takesFile(command))),
    "  esac",
    '  case "$before" in',
    line(
      patterns(options, ({ file }) => file === true),
      [],
      true,
    ),
    line(
      patterns(options, ({ value, file }) => value !== undefined && !file),
      [],
    ),
    "  esac",
  ].join("\n")
}

function line(pattern: string, known: readonly string[], files = false): string {
  return `    ${pattern}) known="${known.join(" ")}" files=${files ? "1" : '""'} ;;`
}

function verbOf({ words }: Command): string {
  return words.split(" ")[1]!
}

function wordsOf({ operands = [], options = {} }: Command): string[] {
  return [...operands.flatMap(({ choices = [] }) => choices), ...switches(options)]
}

function switches(options: Readonly<Record<string, Option>>): string[] {
  return Object.keys({ ...options, ...GLOBAL_OPTIONS }).map((name) => `--${name}`)
}

function takesFile({ operands = [] }: Command): boolean {
  return operands.some(({ file }) => file)
}

function patterns(options: readonly (readonly [string, Option])[], wanted: (option: Option) => boolean): string {
  const names = options.filter(([, option]) => wanted(option)).map(([name]) => `--${name}`)
  return [...new Set(names)].join("|")
}
