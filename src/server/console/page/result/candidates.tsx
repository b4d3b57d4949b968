import type { Attempt, Candidate, Selection } from "../../../../core/selection.ts";
import { formatMs } from "../parts/format.ts";
import { Bar, Level } from "./scales.tsx";

/** Properties of the picture of a selection. */
export interface CandidatesProps {
  readonly title: string;
  readonly selection: Selection;
  readonly attempts?: readonly Attempt[] | undefined;
}

const PREFERENCES: Readonly<Record<Selection["preference"], string>> = {
  balanced: "on balance",
  speed: "for speed",
  memory: "for memory",
  security: "for security",
};

/** A selection in a line. It opens to its candidates side by side, and says why others were ruled out. */
export function Candidates({ attempts = [], selection, title }: CandidatesProps) {
  const { candidates, floor, needs } = selection;
  const rejected = candidates.filter(({ passed }) => !passed);
  const passed = candidates.filter((candidate) => candidate.passed);
  return (
    <details class="card group candidates" open={selection.chosen === null}>
      <summary>
        <h2>{title}</h2>
        <span class="group-state">{summarize(selection)}</span>
      </summary>
      {floor > 0 && <p class="lead">Isolation must be {floor} or more.</p>}
      {passed.length > 0 && (
        <table class="candidate-table">
          <thead>
            <tr>
              <th scope="col">Runtime</th>
              <th scope="col">Start-up</th>
              <th scope="col">Memory</th>
              <th scope="col">Isolation</th>
              <th scope="col" class="number">Score</th>
            </tr>
          </thead>
          <tbody>
            {passed.map((candidate) => (
              <Passed
                key={candidate.runtime}
                candidate={candidate}
                floor={floor}
                isChosen={candidate.runtime === selection.chosen}
              />
            ))}
          </tbody>
        </table>
      )}
      {rejected.length > 0 && (
        <>
          <h3>Not suitable</h3>
          <dl class="rejected">
            {rejected.map((candidate) => <Rejected key={candidate.runtime} candidate={candidate} />)}
          </dl>
        </>
      )}
      {attempts.length > 0 && (
        <p class="hint">
          Tried first: {attempts.map(({ error, runtime }) => `${runtime} (${error})`).join("; ")}
        </p>
      )}
      {needs !== undefined && needs.uses.length > 0 && (
        <p class="hint">
          The program uses {needs.uses.map(({ line, name }, index) => (
            <>
              {index > 0 && ", "}
              <code key={name}>{name}</code> (line {line})
            </>
          ))}.
        </p>
      )}
    </details>
  );
}

function summarize({ candidates, chosen, preference }: Selection): string {
  const passed = candidates.filter((candidate) => candidate.passed).length;
  if (chosen === null) return `None of ${candidates.length} is suitable`;
  const rivals = passed === 1 ? "the only suitable one" : `the best of ${passed} ${PREFERENCES[preference]}`;
  return `${chosen}, ${rivals}`;
}

function Passed(
  { candidate: { inputs, lacks, runtime, score }, floor, isChosen }: {
    readonly candidate: Candidate;
    readonly floor: number;
    readonly isChosen: boolean;
  },
) {
  return (
    <tr class={isChosen ? "chosen" : undefined}>
      <th scope="row">
        {runtime}
        {isChosen && (
          <span class="tick">
            <span class="unseen">, chosen</span>
          </span>
        )}
        {lacks !== undefined && <span class="hint">Lacks {lacks}</span>}
      </th>
      <td data-label="Start-up">
        <Bar value={inputs.startupMs} from={1} to={10_000} text={formatMs(inputs.startupMs)} note={inputs.source} />
      </td>
      <td data-label="Memory">
        <Bar value={inputs.memoryMb} from={1} to={1_024} text={`${Math.round(inputs.memoryMb)} MB`} />
      </td>
      <td data-label="Isolation">
        <Level level={inputs.isolationLevel} floor={floor} />
      </td>
      <td data-label="Score" class="number">{score === undefined ? "" : score.toFixed(1)}</td>
    </tr>
  );
}

function Rejected({ candidate: { rejectedBecause, runtime } }: { readonly candidate: Candidate }) {
  return (
    <div>
      <dt>{runtime}</dt>
      <dd>
        {rejectedBecause?.detail}
        {rejectedBecause?.remedy !== undefined && <span class="hint">{rejectedBecause.remedy}</span>}
      </dd>
    </div>
  );
}
