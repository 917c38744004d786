/** Run before the service at the first start: where there is no status, the service takes itself to be on no appliance. */
import { keepStatus } from "./status.ts"

keepStatus()
