import { TextArea } from "../parts/fields.tsx";
import { IconButton } from "../parts/icon.tsx";
import { Group, type SettingsProps } from "./setting_group.tsx";
import type { FormTest } from "./program_form.ts";

/** Most tests of a program; the service refuses more. */
const MAX_TESTS = 200;

/** Runs of the program with their own input, and what each has to print. */
export function TestSettings({ form: { tests }, onChange }: SettingsProps) {
  const change = (at: number, changes: Partial<FormTest>) =>
    onChange({ tests: tests.map((test, index) => index === at ? { ...test, ...changes } : test) });
  const state = tests.length === 0 ? "None" : tests.length === 1 ? "1 test" : `${tests.length} tests`;
  return (
    <Group title="Tests" state={state}>
      <p class="hint">
        The program is compiled once, and runs once for each test. White space at the end of lines does not count, and
        an empty expected output compares nothing.
      </p>
      {tests.map(({ expected, stdin }, index) => (
        <fieldset key={index} class="test">
          <legend class="unseen">Test {index + 1}</legend>
          <TextArea
            label={`Input of test ${index + 1}`}
            value={stdin}
            onChange={(text) => change(index, { stdin: text })}
          />
          <TextArea
            label={`Expected output of test ${index + 1}`}
            value={expected}
            onChange={(text) => change(index, { expected: text })}
          />
          <IconButton
            icon="trash"
            label={`Remove test ${index + 1}`}
            onClick={() => onChange({ tests: tests.filter((_, at) => at !== index) })}
          />
        </fieldset>
      ))}
      <p>
        <button
          type="button"
          class="button"
          disabled={tests.length >= MAX_TESTS}
          onClick={() => onChange({ tests: [...tests, { stdin: "", expected: "" }] })}
        >
          Add a test
        </button>
      </p>
    </Group>
  );
}
