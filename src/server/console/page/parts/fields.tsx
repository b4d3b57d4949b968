import type { ComponentChildren, HTMLAttributes } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  onChange(value: string): void;
}

/** A text of several lines. */
export function TextArea(
  { hint, label, onChange, placeholder, rows = 2, value }: FieldProps & {
    readonly rows?: number;
    readonly placeholder?: string;
  },
) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="mono"
        rows={rows}
        spellcheck={false}
        autocapitalize="off"
        value={value}
        placeholder={placeholder}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {hint !== undefined && <p id={`${id}-hint`} class="hint">{hint}</p>}
    </div>
  );
}

/** A text of one line, or a number. */
export function TextField(
  { hint, isNumber = false, isSecret = false, label, onChange, placeholder, value }: FieldProps & {
    readonly isNumber?: boolean;
    readonly isSecret?: boolean;
    readonly placeholder?: string;
  },
) {
  const id = useId();
  const shared: Omit<HTMLAttributes<HTMLInputElement>, "role"> = {
    ...{ id, value, class: "mono", spellcheck: false, autocapitalize: "off" },
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(hint === undefined ? {} : { "aria-describedby": `${id}-hint` }),
    onInput: (event) => onChange(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isSecret
        ? <input type="password" autocomplete="off" {...shared} />
        : <input type="text" autocomplete="off" inputmode={isNumber ? "numeric" : "text"} {...shared} />}
      {hint !== undefined && <p id={`${id}-hint`} class="hint">{hint}</p>}
    </div>
  );
}

/** One of several values, all of them in sight. */
export function Choice<Value extends string>(
  { isBare = false, label, onChange, options, value }: {
    readonly label: string;
    /** Whether the label is for screen readers alone. */
    readonly isBare?: boolean;
    readonly value: Value;
    readonly options: readonly (readonly [value: Value, label: string])[];
    onChange(value: Value): void;
  },
) {
  const id = useId();
  return (
    <fieldset class="choice">
      <legend class={isBare ? "unseen" : undefined}>{label}</legend>
      <div class="choice-options">
        {options.map(([option, text]) => (
          <label key={option}>
            <input
              type="radio"
              name={id}
              value={option}
              checked={option === value}
              onChange={() => onChange(option)}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A box to check. */
export function Check(
  { children, isChecked, onChange }: {
    readonly isChecked: boolean;
    readonly children: ComponentChildren;
    onChange(isChecked: boolean): void;
  },
) {
  return (
    <label class="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}
