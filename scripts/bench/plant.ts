import type { KeyObject } from "node:crypto"
import { keyPem, newKey } from "../../service/ca/authority-material.ts"
import { encode } from "../../service/ca/der.ts"
import { pem } from "../../service/ca/pem.ts"
import {
  deviceCertificate,
  type Issuer,
  issuerFrom,
  newSerial,
  rootCertificate,
  serverCertificate,
  spkiOf,
} from "../../service/ca/profile.ts"
import { endOfLife } from "../../service/ca/validity.ts"
import type { Device } from "./load/client.ts"

/** An authority outside of the gateway, with as many devices as wanted: made in this process, in a millisecond each. */
export class Plant {
  /** PEM. */
  readonly authority: string
  readonly #issuer: Issuer

  constructor(name: string) {
    const key = newKey()
    this.authority = pem("CERTIFICATE", rootCertificate(name, key))
    this.#issuer = issuerFrom(this.authority, keyPem(key))
  }

  device(name: string): Device {
    const key = newKey()
    const leaf = { commonName: name, site: "bench", ...this.#leaf(key) }
    return { name, key: keyPem(key), cert: pem("CERTIFICATE", deviceCertificate(leaf, this.#issuer)) }
  }

  devices(prefix: string, count: number): Device[] {
    return Array.from({ length: count }, (_, i) => this.device(`${prefix}${i}`))
  }

  /** What a server on this machine shows. */
  server(): Device {
    const key = newKey()
    const leaf = { commonName: "localhost", names: ["localhost"], addresses: ["127.0.0.1"], ...this.#leaf(key) }
    return { name: "localhost", key: keyPem(key), cert: pem("CERTIFICATE", serverCertificate(leaf, this.#issuer)) }
  }

  #leaf(key: KeyObject) {
    const spki = spkiOf(key)
    return { spki: encode(spki), serial: newSerial(), notAfter: endOfLife(Date.now(), 30) }
  }
}
