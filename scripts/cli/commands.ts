import { AUTHORITY_COMMANDS } from "./authority.ts"
import { BACKUP_COMMANDS } from "./backup.ts"
import { BOX_COMMANDS } from "./box.ts"
import { CERT_COMMANDS } from "./cert.ts"
import { CLAIM_COMMANDS } from "./claim.ts"
import { CLIENTS_COMMANDS } from "./clients.ts"
import type { Command } from "./command.ts"
import { completionCommands } from "./completion.ts"
import { DOCTOR_COMMANDS } from "./doctor.ts"
import { EXPLAIN_COMMANDS } from "./explain.ts"
import { REGISTRY_COMMANDS } from "./registry.ts"
import { ROLE_COMMANDS } from "./role.ts"
import { SERIAL_COMMANDS } from "./serial.ts"
import { SERVER_CERT_COMMANDS } from "./server-cert.ts"
import { STATUS_COMMANDS } from "./status.ts"
import { USER_COMMANDS } from "./user.ts"

/** The one table of what can be typed. */
export const COMMANDS: readonly Command[] = [
  ...STATUS_COMMANDS,
  ...CLAIM_COMMANDS,
  ...USER_COMMANDS,
  ...ROLE_COMMANDS,
  ...CERT_COMMANDS,
  ...REGISTRY_COMMANDS,
  ...AUTHORITY_COMMANDS,
  ...SERVER_CERT_COMMANDS,
  ...CLIENTS_COMMANDS,
  ...SERIAL_COMMANDS,
  ...EXPLAIN_COMMANDS,
  ...BOX_COMMANDS,
  ...BACKUP_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...completionCommands(() => COMMANDS),
]
