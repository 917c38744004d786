import type { Board } from "./meta.ts"

/** File names in the folder mkimage runs in. */
export interface FitParts {
  readonly kernel: string
  readonly initramfs: string
  /** Read by U-Boot's `source`, as text. */
  readonly script: string
  readonly boards: readonly Board[]
}

const HASH = '      hash-1 { algo = "sha256"; };'

/**
 * The source of a FIT (U-Boot, doc/usage/fit/source_file_format.rst). One configuration per board with its device tree
 * and `firmware` for a tree that U-Boot has already. The kernel is last: U-Boot moves it to the next 2 MiB boundary, over
 * whatever lies behind it.
 */
export function fitSource({ kernel, initramfs, script, boards }: FitParts): string {
  const trees = boards.map(({ deviceTree }) => deviceTree.split("/").at(-1)!.replace(".dtb", ""))
  const images = [
    image("start", script, ['type = "script";', 'compression = "none";']),
    ...trees.map((name) =>
      image(name, `${name}.dtb`, ['type = "flat_dt";', 'arch = "arm64";', 'compression = "none";']),
    ),
    image("initramfs", initramfs, ['type = "ramdisk";', 'arch = "arm64";', 'os = "linux";', 'compression = "none";']),
    image("kernel", kernel, [
      'type = "kernel_noload";',
      'arch = "arm64";',
      'os = "linux";',
      'compression = "none";',
      "load = <0>;",
      "entry = <0>;",
    ]),
  ]
  const configurations = [configuration("firmware"), ...trees.map((name) => configuration(name, name))]
  return `/dts-v1/;
/ {
  description = "gatehouse slot";
  #address-cells = <1>;
  images {
${images.join("\n")}
  };
  configurations {
    default = "firmware";
${configurations.join("\n")}
  };
};
`
}

function image(name: string, file: string, properties: readonly string[]): string {
  const lines = [`data = /incbin/("${file}");`, ...properties].map((line) => `      ${line}`)
  return `    ${name} {\n${lines.join("\n")}\n${HASH}\n    };`
}

function configuration(name: string, tree?: string): string {
  const fdt = tree === undefined ? "" : ` fdt = "${tree}";`
  return `    ${name} { kernel = "kernel"; ramdisk = "initramfs";${fdt} };`
}
