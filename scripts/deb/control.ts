/** The texts of a Debian package (Debian Policy, chapters 5 and 6). */

export interface ControlInputs {
  readonly version: string
  readonly architecture: "arm64" | "amd64"
  readonly kibibytes: number
}

/** A pre-release sorts before its release with a tilde (deb-version(7)). */
export function debianVersion(version: string): string {
  return version.replace("-", "~")
}

export function control({ version, architecture, kibibytes }: ControlInputs): string {
  return `Package: gatehouse
Version: ${debianVersion(version)}
Architecture: ${architecture}
Maintainer: Gatehouse <maintainers@gatehouse.invalid>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.28), libstdc++6, libatomic1, systemd (>= 249), udev
Section: net
Priority: optional
Description: MQTT gateway with its own certificate authority
 An MQTT broker, a local certificate authority for field devices, users with
 roles and permissions, USB provisioning and a page to look after them, in one
 process. It brings its own Node.js.
`
}

export const CONFFILES = "/etc/gatehouse/gatehouse.json\n"

export const POSTINST = `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
systemd-sysusers gatehouse.conf
[ -d /run/systemd/system ] || { systemctl enable gatehouse.service; exit 0; }
udevadm control --reload || true
systemctl daemon-reload
systemctl enable gatehouse.service
systemctl restart gatehouse.service
echo "Gatehouse is at https://$(hostname):8443; the claim code is in /var/lib/gatehouse/claim-code"
`

export const PRERM = `#!/bin/sh
set -e
[ "$1" = remove ] || exit 0
[ ! -d /run/systemd/system ] || systemctl stop gatehouse.service
systemctl disable gatehouse.service
`

/** Keys of an authority that devices in the field trust are not deleted along the way. */
export const POSTRM = `#!/bin/sh
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload
[ "$1" = purge ] || exit 0
[ ! -d /var/lib/gatehouse ] || echo "The gateway's state, with its keys, is left in /var/lib/gatehouse"
`
