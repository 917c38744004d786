import { access } from "node:fs/promises"

/** Where systemd-timesyncd says that it has set the clock since the start of the machine (systemd-timesyncd.service(8)). */
const FOLDER = "/run/systemd/timesync"

/** Whether the clock was set over the network; undefined where no one here knows. */
export async function isTimeSynchronised(folder = FOLDER): Promise<boolean | undefined> {
  if (await exists(`${folder}/synchronized`)) return true
  return (await exists(folder)) ? false : undefined
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
