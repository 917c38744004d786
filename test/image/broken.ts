import { randomBytes } from "node:crypto"
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeBundle } from "../../scripts/image/bundle.ts"
import { developmentKeys } from "../../scripts/image/keys.ts"
import { run } from "../../scripts/image/run.ts"
import { built, keys, META, NEXT_VERSION, scratch } from "./appliance.ts"
import { INIT, SCRIPT, variantOf } from "./variant.ts"

const LAST = "exec switch_root"

/** Ways in which a version can be broken although we signed it, as changes to its /init. */
export const FAULTS = {
  /** The service ends as soon as it starts. */
  exits: INIT.replace(LAST, `${hide("service/main.js", "process.exit(1)")}\n${LAST}`),
  /** The kernel stops. */
  panics: INIT.replace("find_disk\ngrow", "echo c >/proc/sysrq-trigger\nfind_disk\ngrow"),
  /** Nothing runs any more, and nobody says so: what is left is the hardware watchdog. */
  hangs: INIT.replace("exec switch_root /root /sbin/init", "exec switch_root /root /bin/sleep infinity"),
} as const

function hide(path: string, text: string): string {
  return `mkdir -p /root/run; echo '${text}' >/root/run/broken && mount --bind /root/run/broken /root/usr/lib/gatehouse/${path}`
}

/** A slot of the update with a fault in it, for a card. */
export function faultySlot(fault: keyof typeof FAULTS, folder: string): string {
  if (FAULTS[fault] === INIT) throw new Error(`the fault ${fault} is not in /init; image/initramfs/init has changed`)
  const slot = join(folder, "faulty.slot")
  writeFileSync(slot, variantOf(readFileSync(built("update", "slot")), FAULTS[fault], SCRIPT))
  return slot
}

/** Bundles that must be refused, each for another reason. They are small: none gets as far as being written. */
export function badBundles(): Record<string, string> {
  const folder = scratch("bad-bundles")
  const at = (name: string) => join(folder, name)
  writeFileSync(at("slot"), randomBytes(2 << 20))
  const bundle = (name: string, differs: object, signing = keys()) => {
    const inputs = {
      compatible: META.compatible,
      version: NEXT_VERSION,
      notes: "small",
      slot: at("slot"),
      scratch: folder,
    }
    makeBundle({ ...inputs, ...differs }, signing, at(name))
    return at(name)
  }
  const whole = bundle("whole.raucb", {})
  const content = Number(readFileSync(whole).readBigUInt64LE(40))
  const altered = (name: string, change: (bytes: Buffer) => void) => {
    const bytes = readFileSync(whole)
    change(bytes)
    writeFileSync(at(name), bytes)
    return at(name)
  }
  copyFileSync(whole, at("unsigned.raucb"))
  truncateSync(at("unsigned.raucb"), Math.ceil(content / 4096) * 4096)
  copyFileSync(whole, at("cut.raucb"))
  truncateSync(at("cut.raucb"), readFileSync(whole).length - 700)
  run("dd", ["if=/dev/urandom", `of=${at("noise.raucb")}`, "bs=1M", "count=1", "status=none"])
  return {
    "bundle-unsigned": at("unsigned.raucb"),
    "bundle-foreign-key": bundle("foreign.raucb", {}, developmentKeys(at("foreign-keys"), "somebody else")),
    "bundle-damaged": altered("damaged.raucb", (bytes) => {
      bytes[100_000]! ^= 1
    }),
    "bundle-truncated": at("cut.raucb"),
    "bundle-older": bundle("older.raucb", { version: "0.0.1" }),
    "bundle-other-board": bundle("other.raucb", { compatible: "somebody-elses-box" }),
    "bundle-not-a-bundle": at("noise.raucb"),
  }
}
