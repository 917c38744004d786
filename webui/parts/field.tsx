import type { ComponentChildren } from "preact"
import { useId } from "preact/hooks"

interface Around {
  readonly label: string
  /** What belongs into it, before anything is wrong. */
  readonly hint?: ComponentChildren
  /** What is wrong, and what to do. */
  readonly error?: string | undefined
}

function Labelled({
  id,
  label,
  hint,
  error,
  children,
}: Around & { readonly id: string; readonly children: ComponentChildren }) {
  return (
    <div class={`field ${error ? "field-wrong" : ""}`}>
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children}
      <p class="field-error" id={`${id}-error`} aria-live="polite">
        {error}
      </p>
    </div>
  )
}

function described(id: string, { hint, error }: Around) {
  const ids = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter((part) => part !== "")
  return { "aria-describedby": ids.length === 0 ? undefined : ids.join(" "), "aria-invalid": error ? true : undefined }
}

interface Input {
  readonly type?: "text" | "password" | "search" | "number" | "email"
  readonly autocomplete?: string
  readonly inputMode?: "text" | "numeric" | "search"
  readonly required?: boolean
  readonly maxLength?: number
  readonly placeholder?: string
  readonly min?: number
  readonly max?: number
}

export interface TextFieldProps extends Around {
  readonly value: string
  readonly onInput: (value: string) => void
  /** Further attributes: type, autocomplete, inputMode, required … */
  readonly input?: Input
}

export function TextField({ value, onInput, input, ...around }: TextFieldProps) {
  const id = useId()
  return (
    <Labelled id={id} {...around}>
      <input
        type="text"
        autocapitalize="off"
        spellcheck={false}
        {...(input as { readonly type?: "text" })} // preact has a type of its own for each kind of input
        id={id}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
        {...described(id, around)}
      />
    </Labelled>
  )
}

export interface TextAreaProps extends Around {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly rows?: number
  /** PEM, JSON: letters of one width, long lines that scroll. */
  readonly code?: boolean
}

export function TextArea({ value, onInput, rows = 6, code = false, ...around }: TextAreaProps) {
  const id = useId()
  return (
    <Labelled id={id} {...around}>
      <textarea
        id={id}
        class={code ? "code" : ""}
        rows={rows}
        spellcheck={false}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
        {...described(id, around)}
      />
    </Labelled>
  )
}

export interface SelectProps<T extends string> extends Around {
  readonly value: T
  readonly onChange: (value: T) => void
  readonly options: readonly { readonly value: T; readonly label: string }[]
}

export function Select<T extends string>({ value, onChange, options, ...around }: SelectProps<T>) {
  const id = useId()
  return (
    <Labelled id={id} {...around}>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value as T)}
        {...described(id, around)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

export interface CheckProps {
  readonly label: ComponentChildren
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly hint?: ComponentChildren
}

export function Check({ label, checked, onChange, hint }: CheckProps) {
  const id = useId()
  return (
    <div class="check">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <div>
        <label for={id}>{label}</label>
        {hint && (
          <p class="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

export interface ChoiceProps<T extends string> {
  readonly legend: string
  readonly value: T
  readonly onChange: (value: T) => void
  readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[]
}

/** One of a few, all in sight. */
export function Choice<T extends string>({ legend, value, onChange, options }: ChoiceProps<T>) {
  const name = useId()
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input type="radio" name={name} checked={value === option.value} onChange={() => onChange(option.value)} />
          <span>
            {option.label}
            {option.hint && <span class="hint">{option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
