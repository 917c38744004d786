import { useState } from "preact/hooks"
import type { z } from "zod"
import type { jobAnswer, logAnswer } from "../../service/http/contract-serial.ts"
import { useAction } from "../action.ts"
import { get, send } from "../api.ts"
import { clockTime, number } from "../format.ts"
import { Button, LinkButton } from "../parts/button.tsx"
import { Fact, Facts } from "../parts/card.tsx"
import { TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { Badge, type Level } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { href } from "../router.ts"
import { may } from "../session.ts"
import { sentence, t } from "./texts.ts"

type Job = z.output<typeof jobAnswer>

const LEVELS: Readonly<Record<Job["state"], Level>> = {
  waiting: "unknown",
  running: "unknown",
  question: "warn",
  interrupted: "warn",
  proving: "unknown",
  refused: "bad",
  done: "ok",
  cancelled: "off",
}
const STEPS = ["recognise", "request", "certify", "store", "verify", "connect", "prove"] as const

export function JobCard({ job, onChanged }: { readonly job: Job; readonly onChanged: () => void }) {
  const { username, state, problem, question, certificate } = job
  return (
    <article aria-label={username}>
      <div class="card-head">
        <h3>{username}</h3>
        <Badge level={LEVELS[state]}>{t().states[state]}</Badge>
      </div>
      {job.attempts > 0 && <Steps job={job} />}
      {state === "waiting" && !problem && <p>{t().plugIn}</p>}
      {problem && state !== "done" && (
        <Notice kind={state === "refused" ? "bad" : "warn"}>
          <p>{sentence(problem.code, problem.sentence)}</p>
          {state === "interrupted" && problem.code !== "gone" && <p>{t().plugInAgain}</p>}
        </Notice>
      )}
      {state === "question" && question && <QuestionForm job={job} question={question} onChanged={onChanged} />}
      <JobFacts job={job} />
      {certificate && state === "done" && <Label job={job} />}
      <Verbs job={job} onChanged={onChanged} />
      {job.attempts > 0 && <Log id={job.id} />}
    </article>
  )
}

/** Each step with what came of it, in words and by a sign. */
function Steps({ job: { state, step } }: { readonly job: Job }) {
  const at = state === "done" ? STEPS.length : STEPS.indexOf(step)
  return (
    <ol class="usb-steps">
      {STEPS.map((name, index) => (
        <li
          key={name}
          class={index < at ? "past" : index === at ? "present" : "future"}
          aria-current={index === at && "step"}
        >
          <span aria-hidden="true">{index < at ? "✓" : index === at ? "▸" : "·"}</span> {t().steps[name]}
        </li>
      ))}
    </ol>
  )
}

function JobFacts({ job: { device, certificate, pluggedInAt, provenAt } }: { readonly job: Job }) {
  if (device === undefined) return null
  const took = pluggedInAt && provenAt ? (Date.parse(provenAt) - Date.parse(pluggedInAt)) / 1000 : undefined
  return (
    <Facts>
      <Fact name={t().device}>{[device.model, device.uid].filter((text) => text !== undefined).join(" · ")}</Fact>
      <Fact name={t().language}>{`${device.title}, ${device.baudRate} baud`}</Fact>
      <Fact name={t().key}>{device.keyOrigin === "device" ? t().keyDevice : t().keyGateway}</Fact>
      {certificate && (
        <Fact name={t().certificate}>
          <code>{certificate.serial}</code>
        </Fact>
      )}
      {took !== undefined && <Fact name={t().took}>{t().seconds(number(took))}</Fact>}
    </Facts>
  )
}

interface QuestionProps {
  readonly job: Job
  readonly question: NonNullable<Job["question"]>
  readonly onChanged: () => void
}

function QuestionForm({ job, question, onChanged }: QuestionProps) {
  const [code, setCode] = useState("")
  const { run, busy, refused } = useAction(async (answer: string) => {
    await send<typeof jobAnswer>("POST", `/serial/jobs/${job.id}/answers`, { question: question.id, answer })
    onChanged()
  })
  return (
    <Notice kind="warn" urgent>
      <p>{sentence(question.id, question.sentence)}</p>
      {question.kind === "irreversible" ? (
        <>
          <p>
            <strong>{t().cannotUndo}</strong>
          </p>
          <div class="actions">
            <Button kind="danger" busy={busy.value} onClick={() => void run("yes")}>
              {t().yes}
            </Button>
            <Button busy={busy.value} onClick={() => void run("no")}>
              {t().no}
            </Button>
          </div>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (code !== "") void run(code)
          }}
        >
          <TextField label={t().code} value={code} onInput={setCode} input={{ autocomplete: "off", maxLength: 200 }} />
          <Button type="submit" kind="primary" busy={busy.value}>
            {t().send}
          </Button>
        </form>
      )}
      {refused.value && <p>{refused.value.message}</p>}
    </Notice>
  )
}

