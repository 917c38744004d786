import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { run } from "../../scripts/image/run.ts"
import { LAYOUT } from "./appliance.ts"
import { Emulator, emptyFolder } from "./emulator.ts"
import { connected } from "./qmp.ts"

/** As the board, and as the firmware finds it on the card. */
const TREE = "bcm2837-rpi-3-b.dtb"

/**
 * QEMU's Raspberry Pi 3 B, which does what the board's firmware does: it takes U-Boot and the device tree from the card's
 * boot partition and starts U-Boot. It has no network that Linux can use, and restarts at the moment its watchdog is armed.
 */
export class RaspberryPi extends Emulator {
  /** `card` is a raw image, of 2 to the power of something bytes. */
  static async start(folder: string, card: string): Promise<RaspberryPi> {
    emptyFolder(folder)
    const boot = `${card}@@${LAYOUT.boot.start}`
    run("mcopy", ["-n", "-i", boot, "::u-boot.bin", `::${TREE}`, folder])
    const at = (name: string) => join(folder, name)
    const args = [
      ...[
        "-M",
        "raspi3b",
        "-m",
        "1G",
        "-accel",
        "tcg,thread=single",
        "-icount",
        "shift=2,sleep=on",
        "-display",
        "none",
      ],
      ...["-kernel", at("u-boot.bin"), "-dtb", at(TREE)],
      ...["-drive", `file=${card},format=raw,if=sd,cache=unsafe`],
      // the console is on the second of its two ports
      ...["-serial", "null", "-serial", "chardev:console"],
      ...["-chardev", `socket,id=console,path=${at("console.sock")},server=on,wait=off,logfile=${at("console.log")}`],
    ]
    const opened = await RaspberryPi.launch(folder, args, async () => {})
    return new RaspberryPi(folder, opened)
  }

  /**
   * Presses keys on the serial console until U-Boot has started a kernel, as somebody would who wants its prompt. Ctrl-C
   * only as long as the card's script does not run: that one begins anew when it is interrupted.
   */
  async pressKeys(seconds: number): Promise<void> {
    const keys = await connected(join(this.folder, "console.sock"))
    keys.on("error", () => {})
    const until = performance.now() + seconds * 1000
    while (performance.now() < until && !this.console.includes("Starting kernel")) {
      keys.write(this.console.includes("gatehouse: boot state") ? " \r" : "\x03 \r")
      await sleep(100)
    }
    keys.destroy()
  }

  /** The share of pixels on the HDMI screen that are not black. */
  async litShare(): Promise<number> {
    const path = join(this.folder, "screen.ppm")
    await this.qmp.run("screendump", { filename: path })
    const picture = readFileSync(path)
    // P6, width and height, 255: three lines, then three bytes a pixel
    const [header = "", width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(picture.toString("latin1", 0, 40)) ?? []
    let lit = 0
    for (let at = header.length; at < picture.length; at += 3) if (picture[at]! > 64) lit++
    return lit / (Number(width) * Number(height))
  }
}
