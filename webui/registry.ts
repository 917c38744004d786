import type { ComponentType } from "preact"
import type { PageProps } from "./page-props.ts"
import * as status from "./pages/status.tsx"
import type { IconName } from "./parts/icon.tsx"
import type { Word } from "./words.ts"

export type { PageProps } from "./page-props.ts"

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
    ...{ path: "/", label: { en: "Status", de: "Status" }, icon: "pulse", place: "bar", needs: ["read", "/overview"] },
    load: async () => status,
  },
  {
    ...{ path: "/devices", label: { en: "Devices", de: "Geräte" }, icon: "devices", place: "bar" },
    ...{ needs: ["read", "/devices"], load: () => import("./pages/devices.tsx") },
  },
  {
    ...{ path: "/devices/:name", label: { en: "Device", de: "Gerät" } },
    ...{ needs: ["read", "/devices/x"], load: () => import("./pages/device.tsx") },
  },
  {
    ...{ path: "/door", label: { en: "At the door", de: "An der Tür" }, icon: "door", place: "bar" },
    ...{ needs: ["read", "/refused"], load: () => import("./pages/door.tsx") },
  },
  {
    ...{ path: "/add", label: { en: "Add device", de: "Hinzufügen" }, icon: "add", place: "bar" },
    ...{ needs: ["write", "/users"], load: () => import("./pages/add.tsx") },
  },
  {
    ...{ path: "/messages", label: { en: "Messages", de: "Nachrichten" }, icon: "messages", place: "more" },
    ...{ needs: ["read", "/messages"], load: () => import("./pages/messages.tsx") },
  },
  {
    ...{ path: "/people", label: { en: "People", de: "Personen" }, icon: "people", place: "more" },
    ...{ needs: ["read", "/people"], load: () => import("./pages/people.tsx") },
  },
  {
    ...{ path: "/people/:name", label: { en: "Person", de: "Person" } },
    ...{ needs: ["read", "/people"], load: () => import("./pages/person.tsx") },
  },
  {
    ...{ path: "/add-person", label: { en: "Add a person", de: "Person hinzufügen" } },
    ...{ needs: ["write", "/users"], load: () => import("./pages/add-person.tsx") },
  },
  {
    ...{ path: "/roles", label: { en: "Roles", de: "Rollen" }, icon: "key", place: "more" },
    ...{ needs: ["read", "/roles"], load: () => import("./pages/roles.tsx") },
  },
  {
    ...{ path: "/roles/:name", label: { en: "Role", de: "Rolle" } },
    ...{ needs: ["read", "/roles"], load: () => import("./pages/role.tsx") },
  },
  {
    ...{ path: "/add-role", label: { en: "Add a role", de: "Rolle hinzufügen" } },
    ...{ needs: ["write", "/roles"], load: () => import("./pages/role.tsx") },
  },
  {
    ...{ path: "/certificates", label: { en: "Certificates", de: "Zertifikate" }, icon: "certificate", place: "more" },
    ...{ needs: ["read", "/expiries"], load: () => import("./pages/certificates.tsx") },
  },
  {
    ...{ path: "/system", label: { en: "System", de: "System" }, icon: "system", place: "more" },
    ...{ needs: ["read", "/time"], load: () => import("./pages/system.tsx") },
  },
  {
    ...{ path: "/box", label: { en: "The box", de: "Die Box" }, icon: "storage", place: "more" },
    ...{ needs: ["read", "/appliance"], load: () => import("./pages/box.tsx") },
  },
  {
    ...{ path: "/account", label: { en: "Account", de: "Konto" }, icon: "account", place: "more" },
    load: () => import("./pages/account.tsx"),
  },
  {
    ...{ path: "/about", label: { en: "About", de: "Über" }, icon: "about", place: "more" },
    ...{ needs: ["read", "/overview"], load: () => import("./pages/about.tsx") },
  },
]
