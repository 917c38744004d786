import { join } from "node:path"
import { type AuthorityMaterial, createAuthority } from "../ca/authority-material.ts"
import { newRecoveryKey, sealRootKey, unsealRootKey } from "../ca/recovery-key.ts"
import { GatewayError } from "../errors.ts"
import { readOrNull, writeDurably } from "./durable-file.ts"
import { readKeyFile, writeKeyFile } from "./key-file.ts"

/** The authority as it is used day by day, and what can be done about its root key. */
export interface StoredAuthority {
  readonly rootCertPem: string
  readonly issuingCertPem: string
  readonly issuingKeyPem: string
  /** Root and issuing certificate in one file, for clients' `--cafile`. */
  readonly bundlePath: string
  /** Whether the root key lies encrypted. */
  readonly sealed: boolean
  /** Encrypts the root key with a new recovery key, which is returned once and kept nowhere. */
  seal(): Promise<string>
  /** Puts the root key back as it was before `seal`. Rejects with `bad-request` for another recovery key. */
  unseal(recoveryKey: string): Promise<void>
}

const FILES = { rootCertPem: "root.pem", issuingCertPem: "issuing.pem", issuingKeyPem: "issuing.key" } as const
const ROOT_KEY = "root.key"
const BUNDLE = "authority.pem"
const ISSUE_LOG = "issued.jsonl"

/**
 * The gateway's own authority from `folder`, created there at the first start, an empty issue log with it. The issuing
 * key is written last: without it and without a line in the log nothing was ever signed, so a creation that a power cut
 * interrupted is simply made again. Anything else that is missing rejects with `GatewayError("state-unusable")`.
 */
export async function openAuthorityFiles(folder: string, site: string): Promise<StoredAuthority> {
  const path = (name: string) => join(folder, name)
  const isNew = async () =>
    (await readKeyFile(path(FILES.issuingKeyPem))) === null && !(await readOrNull(path(ISSUE_LOG)))?.length
  const read = async () => {
    const [rootCertPem, issuingCertPem, issuingKeyPem] = await Promise.all(
      Object.values(FILES).map((name) => readKeyFile(path(name))),
    )
    return { rootCertPem, issuingCertPem, issuingKeyPem }
  }
  if (await isNew()) await create(path, createAuthority(site))
  const found = await read()
  const { rootCertPem, issuingCertPem, issuingKeyPem } = found
  if (!rootCertPem || !issuingCertPem || !issuingKeyPem) {
    const missing = Object.entries(FILES).flatMap(([part, file]) => (found[part as keyof typeof found] ? [] : [file]))
    throw new GatewayError(
      "state-unusable",
      `the authority in ${folder} has no ${missing.join(", ")}; restore the folder from a backup as a whole`,
    )
  }
  if ((await readOrNull(path(ISSUE_LOG))) === null) {
    throw new GatewayError(
      "state-unusable",
      `the authority in ${folder} has no issue log; restore the folder from a backup as a whole, or give up every certificate issued so far: touch '${path(ISSUE_LOG)}'`,
    )
  }
  let sealed = (await readKeyFile(path(ROOT_KEY)))?.includes("ENCRYPTED") ?? true
  return {
    rootCertPem,
    issuingCertPem,
    issuingKeyPem,
    bundlePath: path(BUNDLE),
    get sealed() {
      return sealed
    },
    seal: async () => {
      const rootKey = await readKeyFile(path(ROOT_KEY))
      if (rootKey === null || sealed)
        throw new GatewayError("conflict", "the root key is sealed already; its recovery key was shown once")
      const recoveryKey = newRecoveryKey()
      await writeKeyFile(path(ROOT_KEY), sealRootKey(rootKey, recoveryKey))
      sealed = true
      return recoveryKey
    },
    unseal: async (recoveryKey) => {
      const rootKey = await readKeyFile(path(ROOT_KEY))
      if (rootKey === null || !sealed) throw new GatewayError("conflict", "the root key is not sealed")
      await writeKeyFile(path(ROOT_KEY), unsealRootKey(rootKey, recoveryKey))
      sealed = false
    },
  }
}

async function create(path: (name: string) => string, material: AuthorityMaterial): Promise<void> {
  await writeKeyFile(path(ROOT_KEY), material.rootKeyPem)
  await writeKeyFile(path(FILES.rootCertPem), material.rootCertPem)
  await writeKeyFile(path(FILES.issuingCertPem), material.issuingCertPem)
  await writeKeyFile(path(BUNDLE), material.issuingCertPem + material.rootCertPem)
  await writeDurably(path(ISSUE_LOG), "")
  await writeKeyFile(path(FILES.issuingKeyPem), material.issuingKeyPem)
}
