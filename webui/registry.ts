import type { ComponentType } from "preact"
import * as status from "./pages/status.tsx"
import type { IconName } from "./parts/icon.tsx"
import type { Word } from "./words.ts"

export interface PageProps {
  readonly params: Readonly<Record<string, string>>
}

/** One page of the app. To add one: its file in `pages/`, which exports `Page`, and its line in the list below. */
export interface PageEntry {
  /** Template of its path; `:name` is a parameter. */
  readonly path: string
  readonly label: Word
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>
  /** Its place in the navigation: on a phone `bar` is at the bottom and `more` behind "More"; without it, nowhere. */
  readonly place?: "bar" | "more"
  readonly icon?: IconName
  /** What the person must be able to do, so that the page is any use: an operation and a path of the API. */
  readonly needs?: readonly ["read" | "write", string]
}

export const PAGES: readonly PageEntry[] = [
  {
    ...{ path: "/", label: { en: "Status", de: "Status" }, icon: "pulse", place: "bar", needs: ["read", "/status"] },
    load: async () => status,
  },
  {
    ...{ path: "/devices", label: { en: "Devices", de: "Geräte" }, icon: "devices", place: "bar" },
    ...{ needs: ["read", "/users"], load: () => import("./pages/devices.tsx") },
  },
  {
    ...{ path: "/box", label: { en: "The box", de: "Die Box" }, icon: "storage", place: "more" },
    ...{ needs: ["read", "/appliance"], load: () => import("./pages/box.tsx") },
  },
]
