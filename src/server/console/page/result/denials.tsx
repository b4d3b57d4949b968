import type { Denial, Remedy } from "../../../../core/denials/denial.ts";
import type { Execution } from "../../../../core/execution.ts";

const KINDS: Readonly<Record<Denial["kind"], string>> = {
  read: "Read",
  write: "Write",
  net: "Network",
  import: "Import",
  env: "Variable",
  run: "Start a program",
  sys: "System facts",
  ffi: "Call a library",
  capability: "Privilege",
};

/** What the program was refused, and the buttons that allow it. */
export function Denials(
  { execution: { denials, denialsOmitted = 0 }, onAllow }: {
    readonly execution: Execution;
    readonly onAllow?: ((remedies: readonly Remedy[]) => void) | undefined;
  },
) {
  const remedies = denials.flatMap(({ remedy }) => remedy === undefined ? [] : [remedy]);
  return (
    <section class="card denials" aria-labelledby="denials-title">
      <header class="card-head">
        <h2 id="denials-title">Refused to the program</h2>
        <div class="spacer" />
        {onAllow !== undefined && remedies.length > 1 && (
          <button
            type="button"
            class="button"
            onClick={() => onAllow(remedies)}
          >
            Allow all and run again
          </button>
        )}
      </header>
      <ul class="denial-list">
        {denials.map((denial, index) => (
          <li key={index}>
            <div class="denial-what">
              <p class="denial-head">
                <span class="badge badge-warn">{KINDS[denial.kind]}</span>
                <code>{denial.target}</code>
                {denial.at !== undefined && <span class="muted">at {denial.at}</span>}
              </p>
              <p class="hint">{denial.rule}</p>
            </div>
            <AllowButton denial={denial} onAllow={onAllow} />
          </li>
        ))}
      </ul>
      {denialsOmitted > 0 && <p class="hint">{denialsOmitted} further ones are not listed.</p>}
    </section>
  );
}

function AllowButton(
  { denial: { remedy }, onAllow }: {
    readonly denial: Denial;
    readonly onAllow?: ((remedies: readonly Remedy[]) => void) | undefined;
  },
) {
  if (remedy === undefined) return <span class="muted">No request can allow this</span>;
  if (onAllow === undefined) return null;
  return <button type="button" class="button" onClick={() => onAllow([remedy])}>Allow and run again</button>;
}
