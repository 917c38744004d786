import qrcode from "qrcode-generator"

/** A QR code (ISO/IEC 18004, error correction M) as the path of an SVG: one unit for each module, no quiet zone. */
export function qrPath(text: string): { readonly path: string; readonly modules: number } {
  const code = qrcode(0, "M")
  code.addData(text, "Byte")
  code.make()
  const modules = code.getModuleCount()
  let path = ""
  for (let row = 0; row < modules; row++) {
    for (let column = 0; column < modules; column++) {
      if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`
    }
  }
  return { path, modules }
}
