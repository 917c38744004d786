import { serve } from "../helper.ts"
import { throughput } from "./closed-loop.ts"
import { connects, knock } from "./connects.ts"
import { paced } from "./paced.ts"

/** The load generator: a process of its own, so that its work is not counted as the broker's. */
const verbs = { throughput, paced, connects, knock }

export type LoadVerbs = typeof verbs

serve(verbs)
