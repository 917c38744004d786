import {
  contentOf,
  contextTag,
  type Der,
  MalformedDer,
  partsOf,
  readBoolean,
  readDer,
  readNumber,
  readOid,
  TAG,
  tagOf,
} from "./der.ts"
import { OID } from "./oid.ts"

/** The extensions a judgement depends on (RFC 5280 4.2.1). */
export interface Extensions {
  readonly isAuthority: boolean
  /** How many authorities may follow below; undefined for any number. */
  readonly pathLength: number | undefined
  /** Undefined when the certificate does not restrict its key. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined
  /** The purposes allowed, as OIDs; undefined for every purpose. */
  readonly purposes: readonly string[] | undefined
  /** SAN dNSNames, as written, and iPAddresses, as lower-case hex. */
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
  /** dNSNames of the permitted subtrees in nameConstraints. */
  readonly permittedNames: readonly string[]
  /** Critical extensions that neither we nor OpenSSL act upon. */
  readonly notUnderstood: readonly string[]
}

/** What we read here, and what OpenSSL enforces on the path (names, policies). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.issuerAltName,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.nameConstraints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.inhibitAnyPolicy,
])

/** Reads the `[3]` of a TBSCertificate; undefined means a certificate without extensions. Throws `MalformedDer`. */
export function readExtensions(field: Der | undefined): Extensions {
  const values = new Map<string, Buffer>()
  const notUnderstood: string[] = []
  const list = field === undefined ? [] : partsOf(partsOf(field, contextTag(3, true))[0])
  for (const extension of list) {
    const parts = partsOf(extension)
    const id = readOid(parts[0])
    // RFC 5280 4.2: not more than one instance of a particular extension
    if (values.has(id)) throw new MalformedDer(`the extension ${id} is there twice`)
    values.set(id, contentOf(parts.at(-1), TAG.octetString))
    if (parts.length === 3 && readBoolean(parts[1]) && !UNDERSTOOD.has(id)) notUnderstood.push(id)
  }
  const read = (id: string) => (values.has(id) ? readDer(values.get(id)!) : undefined)
  return {
    ...authority(read(OID.basicConstraints)),
    keyUsage: keyUsage(read(OID.keyUsage)),
    purposes: purposes(read(OID.extendedKeyUsage)),
    ...alternativeNames(read(OID.subjectAltName)),
    permittedNames: permittedNames(read(OID.nameConstraints)),
    notUnderstood,
  }
}

function authority(node: Der | undefined): Pick<Extensions, "isAuthority" | "pathLength"> {
  const [first, second] = node === undefined ? [] : partsOf(node)
  if (first === undefined || tagOf(first) !== TAG.boolean) return { isAuthority: false, pathLength: undefined }
  return { isAuthority: readBoolean(first), pathLength: second === undefined ? undefined : readNumber(second) }
}

function keyUsage(node: Der | undefined): Extensions["keyUsage"] {
  if (node === undefined) return undefined
  const flags = contentOf(node, TAG.bitString)[1] ?? 0
  return { digitalSignature: (flags & 0x80) !== 0, keyCertSign: (flags & 0x04) !== 0 }
}

function purposes(node: Der | undefined): readonly string[] | undefined {
  return node === undefined ? undefined : partsOf(node).map(readOid)
}

/** GeneralNames: `[2]` dNSName, `[7]` iPAddress; other kinds are passed over. */
function alternativeNames(node: Der | undefined): Pick<Extensions, "dnsNames" | "addresses"> {
  const names = node === undefined ? [] : partsOf(node)
  const all = (number: number) =>
    names
      .filter((name) => tagOf(name) === contextTag(number, false))
      .map((name) => contentOf(name, contextTag(number, false)))
  return {
    dnsNames: all(2).map((name) => name.toString("latin1")),
    addresses: all(7).map((address) => address.toString("hex")),
  }
}

/** GeneralSubtrees `[0]`, each a SEQUENCE that begins with its base (RFC 5280 4.2.1.10). */
function permittedNames(node: Der | undefined): readonly string[] {
  const permitted = node && partsOf(node).find((part) => tagOf(part) === contextTag(0, true))
  const bases =
    permitted === undefined ? [] : partsOf(permitted, contextTag(0, true)).map((subtree) => partsOf(subtree)[0])
  return bases
    .filter((base) => base !== undefined && tagOf(base) === contextTag(2, false))
    .map((base) => contentOf(base, contextTag(2, false)).toString("latin1"))
}
