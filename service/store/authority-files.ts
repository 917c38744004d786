import { join } from "node:path"
import { type AuthorityMaterial, createAuthority } from "../ca/authority-material.ts"
import { newRecoveryKey, sealRootKey } from "../ca/recovery-key.ts"
import { GatewayError } from "../errors.ts"
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
}

const FILES = { rootCertPem: "root.pem", issuingCertPem: "issuing.pem", issuingKeyPem: "issuing.key" } as const
const ROOT_KEY = "root.key"
const BUNDLE = "authority.pem"

/**
 * The gateway's own authority from `folder`, created there at the first start. The issuing key is written last: without
 * it nothing was ever signed, so a creation that a power cut interrupted is simply made again. Anything else that is
 * missing rejects with `GatewayError("state-unusable")`.
 */
export async function openAuthorityFiles(folder: string, site: string): Promise<StoredAuthority> {
  const path = (name: string) => join(folder, name)
  const read = async () => {
    const [rootCertPem, issuingCertPem, issuingKeyPem] = await Promise.all(
      Object.values(FILES).map((name) => readKeyFile(path(name))),
    )
    return { rootCertPem, issuingCertPem, issuingKeyPem }
  }
  if ((await readKeyFile(path(FILES.issuingKeyPem))) === null) await create(path, createAuthority(site))
  const { rootCertPem, issuingCertPem, issuingKeyPem } = await read()
  if (!rootCertPem || !issuingCertPem || !issuingKeyPem) {
    throw new GatewayError(
      "state-unusable",
      `a part of the authority is missing in ${folder}; restore the folder from a backup as a whole`,
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
  }
}

async function create(path: (name: string) => string, material: AuthorityMaterial): Promise<void> {
  await writeKeyFile(path(ROOT_KEY), material.rootKeyPem)
  await writeKeyFile(path(FILES.rootCertPem), material.rootCertPem)
  await writeKeyFile(path(FILES.issuingCertPem), material.issuingCertPem)
  await writeKeyFile(path(BUNDLE), material.issuingCertPem + material.rootCertPem)
  await writeKeyFile(path(FILES.issuingKeyPem), material.issuingKeyPem)
}
