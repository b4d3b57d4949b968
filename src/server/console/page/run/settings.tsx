import type { runtimeListSchema } from "../../../../core/answers/runtime.ts";
import type { AnswerOf } from "../api/request.ts";
import { Check, Choice, TextArea, TextField } from "../parts/fields.tsx";
import { useAnswer } from "../parts/use_answer.ts";
import { LEAST_ISOLATION, LIMITS } from "./numbers.ts";
import { argumentsOf, countOf, describePermissions, linesOf, type PermissionForm } from "./program_form.ts";
import { Group, type SettingsProps } from "./setting_group.tsx";
import { TestSettings } from "./test_settings.tsx";

type RuntimeDescription = AnswerOf<typeof runtimeListSchema>["runtimes"][number];

/** Everything that decides how a program runs, each group closed until it is needed. */
export function Settings({ form, onChange }: SettingsProps) {
  return (
    <section class="card settings" aria-label="Settings">
      <InputSettings form={form} onChange={onChange} />
      <TestSettings form={form} onChange={onChange} />
      <PermissionSettings form={form} onChange={onChange} />
      <LimitSettings form={form} onChange={onChange} />
      <RuntimeSettings form={form} onChange={onChange} />
    </section>
  );
}

function InputSettings({ form, onChange }: SettingsProps) {
  const { args, entrypoint, env, isInteractive, outputs, stdin } = form;
  const parts = [
    isInteractive ? "typed while it runs" : stdin === "" ? "" : "text",
    countOf(argumentsOf(args).length, "argument", "arguments"),
    countOf(linesOf(env).length, "variable", "variables"),
    countOf(linesOf(outputs).length, "file to return", "files to return"),
  ].filter((part) => part !== "");
  return (
    <Group title="Input" state={parts.length === 0 ? "None" : parts.join(", ")}>
      <Check isChecked={isInteractive} onChange={(checked) => onChange({ isInteractive: checked })}>
        Type standard input while the program runs
      </Check>
      {!isInteractive && (
        <TextArea
          label="Standard input"
          rows={3}
          value={stdin}
          onChange={(text) => onChange({ stdin: text })}
        />
      )}
      <TextArea label="Arguments" hint="One a line" value={args} onChange={(text) => onChange({ args: text })} />
      <TextArea
        label="Variables"
        hint="One a line, as NAME=value"
        value={env}
        onChange={(text) => onChange({ env: text })}
      />
      <TextArea
        label="Files to return"
        hint="Globs of the workspace, one a line, such as out/*.png"
        value={outputs}
        onChange={(text) => onChange({ outputs: text })}
      />
      <TextField
        label="Entry point"
        hint="The file to run, where that is not the program above"
        value={entrypoint}
        onChange={(text) => onChange({ entrypoint: text })}
      />
    </Group>
  );
}

function PermissionSettings({ form, onChange }: SettingsProps) {
  const { permissions } = form;
  const change = (changes: Partial<PermissionForm>) => onChange({ permissions: { ...permissions, ...changes } });
  return (
    <Group title="Permissions" state={describePermissions(permissions)}>
      <Choice
        label="Network"
        value={permissions.net}
        options={[["none", "None"], ["listed", "These hosts"], ["public", "The internet"]]}
        onChange={(net) => change({ net })}
      />
      {permissions.net === "listed" && (
        <TextArea
          label="Hosts"
          hint="One a line, as host or host:port"
          value={permissions.hosts}
          onChange={(hosts) => change({ hosts })}
        />
      )}
      <TextArea
        label="Paths to read"
        hint="Absolute, one a line. They must lie under a root that the operator lists"
        value={permissions.read}
        onChange={(read) => change({ read })}
      />
      <TextArea
        label="Paths to write"
        hint="Absolute, one a line"
        value={permissions.write}
        onChange={(write) => change({ write })}
      />
      <TextArea
        label="Variables to read and set"
        hint="Names, one a line, beside those under Input"
        value={permissions.env}
        onChange={(env) => change({ env })}
      />
      <Check isChecked={permissions.run} onChange={(isChecked) => change({ run: isChecked })}>
        Start other programs
      </Check>
    </Group>
  );
}

function LimitSettings({ form: { limits }, onChange }: SettingsProps) {
  const named = Object.values(limits).filter((text) => text.trim() !== "").length;
  return (
    <Group title="Limits" state={named === 0 ? "The service's own" : `${named} of its own`}>
      <div class="field-grid">
        {LIMITS.map(([name, label, standard]) => (
          <TextField
            key={name}
            isNumber
            label={label}
            placeholder={standard}
            value={limits[name] ?? ""}
            onChange={(text) => onChange({ limits: { ...limits, [name]: text } })}
          />
        ))}
      </div>
    </Group>
  );
}

function RuntimeSettings({ form: { language, minIsolation, runtime }, onChange }: SettingsProps) {
  const { answer } = useAnswer<AnswerOf<typeof runtimeListSchema>>("/v1/runtimes");
  const runsIt = (known: RuntimeDescription) => known.environments.some(({ name }) => name === language);
  const names = answer?.runtimes.filter((known) => runsIt(known) || known.name === runtime).map(({ name }) => name) ??
    (runtime === "" ? [] : [runtime]);
  const state = [runtime === "" ? "" : runtime, minIsolation === "" ? "" : `isolation ${minIsolation} or more`]
    .filter((part) => part !== "").join(", ");
  return (
    <Group title="Runtime" state={state === "" ? "Chosen by the service" : state}>
      <div class="field-grid">
        <label class="field">
          <span>Runtime</span>
          <select value={runtime} onChange={(event) => onChange({ runtime: event.currentTarget.value })}>
            <option value="">Chosen by the service</option>
            {names.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <TextField
          isNumber
          label={LEAST_ISOLATION}
          placeholder="The service's own"
          value={minIsolation}
          onChange={(text) => onChange({ minIsolation: text })}
        />
      </div>
    </Group>
  );
}
