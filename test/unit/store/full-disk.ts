import { execFileSync } from "node:child_process"

/**
 * Runs `work` while no file of this process can grow past `bytes`: the kernel cuts the write that reaches the limit
 * short and refuses the next with EFBIG, as a full disk does with ENOSPC, and root is not exempt.
 */
export async function onFullDisk<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  limitFileSize(String(bytes))
  try {
    return await work()
  } finally {
    limitFileSize("unlimited")
  }
}

function limitFileSize(soft: string): void {
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${soft}:`])
}
