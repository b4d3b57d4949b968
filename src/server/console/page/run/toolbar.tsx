import { useState } from "preact/hooks";
import type { AnswerOf } from "../api/request.ts";
import type { languageListSchema } from "../../../../core/answers/runtime.ts";
import type { Preference } from "../../../../core/selection.ts";
import { Choice } from "../parts/fields.tsx";
import { Icon } from "../parts/icon.tsx";
import { useAnswer } from "../parts/use_answer.ts";
import { ExamplesDialog } from "./examples_dialog.tsx";
import { LanguagePicker } from "./language_picker.tsx";
import { sampleOf } from "./languages.ts";
import { ShareDialog } from "./share_dialog.tsx";
import type { ProgramForm } from "./program_form.ts";

const PREFERENCES: readonly (readonly [Preference, string])[] = [
  ["balanced", "Balanced"],
  ["speed", "Speed"],
  ["memory", "Memory"],
  ["security", "Security"],
];

/** How the browser's machine names the key of shortcuts. */
const MODIFIER = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

/** Properties of the toolbar. */
export interface ToolbarProps {
  readonly form: ProgramForm;
  readonly isBusy: boolean;
  onChange(changes: Partial<ProgramForm>): void;
  /** Puts another program in the place of this one. */
  onReplace(form: ProgramForm): void;
  onRun(): void;
  onStop(): void;
}

/** The language, the preference, and the button that runs. */
export function Toolbar({ form, isBusy, onChange, onReplace, onRun, onStop }: ToolbarProps) {
  const [dialog, setDialog] = useState<"examples" | "share">();
  const close = () => setDialog(undefined);
  const { answer } = useAnswer<AnswerOf<typeof languageListSchema>>("/v1/languages");
  const choose = (language: string) => {
    const isUntouched = form.code === sampleOf(form.language) || form.code.trim() === "";
    const runtimes = answer?.languages.find(({ name }) => name === language)?.runtimes ?? [];
    onChange({
      language,
      ...(runtimes.includes(form.runtime) ? {} : { runtime: "" }),
      ...(isUntouched ? { code: sampleOf(language) } : {}),
    });
  };
  return (
    <>
      <div class="toolbar">
        <LanguagePicker languages={answer?.languages} value={form.language} onChoose={choose} />
        <Choice
          isBare
          label="Choose the runtime for"
          value={form.preference}
          options={PREFERENCES}
          onChange={(preference) => onChange({ preference })}
        />
        <div class="spacer" />
        <button type="button" class="button button-quiet" disabled={isBusy} onClick={() => setDialog("examples")}>
          Examples
        </button>
        <button type="button" class="button button-quiet" onClick={() => setDialog("share")}>
          <Icon name="link" /> Share
        </button>
        {isBusy
          ? (
            <button type="button" class="button button-stop" aria-keyshortcuts="Control+." onClick={onStop}>
              Stop <kbd>{MODIFIER} .</kbd>
            </button>
          )
          : (
            <button type="button" class="button button-main" aria-keyshortcuts="Control+Enter" onClick={onRun}>
              Run <kbd>{MODIFIER} ↵</kbd>
            </button>
          )}
      </div>
      {dialog === "examples" && <ExamplesDialog onChoose={onReplace} onClose={close} />}
      {dialog === "share" && <ShareDialog form={form} onClose={close} />}
    </>
  );
}
