import { z } from "zod"
import { username } from "../access/user.ts"
import { authorityId, scopePattern } from "../ca/trust-document.ts"
import { hex, next, pageQuery, search, time } from "./contract.ts"

/** Certificates, our authorities, the trust bundle and the servers' own certificates, over the API. */

export const csrRequest = z.strictObject({ csr: z.string().min(1).max(65_536) })

export const issuedAnswer = z.strictObject({
  serial: z.string(),
  fingerprint: z.string(),
  certificate: z.string(),
  chain: z.string(),
  root: z.string(),
  notAfter: time,
})

/** A device's own certificate, as the devices' port sees it; `now` for a device without a clock. */
export const deviceAnswer = z.strictObject({
  username: z.string(),
  serial: z.string(),
  notAfter: time,
  /** From here on it should ask for its next certificate: two thirds of its life. */
  renewAfter: time,
  /** It has expired and can only be renewed. */
  renewalOnly: z.boolean(),
  now: time,
})

export const certificateParams = z.strictObject({
  serial: z.string().regex(/^[0-9a-f]{1,40}$/, "a serial number in lower-case hex"),
})
const certificateState = z.enum(["pending", "active", "superseded", "revoked", "expired"])
/** `search` looks at the common name, the serial number and the fingerprint. */
export const certificatesQuery = pageQuery.extend({
  user: username.optional(),
  state: certificateState.optional(),
  search,
})

export const certificateAnswer = z.strictObject({
  serial: z.string(),
  fingerprint: hex(32),
  publicKey: hex(32),
  commonName: z.string(),
  kind: z.string(),
  keyOrigin: z.string(),
  state: certificateState,
  notAfter: time,
  renewAfter: time,
  /** Serial number of the certificate that it took the place of. */
  renews: z.string().optional(),
  issuedAt: time,
  issuedBy: z.string(),
  through: z.string(),
})
export const certificatesAnswer = z.strictObject({ certificates: z.array(certificateAnswer), next })
export const revokeRequest = z.strictObject({ reason: z.string().min(1).max(200).optional() })

// the authority and the trust bundle

/** `words` are the first 88 bits of the fingerprint: the console shows the same. */
export const pageAuthorityAnswer = z.strictObject({
  fingerprint: hex(32),
  words: z.array(z.string()),
  /** The only host names it may speak for, with those below them. */
  names: z.array(z.string()),
  /** PEM. */
  certificate: z.string(),
})

export const sealAnswer = z.strictObject({ recoveryKey: z.string() })

export const trustParams = z.strictObject({ id: authorityId })
export const trustRequest = z.strictObject({
  /** PEM; one certificate, or a bundle of several. */
  certificate: z.string().min(1).max(65_536),
  id: authorityId.optional(),
  name: z.string().min(1).max(90).optional(),
  scope: scopePattern,
})
const trusted = z.strictObject({
  id: authorityId,
  name: z.string(),
  subject: z.string(),
  scope: scopePattern,
  fingerprint: hex(32),
  notAfter: time,
  /** The revocation list that was loaded; stale once `nextUpdate` has passed. */
  revocationList: z.strictObject({ revoked: z.int(), thisUpdate: time, nextUpdate: time.optional() }).optional(),
})
/** PEM, or DER in base64. */
export const revocationListRequest = z.strictObject({ list: z.string().min(1).max(65_536) })
export const trustAnswer = z.strictObject({ authorities: z.array(trusted) })

export const serverParams = z.strictObject({ server: z.enum(["page", "broker"]) })
/** PEM, the server's certificate first, and its key without a passphrase. */
export const serverCertificateRequest = z.strictObject({
  chain: z.string().min(1).max(49_152),
  key: z.string().min(1).max(16_384),
})
export const serverCertificatesAnswer = z.strictObject({
  servers: z.array(
    z.strictObject({
      server: z.enum(["page", "broker"]),
      uploaded: z.boolean(),
      certificate: z.string(),
      notAfter: time,
      names: z.array(z.string()),
      addresses: z.array(z.string()),
    }),
  ),
})
