/** The part of node-forge that is used: its DER codec, loaded alone, so that its cryptography is not even in memory. */
declare module "node-forge/lib/asn1.js" {
  namespace asn1 {
    interface Asn1 {
      readonly tagClass: number
      readonly type: number
      readonly constructed: boolean
      /** Bytes as a binary string, or the parts of a constructed value. */
      readonly value: string | readonly Asn1[]
    }

    interface Bytes {
      getBytes(): string
    }

    interface Limits {
      readonly strict: boolean
      readonly parseAllBytes: boolean
      readonly decodeBitStrings: boolean
      readonly maxDepth: number
    }

    function create(tagClass: number, type: number, constructed: boolean, value: string | readonly Asn1[]): Asn1
    function fromDer(bytes: string, limits: Limits): Asn1
    function toDer(node: Asn1): Bytes
    function oidToDer(oid: string): Bytes
    function derToOid(bytes: string): string
  }

  export = asn1
}