function Verbs({ job, onChanged }: { readonly job: Job; readonly onChanged: () => void }) {
  const { run, busy, refused } = useAction(async (verb: "retry" | "cancel") => {
    await send<typeof jobAnswer>("POST", `/serial/jobs/${job.id}/${verb}`)
    onChanged()
  })
  const open = job.state !== "done" && job.state !== "cancelled"
  return (
    <>
      <Refusal of={refused.value} />
      <div class="actions">
        {open && job.problem && job.state !== "running" && may("write", "/serial/jobs") && (
          <Button icon="refresh" busy={busy.value} onClick={() => void run("retry")}>
            {t().retry}
          </Button>
        )}
        {open && may("write", "/serial/jobs") && (
          <Button kind="quiet" icon="close" busy={busy.value} onClick={() => void run("cancel")}>
            {t().cancel}
          </Button>
        )}
        {job.state === "done" && (
          <LinkButton href={href("/devices/:name", { name: job.username })}>{t().open}</LinkButton>
        )}
      </div>
    </>
  )
}

/** To be stuck on the device; the rest of the page stays off the paper. */
function Label({ job: { id, username } }: { readonly job: Job }) {
  const [printing, setPrinting] = useState(false)
  const print = () => {
    setPrinting(true)
    // once it is drawn with its mark
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        window.print()
        setPrinting(false)
      }),
    )
  }
  return (
    <div class="usb-label" data-printing={printing}>
      <img src={`/api/v1/serial/jobs/${id}/label`} alt={t().labelAlt(username)} width="234" height="110" />
      <div>
        <Button icon="download" onClick={print}>
          {t().print}
        </Button>
      </div>
    </div>
  )
}

function Log({ id }: { readonly id: string }) {
  const [shown, setShown] = useState(false)
  return (
    <>
      <Button kind="quiet" pressed={shown} onClick={() => setShown(!shown)}>
        {shown ? t().hide : t().log}
      </Button>
      {shown && <LogLines id={id} />}
    </>
  )
}

function LogLines({ id }: { readonly id: string }) {
  const log = useResource(
    (options) => get<typeof logAnswer>(`/serial/jobs/${id}/log`, options),
    ["serial-job-changed", "serial-ports-changed"],
    [id],
  )
  return (
    <Loaded resource={log}>
      {({ entries }) =>
        entries.length === 0 ? (
          <p>{t().logEmpty}</p>
        ) : (
          // it scrolls, so it can be reached by keyboard
          // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1, a region that scrolls
          <section class="usb-log" tabIndex={0} aria-label={t().log}>
            {entries.slice(-400).map(({ at, way, text }, index) => (
              <p key={index} class={`usb-${way}`}>
                <span>{clockTime(at)}</span> <span>{t().ways[way]}</span> {text}
              </p>
            ))}
          </section>
        )
      }
    </Loaded>
  )
}
