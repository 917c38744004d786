import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Board, type BoardOptions } from "../../../scripts/device/board.ts"
import { STEPS, type Step } from "../../../service/provisioning/job.ts"
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts"
import { PtyPair } from "../../support/pty-pair.ts"

/** A job as the API shows it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever it is; each test says what it expects
export type ShownJob = any

/** A gateway with cables: each a pair of pseudo-terminals that it watches as extra ports. */
export class SerialBench implements AsyncDisposable {
  readonly gateway: TestGateway
  readonly cables: readonly PtyPair[]
  readonly #boards = new Map<PtyPair, Board>()

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

  /** A simulated device, plugged in and powered; its state is kept under its name, so the same name is the same device. */
  async plugIn(board: Partial<BoardOptions> = {}, cable = this.cable): Promise<Board> {
    if (!cable.plugged) await cable.plug()
    const uid = board.uid ?? "sim-0001"
    const folder = join(this.gateway.folder, "flash", uid)
    await this.#boards.get(cable)?.[Symbol.asyncDispose]()
    const powered = await Board.powerUp({ ...board, port: cable.device, folder, uid })
    this.#boards.set(cable, powered)
    return powered
  }

  /** Takes the device off its cable, which goes too. */
  async unplug(cable = this.cable): Promise<void> {
    const board = this.#boards.get(cable)
    this.#boards.delete(cable)
    await cable.pull()
    await board?.[Symbol.asyncDispose]()
  }

  order(username: string, wishes: object = {}): Promise<ShownJob> {
    return this.gateway.api.post("/serial/jobs", { username, host: "127.0.0.1", ...wishes })
  }

  async verb(id: string, verb: "cancel" | "retry"): Promise<ShownJob> {
    const { status, body } = await this.gateway.api.raw("POST", `/serial/jobs/${id}/${verb}`)
    if (status >= 400) throw new Error(`${verb}: ${status} ${body.detail}`)
    return body
  }

  job(id: string): Promise<ShownJob> {
    return this.gateway.api.get(`/serial/jobs/${id}`)
  }

  /** The job once it is in one of these states; rejects with all there is to know when it does not get there. */
  async reaches(id: string, states: readonly string[], ms = 45_000): Promise<ShownJob> {
    const until = performance.now() + ms
    for (;;) {
      const job = await this.job(id)
      if (states.includes(job.state)) return job
      if (performance.now() > until || job.state === "done" || job.state === "cancelled") {
        const { ports } = await this.gateway.api.get("/serial/ports")
        const all = JSON.stringify({ job, ports }, null, 1)
        throw new Error(`the job is ${job.state}, not ${states}: ${all}\n${await this.log(id)}`)
      }
      await delay(25)
    }
  }

  /** The port once it has a problem of this code. */
  async portSays(path: string, code: string): Promise<void> {
    await this.#until(async () => (await this.#port(path))?.problem?.code === code, `${path} says ${code}`)
  }

  /** Once the gateway has seen that the port is there. */
  async appears(path: string): Promise<void> {
    await this.#until(async () => (await this.#port(path)) !== undefined, `${path} has appeared`)
  }

  /** Once nothing goes on on the port. */
  async free(path: string): Promise<void> {
    await this.#until(async () => (await this.#port(path))?.use === "free", `${path} is free`)
  }

  /** Once the job is at this step, or past it. */
  async getsTo(id: string, step: Step): Promise<void> {
    const past = (job: ShownJob) => job.state === "done" || STEPS.indexOf(job.step) >= STEPS.indexOf(step)
    await this.#until(async () => past(await this.job(id)), `job ${id} gets to ${step}`, 45_000, 1)
  }

  async hasCertificate(id: string): Promise<void> {
    await this.#until(async () => (await this.job(id)).certificate !== undefined, `job ${id} has its certificate`)
  }

  async #port(path: string) {
    const { ports } = await this.gateway.api.get("/serial/ports")
    return ports.find(({ plug }: { plug: { path: string } }) => plug.path === path)
  }

  async #until(holds: () => Promise<boolean>, what: string, ms = 45_000, pace = 25): Promise<void> {
    const until = performance.now() + ms
    while (!(await holds())) {
      if (performance.now() > until) throw new Error(`not within ${ms} ms: ${what}`)
      await delay(pace)
    }
  }

  async log(id: string): Promise<string> {
    const { entries } = await this.gateway.api.get(`/serial/jobs/${id}/log`)
    return entries.map(({ way, text }: { way: string; text: string }) => `${way} ${text}`).join("\n")
  }

  async certificates(username: string): Promise<{ serial: string; state: string; publicKey: string }[]> {
    return (await this.gateway.api.get(`/certificates?user=${username}`)).certificates
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cable of this.cables) await this.unplug(cable)
    await this.gateway[Symbol.asyncDispose]()
    for (const cable of this.cables) await cable[Symbol.asyncDispose]()
  }
}
