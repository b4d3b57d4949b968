import { useState } from "preact/hooks";
import type { activitySchema } from "../../../../core/answers/activity.ts";
import type { executionPageSchema } from "../../../../core/answers/execution_report.ts";
import type { sessionPageSchema } from "../../../../core/answers/session.ts";
import { ExecutionTable } from "../executions/execution_table.tsx";
import type { AnswerOf } from "../api/request.ts";
import { Choice } from "../parts/fields.tsx";
import { ProblemNote } from "../parts/problem_note.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { useAnswer } from "../parts/use_answer.ts";
import { LatencyChart } from "./latency_chart.tsx";
import { RuntimeTable } from "./runtime_table.tsx";
import { hasLatencies, type Measure } from "./series.ts";
import { SessionTable } from "./session_table.tsx";

const EVERY_MS = 2_000;

const MEASURES: readonly (readonly [Measure, string])[] = [["startupMs", "Start-up"], ["wallMs", "Run time"]];

/** What the service does now, and did in the last minutes. */
export function LivePage({ isVisible }: { readonly isVisible: boolean }) {
  const options = { everyMs: EVERY_MS, isOn: isVisible };
  const activity = useAnswer<AnswerOf<typeof activitySchema>>("/v1/activity", options);
  const running = useAnswer<AnswerOf<typeof executionPageSchema>>("/v1/executions?status=running&limit=20", options);
  const sessions = useAnswer<AnswerOf<typeof sessionPageSchema>>("/v1/sessions?limit=50", options);
  const [measure, setMeasure] = useState<Measure>("startupMs");
  const problem = activity.problem ?? running.problem ?? sessions.problem;
  const service = activity.answer?.service;
  const open = sessions.answer?.sessions.filter(({ state }) => state !== "closed");
  const own = running.answer?.executions;
  const figures: readonly (readonly [string, number | undefined])[] = service === undefined
    ? [["Running", own?.length], ["Sessions", open?.length]]
    : [
      ["Running", service.running],
      ["Waiting", service.queued],
      ["Sessions", service.sessions],
      ["Contexts", service.contexts],
    ];
  return (
    <>
      <div class="page-head">
        <h1>Live</h1>
        {activity.answer !== undefined && (
          <span class="muted">{service === undefined ? "What this key may see" : "The whole service"}</span>
        )}
      </div>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <dl class="tiles">
        {figures.map(([name, value]) => (
          <div key={name} class="card tile">
            <dt>{name}</dt>
            <dd>{value ?? "–"}</dd>
          </div>
        ))}
      </dl>
      {activity.answer === undefined && problem === undefined && <Skeleton rows={8} />}
      {hasLatencies(activity.answer) && (
        <section class="card" aria-labelledby="latency-title">
          <header class="card-head">
            <h2 id="latency-title">Latency, last ten minutes</h2>
            <div class="spacer" />
            <Choice
              isBare
              label="Latency of"
              value={measure}
              options={MEASURES}
              onChange={(chosen) => setMeasure(chosen)}
            />
          </header>
          <LatencyChart activity={activity.answer} measure={measure} />
          <RuntimeTable activity={activity.answer} />
        </section>
      )}
      <section class="card" aria-labelledby="running-title">
        <header class="card-head">
          <h2 id="running-title">Programs that run</h2>
        </header>
        {own === undefined && running.problem !== undefined && <p class="empty">Not known.</p>}
        {own?.length === 0 && <p class="empty">None of yours runs.</p>}
        {own !== undefined && own.length > 0 && <ExecutionTable entries={own} />}
      </section>
      <section class="card" aria-labelledby="sessions-title">
        <header class="card-head">
          <h2 id="sessions-title">Sessions</h2>
        </header>
        {open === undefined && sessions.problem !== undefined && <p class="empty">Not known.</p>}
        {open?.length === 0 && <p class="empty">None of yours is open.</p>}
        {open !== undefined && open.length > 0 && <SessionTable sessions={open} onChange={sessions.refresh} />}
      </section>
    </>
  );
}
