import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { languageListSchema } from "../../../../core/answers/runtime.ts";
import type { AnswerOf } from "../api/request.ts";
import { Icon } from "../parts/icon.tsx";
import { findLanguages } from "./find_languages.ts";

/** A language of the service. */
export type Language = AnswerOf<typeof languageListSchema>["languages"][number];

/** Properties of the choice of a language. */
export interface LanguagePickerProps {
  /** Undefined before the service has answered. */
  readonly languages: readonly Language[] | undefined;
  readonly value: string;
  onChoose(name: string): void;
}

/**
 * A choice of a language, searched by typing. Languages that are missing say what to install. The pattern is the
 * "editable combobox with list autocomplete" of https://www.w3.org/WAI/ARIA/apg/patterns/combobox/.
 */
export function LanguagePicker({ languages, onChoose, value }: LanguagePickerProps) {
  const [text, setText] = useState<string>(); // What is searched for; undefined, all are listed.
  const [isOpen, setIsOpen] = useState(false);
  const [active, setActive] = useState(0);
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const found = findLanguages(languages ?? [], text ?? "");
  const close = () => {
    setIsOpen(false);
    setText(undefined);
  };
  const open = (at: number) => {
    setIsOpen(true);
    setActive(at);
  };
  const choose = (language: Language | undefined) => {
    if (language?.available !== true) return;
    onChoose(language.name);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      if (!isOpen) open(Math.max(0, found.findIndex(({ name }) => name === value)));
      else setActive((active + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter" && isOpen) choose(found[active]);
    else if (event.key === "Escape" && isOpen) close();
    else return;
    event.preventDefault();
  };
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active, isOpen]);

  return (
    <div class="picker">
      <label for={id}>Language</label>
      <div class="picker-box">
        <input
          id={id}
          type="text"
          role="combobox"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-autocomplete="list"
          aria-expanded={isOpen}
          aria-controls={`${id}-list`}
          aria-activedescendant={isOpen && found[active] !== undefined ? `${id}-${active}` : undefined}
          value={text ?? value}
          onClick={() => !isOpen && open(Math.max(0, found.findIndex(({ name }) => name === value)))}
          onFocus={(event) => event.currentTarget.select()}
          onInput={(event) => {
            setText(event.currentTarget.value);
            open(0);
          }}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
        <Icon name="chevron" />
        <div class="picker-list" hidden={!isOpen} onPointerDown={(event) => event.preventDefault()}>
          <ul ref={list} id={`${id}-list`} role="listbox" aria-label="Languages">
            {found.map((language, index) => (
              <Option
                key={language.name}
                id={`${id}-${index}`}
                language={language}
                isActive={index === active}
                isChosen={language.name === value}
                onChoose={() => choose(language)}
              />
            ))}
          </ul>
          {found.length === 0 && (
            <p class="hint" role="status">
              {languages === undefined
                ? "The service has not answered yet"
                : "The service has no language of this name"}
            </p>
          )}
        </div>
      </div>
    </div>
  );
}

function Option(
  { id, isActive, isChosen, language, onChoose }: {
    readonly id: string;
    readonly language: Language;
    readonly isActive: boolean;
    readonly isChosen: boolean;
    onChoose(): void;
  },
) {
  const { aliases, available, name, reason } = language;
  return (
    <li
      id={id}
      role="option"
      class={isActive ? "option option-active" : "option"}
      aria-selected={isChosen}
      aria-disabled={!available}
      onClick={onChoose}
    >
      <strong>{name}</strong>
      {aliases.length > 0 && <span class="muted">{aliases.join(", ")}</span>}
      {!available && <span class="option-reason muted">{reason ?? "not installed"}</span>}
    </li>
  );
}
