import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts"
import { PtyPair } from "../../support/pty-pair.ts"
import { type DeviceOptions, SerialDevice } from "../../support/serial-device.ts"

/** A job as the API shows it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever it is; each test says what it expects
export type ShownJob = any

/** A gateway with cables: each a pair of pseudo-terminals that it watches as extra ports. */
export class SerialBench implements AsyncDisposable {
  readonly gateway: TestGateway
  readonly cables: readonly PtyPair[]
  readonly #devices: SerialDevice[] = []

  private constructor(gateway: TestGateway, cables: readonly PtyPair[]) {
    this.gateway = gateway
    this.cables = cables
  }

  /** Nothing is plugged in yet. */
  static async open({ cables = 1, ...options }: { cables?: number } & TestGatewayOptions = {}): Promise<SerialBench> {
    const pairs = await Promise.all(Array.from({ length: cables }, () => PtyPair.make({ plugged: false })))
    const serial = { extra: pairs.map(({ host }) => host) }
    const gateway = await startTestGateway({ ...options, config: { ...options.config, serial } })
    return new SerialBench(gateway, pairs)
  }

  get cable(): PtyPair {
    return this.cables[0]!
  }

  device(options: Partial<DeviceOptions> = {}): SerialDevice {
    const folder = join(this.gateway.folder, "flash", options.uid ?? "sim-0001")
    const device = new SerialDevice({ ...options, folder })
    this.#devices.push(device)
    return device
  }

  async plugIn(device: SerialDevice, cable = this.cable): Promise<void> {
    await cable.plug()
    await device.powerOn(cable.device)
  }

  order(username: string, wishes: object = {}): Promise<ShownJob> {
    return this.gateway.api.post("/serial/jobs", { username, host: "127.0.0.1", ...wishes })
  }

  job(id: string): Promise<ShownJob> {
    return this.gateway.api.get(`/serial/jobs/${id}`)
  }

  /** The job once it is in one of these states; rejects with all there is to know when it does not get there. */
  async reaches(id: string, states: readonly string[], ms = 30_000): Promise<ShownJob> {
    const until = performance.now() + ms
    for (;;) {
      const job = await this.job(id)
      if (states.includes(job.state)) return job
      if (performance.now() > until || job.state === "done" || job.state === "cancelled") {
        throw new Error(
          `the job is ${job.state}, not ${states}: ${JSON.stringify(job, null, 1)}\n${await this.log(id)}`,
        )
      }
      await delay(25)
    }
  }

  async log(id: string): Promise<string> {
    const { entries } = await this.gateway.api.get(`/serial/jobs/${id}/log`)
    return entries.map(({ way, text }: { way: string; text: string }) => `${way} ${text}`).join("\n")
  }

  certificates(username: string): Promise<{ certificates: { serial: string; state: string; publicKey: string }[] }> {
    return this.gateway.api.get(`/certificates?user=${username}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const device of this.#devices) await device[Symbol.asyncDispose]()
    await this.gateway[Symbol.asyncDispose]()
    for (const cable of this.cables) await cable[Symbol.asyncDispose]()
  }
}
