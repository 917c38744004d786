import type { Command, Option } from "./command.ts"
import { GLOBAL_OPTIONS } from "./global-options.ts"

/** The completion of fish, which is told rule by rule what it may offer when. Made of the same table as the others. */
export function fish(commands: readonly Command[]): string {
  const nouns = [...new Set(commands.map(({ words }) => words.split(" ")[0]!))]
  const groups = nouns.filter((noun) => !commands.some(({ words }) => words === noun))
  const rules = [
    ...Object.entries(GLOBAL_OPTIONS).map(([name, option]) => optionRule("", name, option)),
    wordRule("__gatehouse_typed", [...nouns, "help"]),
    ...groups.map((noun) => wordRule(`__gatehouse_typed ${noun}`, verbsOf(noun, commands))),
    ...commands.flatMap(commandRules),
  ]
  return `${HEAD}${rules.join("\n")}\n`
}

/** `__gatehouse_typed` holds when exactly these words were typed, `__gatehouse_in` when they are the first ones. */
const HEAD = `# fish completion of gatehouse; put it into ~/.config/fish/completions/gatehouse.fish
function __gatehouse_words
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1
      set skip 0
    else if test $word = --state
      set skip 1
    else if not string match -q -- '-*' $word
      echo $word
    end
  end
end
function __gatehouse_typed
  set -l words (__gatehouse_words)
  test "$words" = "$argv"
end
function __gatehouse_in
  set -l words (__gatehouse_words)
  string match -q -- "$argv *" "$words "
end
complete -c gatehouse -f
`

function commandRules({ words, operands = [], options = {} }: Command): string[] {
  const when = `__gatehouse_in ${words}`
  const choices = operands.flatMap((operand) => operand.choices ?? [])
  return [
    ...(choices.length > 0 ? [wordRule(when, choices)] : []),
    ...(operands.some(({ file }) => file) ? [`${rule(when)} -F`] : []),
    ...Object.entries(options).map(([name, option]) => optionRule(when, name, option)),
  ]
}

function verbsOf(noun: string, commands: readonly Command[]): string[] {
  return commands.filter(({ words }) => words.startsWith(`${noun} `)).map(({ words }) => words.split(" ")[1]!)
}

function rule(when: string): string {
  return `complete -c gatehouse${when === "" ? "" : ` -n "${when}"`}`
}

function wordRule(when: string, words: readonly string[]): string {
  return `${rule(when)} -a "${words.join(" ")}"`
}

/** -x: a value, and no file; -r: a value. */
function optionRule(when: string, name: string, { value, file, choices = [] }: Option): string {
  const among = choices.length > 0 ? ` -a "${choices.join(" ")}"` : ""
  const takes = value === undefined ? "" : file ? " -r -F" : ` -x${among}`
  return `${rule(when)} -l ${name}${takes}`
}
