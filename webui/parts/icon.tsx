/** Drawn on a 24 grid with one stroke; decoration only, never the sole bearer of a meaning. */
const PATHS = {
  pulse: "M3 12h4l2.5-7 5 14L17 12h4",
  devices: "M5 4h14v10H5zM9 20h6M12 14v6",
  door: "M6 21V4.5L15 3v18M15 5h3v16M3 21h18M11.5 12v1",
  add: "M12 5v14M5 12h14",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  messages: "M4 5h16v11H9l-5 4z",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.500M16 4.500a3.5 3.5 0 0 1 0 6.200M18 14.800c2 .7 3.2 2.4 3.5 5.2",
  certificate: "M5 3h14v11H5zM9 7h6M9 10h3M14.5 21v-5M14.5 21l2-1.5 2 1.500v-5",
  system:
    "M4 7h10M18 7h2M4 17h2M10 17h10M16 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.500c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
  about: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.800v.1",
  check: "M5 12.500l4.5 4.500L19 7.5",
  warning: "M12 4 2.5 20h19zM12 10v4.500M12 17.200v.1",
  stop: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 8.500l7 7M15.5 8.500l-7 7",
  off: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12h8",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.200l3.5 2",
  next: "M9 5l7 7-7 7",
  back: "M15 5l-7 7 7 7",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20.5 20.5",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.500M4.5 20h15",
  upload: "M12 16V5M7.5 9 12 4.5 16.5 9M4.5 20h15",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  close: "M6 6l12 12M18 6 6 18",
  refresh: "M20 12a8 8 0 1 1-2.5-5.800M20 3.500V8h-4.5",
  leave: "M14 4H5v16h9M10.5 12H21M17 8l4 4-4 4",
  usb: "M12 21V4M9.5 6.5 12 3.500l2.5 3M12 17l5-3v-3M12 14.500l-5-3V9M5.8 6.500h2.400V9H5.800zM17 11v-.1",
  key: "M8.5 17a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM13 12.500h8.500M18 12.500V16",
  storage:
    "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
