import type { Option } from "./command.ts"

/** What every command takes, before its words or after them. */
export const GLOBAL_OPTIONS: Readonly<Record<string, Option>> = {
  state: { value: "DIR", file: true, summary: "the gateway's state directory, where its socket lies" },
  json: { summary: "print JSON for a program instead of text for a person" },
  help: { summary: "say what the command does (also -h)" },
}
