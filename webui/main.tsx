import { render } from "preact"
import { App } from "./app.tsx"
import { startClock } from "./format.ts"
import { followLive } from "./live.ts"
import { applyLook } from "./look.ts"
import { loadSession } from "./session.ts"

applyLook()
startClock()
await loadSession()
followLive()
const root = document.getElementById("app")
if (root !== null) render(<App />, root)
