import { lstatSync } from "node:fs"
import { SerialPort } from "serialport"
import { PortFault } from "./port-fault.ts"

/** An open serial port, ours alone. Reads are asked for: what nobody asks for stays with the kernel. */
export interface OpenPort {
  /** Bytes as they come, at least one. Rejects with a `PortFault` once the port is gone or closed. */
  read(into: Buffer): Promise<number>
  /** Resolves when the driver has taken all of them. Rejects with a `PortFault`. */
  write(bytes: Buffer): Promise<void>
  setBaudRate(baudRate: number): Promise<void>
  /** Rejects where the adapter has no modem lines, such as a pseudo-terminal. */
  set(lines: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void>
  close(): Promise<void>
}

/** How ports are opened; the one thing that tests may put another in place of. */
export interface SerialBinding {
  /** Rejects with a `PortFault`: "permission", "busy", "gone", "no-port" or "failed". */
  open(path: string, baudRate: number): Promise<OpenPort>
}

/** How often it is looked whether the port is still the one that was opened. */
const LOOK_MS = 250

/**
 * The real thing: 8N1, no flow control, locked (TIOCEXCL, flock) against every other program. Linux raises DTR and RTS on
 * open and many boards reset on it, which cannot be prevented; `hupcl: false` keeps them from being reset once more on
 * close.
 */
export const serialBinding: SerialBinding = {
  async open(path, baudRate) {
    const plugged = incarnationOf(path)
    const options = { path, baudRate, dataBits: 8, stopBits: 1, parity: "none", lock: true, hupcl: false } as const
    const port = await SerialPort.binding.open(options).catch((error) => {
      throw PortFault.of(error, path)
    })
    let isGone = false
    const told = <T>(work: Promise<T>): Promise<T> =>
      work.catch((error) => {
        throw isGone ? PortFault.gone(path) : PortFault.of(error, path)
      })
    // a read does not always notice that the cable was pulled (one in forty did not): the port is closed under it
    const look = setInterval(() => {
      if (incarnationOf(path) === plugged) return
      clearInterval(look)
      isGone = true
      if (port.isOpen) port.close().catch(() => {})
    }, LOOK_MS)
    return {
      async read(into) {
        const { bytesRead } = await told(port.read(into, 0, into.length))
        if (bytesRead === 0) throw PortFault.gone(path)
        return bytesRead
      },
      write: (bytes) => told(port.write(bytes)),
      setBaudRate: (rate) => told(port.update({ baudRate: rate })),
      set: ({ dtr = true, rts = true }) => told(port.set({ brk: false, cts: false, dsr: false, dtr, rts })),
      close: async () => {
        clearInterval(look)
        if (port.isOpen) await told(port.close())
      },
    }
  },
}

/** Differs between two ports that have the same name one after the other. */
function incarnationOf(path: string): string {
  const file = lstatSync(path, { throwIfNoEntry: false })
  return file === undefined ? "" : `${file.ino}:${file.birthtimeMs}`
}
