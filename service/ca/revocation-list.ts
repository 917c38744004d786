import { constructed, contextTag, type Der, encode, integer, primitive, sequence, TAG, time } from "./der.ts"
import { OID } from "./oid.ts"
import { authorityKeyId, extension, type Issuer } from "./profile.ts"
import { signed } from "./signature.ts"
import { NEVER } from "./validity.ts"

/** One revoked certificate: serial in hex, the moment in milliseconds, and why. */
export interface Revoked {
  readonly serial: string
  readonly at: number
  readonly reason: string | undefined
}

/** CRLReason (RFC 5280 5.3.1). Any other reason is left out, as "unspecified" should be. */
const REASON_CODE: Record<string, number> = {
  "key-compromise": 1,
  "affiliation-changed": 3,
  superseded: 4,
  "cessation-of-operation": 5,
  "privilege-withdrawn": 9,
}

/**
 * A version 2 revocation list, DER (RFC 5280 5.1). `number` must grow from list to list. It never falls due: a list past
 * its nextUpdate makes a server refuse every device, also those not on it.
 */
export function revocationList(
  list: { readonly revoked: readonly Revoked[]; readonly number: number; readonly thisUpdate: number },
  issuer: Issuer,
): Buffer {
  const entries = list.revoked.map(entry)
  const extensions = sequence(authorityKeyId(issuer), extension(OID.crlNumber, integer(list.number)))
  return encode(
    signed(issuer.key, (algorithm) =>
      sequence(
        integer(1),
        algorithm,
        issuer.name,
        time(list.thisUpdate),
        time(NEVER),
        // RFC 5280 5.1.2.6: with nothing revoked the list must be absent
        entries.length === 0 ? undefined : sequence(...entries),
        constructed(contextTag(0, true), extensions),
      ),
    ),
  )
}

function entry({ serial, at, reason }: Revoked): Der {
  const code = REASON_CODE[reason ?? ""]
  const why = code === undefined ? undefined : sequence(extension(OID.reasonCode, enumerated(code)))
  return sequence(integer(Buffer.from(serial, "hex")), time(at), why)
}

function enumerated(value: number): Der {
  return primitive(TAG.enumerated, Buffer.from([value]))
}
