import assert from "node:assert/strict"
import { test } from "node:test"
import { manifestOf, refusalOf } from "../../../image/rootfs/usr/lib/gatehouse/box/bundle.ts"

// as RAUC 1.13 told them about bundles made for it
const INFO = `{
  "update" : { "version" : "0.1.1", "compatible" : "gatehouse-arm64", "description" : "small one" },
  "images" : [ { "slot-class" : "system", "filename" : "slot.img", "checksum" : "2f38", "size" : 2097152, "hooks" : [ ] } ],
  "manifest-hash" : "e5ac",
  "bundle" : { "format" : "verity", "verity-size" : 24576, "verity-salt" : "564b", "verity-hash" : "1920" },
  "meta" : { }
}`
const FOREIGN = "signature verification failed: Verify error: unable to get local issuer certificate"
const ALTERED = "signature verification failed: error:1700008A:CMS routines::signer certificate not found"

test("what RAUC says about a bundle is understood", () => {
  assert.deepEqual(manifestOf(INFO), {
    compatible: "gatehouse-arm64",
    version: "0.1.1",
    description: "small one",
    verityHash: "1920",
    veritySalt: "564b",
    veritySize: 24576,
  })
})

test("a foreign key and a damaged signature are told apart", () => {
  assert.equal(refusalOf(FOREIGN).code, "bundle-foreign-key")
  assert.equal(refusalOf("Verify error: self-signed certificate in certificate chain").code, "bundle-foreign-key")
  assert.equal(refusalOf(ALTERED).code, "bundle-damaged")
})
