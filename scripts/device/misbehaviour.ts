/** What may be wrong with a device or its cable. Everything is off unless it is asked for. */
export interface Misbehaviour {
  /** Milliseconds between two log messages amid the answers; 0 for a silent console. */
  readonly chatter: number
  /** Chance that a byte is garbled, in both directions: 1e-4 is a bad cable. */
  readonly errors: number
  /** Chance that an answer is lost. */
  readonly lose: number
  /** Milliseconds a device thinks before each answer. */
  readonly slow: number
  /** Never answers. */
  readonly silent: boolean
  /** Sends 64 KiB without a line feed before each answer. */
  readonly giant: boolean
  /** Never stops talking, as fast as the line takes it. */
  readonly flood: boolean
  /** Announces a request of this many bytes, and has bytes for every offset; 0 for the real one. */
  readonly endless: number
  /** Asks for a certificate with this common name, whatever it was told. */
  readonly name: string | undefined
  /** A file with a certificate request that is sent in place of its own: DER. */
  readonly replay: string | undefined
}

export const WELL_BEHAVED: Misbehaviour = {
  chatter: 0,
  errors: 0,
  lose: 0,
  slow: 0,
  silent: false,
  giant: false,
  flood: false,
  endless: 0,
  name: undefined,
  replay: undefined,
}

/** The bytes as a bad cable delivers them. */
export function garbled(bytes: Buffer, rate: number): Buffer {
  if (rate === 0) return bytes
  return Buffer.from(bytes.map((byte) => (Math.random() < rate ? byte ^ (1 << Math.floor(Math.random() * 8)) : byte)))
}

/** What a board prints when it starts, with what looks like the beginning of a frame. */
export const BOOT_MESSAGES = [
  "",
  "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
  "\x1b[0;32mI (31) boot: ESP-IDF v5.1 2nd stage bootloader\x1b[0m",
  "I (58) boot: entry @GH{0x40080740}*FFFF",
  "I (74) heap: 287 KiB free",
  "\xff\xfe\x00",
]
