const MAX_LEVEL = 10;

/** A value on a logarithmic scale, with its text. */
export function Bar(
  { from, note, text, to, value }: {
    readonly value: number;
    readonly from: number;
    readonly to: number;
    readonly text: string;
    /** Where the value comes from. */
    readonly note?: string;
  },
) {
  const share = Math.log(Math.max(value, from) / from) / Math.log(to / from);
  return (
    <div class="bar" title={note}>
      <span class="bar-text">{text}</span>
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ width: `${Math.min(100, Math.max(3, share * 100))}%` }} />
      </span>
    </div>
  );
}

/** An isolation level of ten, with the least that is asked for. */
export function Level({ floor, level }: { readonly level: number; readonly floor: number }) {
  return (
    <div class="bar">
      <span class="bar-text">
        {level} <span class="muted">of {MAX_LEVEL}</span>
      </span>
      <span class="pips" aria-hidden="true">
        {Array.from({ length: MAX_LEVEL }, (_, index) => (
          <span
            key={index}
            class={`pip${index < level ? " pip-full" : ""}${index + 1 === floor ? " pip-floor" : ""}`}
          />
        ))}
      </span>
    </div>
  );
}
