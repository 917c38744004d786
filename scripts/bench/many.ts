/** Does `work` for each item, at most `side` at a time; the first failure ends it. */
export async function inParallel<T>(items: readonly T[], side: number, work: (item: T, at: number) => Promise<void>) {
  let next = 0
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) await work(items[at] as T, at)
  }
  await Promise.all(Array.from({ length: Math.min(side, items.length) }, worker))
}

/** Milliseconds on the clock that all processes of this machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
