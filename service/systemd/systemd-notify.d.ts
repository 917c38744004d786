/** The package brings no types. It runs the systemd-notify program and resolves when that has ended well. */
declare module "systemd-notify" {
  interface Options {
    readonly ready?: boolean
    readonly status?: string
    /** Told as MAINPID; this process unless told. */
    readonly pid?: number
  }
  function notify(options: Options): Promise<unknown>
  export = notify
}
