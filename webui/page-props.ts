/** What every page is given. */
export interface PageProps {
  /** The parameters of its path. */
  readonly params: Readonly<Record<string, string>>
}
