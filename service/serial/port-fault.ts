import { reasonOf } from "../errors.ts"

export type PortFaultCode = "permission" | "busy" | "gone" | "no-port" | "failed"

/** A port cannot be opened, or was lost. The message is for the technician: what, why, and what to do. */
export class PortFault extends Error {
  readonly code: PortFaultCode

  constructor(code: PortFaultCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = "PortFault"
    this.code = code
  }

  static gone(path: string, cause?: unknown): PortFault {
    return new PortFault("gone", `${path} is gone: the cable was pulled or the device restarted; plug it in again`, {
      cause,
    })
  }

  /** The binding reports errno as text only. */
  static of(error: unknown, path: string): PortFault {
    if (error instanceof PortFault) return error
    const reason = reasonOf(error)
    const known = MEANINGS.find(({ sign }) => sign.test(reason))
    if (known === undefined) return new PortFault("failed", `${path} failed: ${reason}`, { cause: error })
    return new PortFault(known.code, known.sentence(path), { cause: error })
  }
}

const BUSY = (path: string) =>
  `${path} is in use by another program; end it (see: fuser ${path}), ModemManager and brltty are known to seize ports`

const MEANINGS: readonly {
  readonly sign: RegExp
  readonly code: PortFaultCode
  readonly sentence: (path: string) => string
}[] = [
  {
    sign: /permission denied|operation not permitted/i,
    code: "permission",
    sentence: (path) =>
      `the gateway may not open ${path}: its user must be in the group of that file (usermod -aG dialout gatehouse), and the service's unit must allow the device (DeviceAllow=); then restart the service`,
  },
  // the binding's own lock is a flock; TIOCEXCL of another program says EBUSY
  { sign: /cannot lock port|resource busy|resource temporarily unavailable/i, code: "busy", sentence: BUSY },
  {
    sign: /no such file|no such device|input\/output error|bad file descriptor|\bport is not open\b|disconnected|EIO|ENXIO|ENODEV|EBADF|canceled/i,
    code: "gone",
    sentence: (path) => PortFault.gone(path).message,
  },
  {
    sign: /inappropriate ioctl|not a (character|tty)|invalid argument/i,
    code: "no-port",
    sentence: (path) => `${path} is no serial port; choose one of the list`,
  },
]
