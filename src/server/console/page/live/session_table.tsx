import { useState } from "preact/hooks";
import type { SessionInfo } from "../../../../core/session.ts";
import { type Problem, send, toProblem } from "../api/request.ts";
import { formatTime } from "../parts/format.ts";
import { ProblemNote } from "../parts/problem_note.tsx";

/** Open sessions, and a button that closes each. */
export function SessionTable(
  { onChange, sessions }: { readonly sessions: readonly SessionInfo[]; onChange(): void },
) {
  const [problem, setProblem] = useState<Problem>();
  const now = Date.now();
  async function close(id: string): Promise<void> {
    try {
      await send(`/v1/sessions/${id}`, { method: "DELETE" });
      setProblem(undefined);
    } catch (error) {
      setProblem(toProblem(error));
    }
    onChange();
  }
  return (
    <>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Session</th>
              <th scope="col">Language</th>
              <th scope="col" class="mid">Runtime</th>
              <th scope="col" class="mid">State</th>
              <th scope="col" class="number mid">Programs</th>
              <th scope="col" class="number wide">Ends</th>
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sessions.map(({ executionCount, expiresAt, id, language, runtime, state }) => (
              <tr key={id}>
                <td>
                  <code title={id}>{id.slice(0, 13)}</code>
                </td>
                <td>{language}</td>
                <td class="mid">{runtime}</td>
                <td class="mid">{state}</td>
                <td class="number mid">{executionCount}</td>
                <td class="number time wide">{formatTime(expiresAt, now)}</td>
                <td class="number">
                  <button
                    type="button"
                    class="button button-quiet"
                    disabled={state === "closing"}
                    aria-label={`Close session ${id}`}
                    onClick={() => close(id)}
                  >
                    Close
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
