/** A package that is part of what runs on the gateway. */
export interface Package {
  readonly name: string
  readonly version: string
  readonly license: string
}

/** From the lockfile, when the page is built: what goes into the product, and no tool of its making. */
declare const __PACKAGES__: readonly Package[]
export const PACKAGES: readonly Package[] = __PACKAGES__
