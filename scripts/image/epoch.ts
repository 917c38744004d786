import { run } from "./run.ts"

/**
 * When what is built was last changed, in seconds since 1970: SOURCE_DATE_EPOCH (reproducible-builds.org) or the time
 * of the last commit. It stands in for the time of the build, so that the same sources give the same bits.
 */
export function sourceEpoch(repository: string): number {
  const given = process.env.SOURCE_DATE_EPOCH
  if (given !== undefined && /^\d+$/.test(given)) return Number(given)
  return Number(run("git", ["log", "-1", "--format=%ct"], { cwd: repository }))
}
