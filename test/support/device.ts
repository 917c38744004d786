import { execFile } from "node:child_process"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import type { TestGateway } from "./gateway.ts"

const run = promisify(execFile)

export type KeyKind = "P-256" | "P-384" | "P-521" | "RSA" | "Ed25519"

const KEY_OPTIONS: Readonly<Record<KeyKind, readonly string[]>> = {
  "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
  RSA: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  Ed25519: ["-algorithm", "ED25519"],
}

/** A device's files, as they would lie on it. */
export interface Device {
  readonly name: string
  readonly key: string
  readonly chain: string
  /** Lower-case hex. */
  readonly serial: string
}

/** Makes a key and a request with openssl, as a device would. */
export async function makeRequest(
  folder: string,
  name: string,
  kind: KeyKind = "P-256",
): Promise<{ key: string; csr: string }> {
  await mkdir(folder, { recursive: true })
  const key = join(folder, `${name}.key`)
  await run("openssl", ["genpkey", ...KEY_OPTIONS[kind], "-out", key])
  const { stdout } = await run("openssl", ["req", "-new", "-key", key, "-subj", `/CN=${name}`])
  return { key, csr: stdout }
}

/** A certificate user with its certificate from the gateway. The user is created unless it exists. */
export async function makeDevice(
  test: Pick<TestGateway, "api" | "folder">,
  name: string,
  user: object = { roles: ["device"] },
  kind: KeyKind = "P-256",
): Promise<Device> {
  const exists = (await test.api.raw("GET", `/users/${name}`)).status === 200
  if (!exists) await test.api.post("/users", { username: name, grant: { kind: "certificate" }, ...user })
  const { key, csr } = await makeRequest(join(test.folder, "devices"), name, kind)
  const { chain, serial } = await test.api.post(`/users/${name}/certificates`, { csr })
  const path = join(test.folder, "devices", `${name}.pem`)
  await writeFile(path, chain)
  return { name, key, chain: path, serial }
}

/** A certificate authority of somebody else, and certificates it signs. */
export class OutsideAuthority {
  readonly folder: string
  readonly name: string

  private constructor(folder: string, name: string) {
    this.folder = folder
    this.name = name
  }

  static async create(folder: string, name: string): Promise<OutsideAuthority> {
    await mkdir(folder, { recursive: true })
    const authority = new OutsideAuthority(folder, name)
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "30",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      authority.path("ca.key"),
      "-out",
      authority.path("ca.pem"),
      "-addext",
      "basicConstraints=critical,CA:TRUE",
      "-addext",
      "keyUsage=critical,keyCertSign,cRLSign",
    ])
    return authority
  }

  path(file: string): string {
    return join(this.folder, file)
  }

  pem(): Promise<string> {
    return readFile(this.path("ca.pem"), "utf8")
  }

  /** `extra` are further arguments of `openssl x509 -req`, such as a validity. `subject` overrides `/CN=name`. */
  async sign(
    name: string,
    {
      extra = ["-days", "10"],
      subject = `/CN=${name}`,
      extensions = "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n",
    } = {},
  ): Promise<Device> {
    const key = this.path(`${name}.key`)
    const chain = this.path(`${name}.pem`)
    await run("openssl", ["genpkey", ...KEY_OPTIONS["P-256"], "-out", key])
    const csr = this.path(`${name}.csr`)
    await run("openssl", ["req", "-new", "-key", key, "-subj", subject, "-out", csr, "-utf8"])
    const config = this.path(`${name}.ext`)
    await writeFile(config, extensions)
    const { stdout } = await run("openssl", [
      "x509",
      "-req",
      "-in",
      csr,
      "-CA",
      this.path("ca.pem"),
      "-CAkey",
      this.path("ca.key"),
      "-CAcreateserial",
      "-extfile",
      config,
      ...extra,
    ])
    await writeFile(chain, stdout)
    return { name, key, chain, serial: "" }
  }

  /** As `sign`, with the dates given as YYYYMMDDHHMMSSZ: openssl 3.0 takes them in its `ca` command only. */
  async signDated(name: string, notBefore: string, notAfter: string): Promise<Device> {
    const key = this.path(`${name}.key`)
    const chain = this.path(`${name}.pem`)
    const csr = this.path(`${name}.csr`)
    const config = this.path("ca.conf")
    await run("openssl", ["genpkey", ...KEY_OPTIONS["P-256"], "-out", key])
    await run("openssl", ["req", "-new", "-key", key, "-subj", `/CN=${name}`, "-out", csr])
    await writeFile(this.path("index.txt"), "")
    await writeFile(
      config,
      [
        "[ca]",
        "default_ca=a",
        "[a]",
        `database=${this.path("index.txt")}`,
        "default_md=sha256",
        "policy=p",
        "rand_serial=yes",
        "x509_extensions=e",
        "[p]",
        "commonName=supplied",
        "[e]",
        "basicConstraints=CA:FALSE",
        "extendedKeyUsage=clientAuth",
        "",
      ].join("\n"),
    )
    await run("openssl", [
      "ca",
      "-batch",
      "-config",
      config,
      "-cert",
      this.path("ca.pem"),
      "-keyfile",
      this.path("ca.key"),
      "-in",
      csr,
      "-out",
      chain,
      "-notext",
      "-outdir",
      this.folder,
      "-startdate",
      notBefore,
      "-enddate",
      notAfter,
    ])
    return { name, key, chain, serial: "" }
  }
}
