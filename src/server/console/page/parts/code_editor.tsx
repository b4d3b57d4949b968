import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder as placeholderOf,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import { hasFiles } from "./dropped_files.ts";

/** Properties of an editor. */
export interface CodeEditorProps {
  /** The text at first. From then on the editor has it, and another text takes another editor. */
  readonly initial: string;
  readonly label: string;
  readonly mode: Extension;
  readonly placeholder?: string;
  /** Keys that the editor leaves to the page, with what they do. */
  readonly keys?: Readonly<Record<string, () => void>>;
  /** Whether it is as high as its text. */
  readonly isCompact?: boolean;
  onChange(value: string): void;
}

const COLORS = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--code-type)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-function)" },
]);

const LOOK = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--ink)", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "var(--text-code)", lineHeight: "1.6" },
  ".cm-content": { padding: "12px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted)", border: "none", paddingLeft: "8px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--line-soft)" },
  "&.cm-focused .cm-activeLineGutter": { color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "none" },
  ".cm-placeholder": { color: "var(--muted)" },
});

function nameOf(label: string): Extension {
  return EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" });
}

/** The nonce of the page, which lets the editor add its style. */
function nonceOfPage(): string {
  return document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
}

/** A code editor. Tab indents; Escape and then Tab leaves it. */
export function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const mode = useRef(new Compartment());
  const hint = useRef(new Compartment());
  const name = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const { initial, isCompact = false, keys = {}, label, placeholder = "" } = latest.current;
    const bindings = Object.keys(keys).map((key) => ({
      key,
      preventDefault: true,
      run() {
        latest.current.keys?.[key]?.();
        return true;
      },
    }));
    const editor = new EditorView({
      doc: initial,
      extensions: [
        EditorView.cspNonce.of(nonceOfPage()),
        Prec.highest(keymap.of(bindings)),
        ...(isCompact ? [] : [lineNumbers(), highlightActiveLineGutter()]),
        history(),
        drawSelection(),
        indentUnit.of("  "),
        EditorState.tabSize.of(4),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        syntaxHighlighting(COLORS),
        LOOK,
        name.current.of(nameOf(label)),
        mode.current.of(latest.current.mode),
        hint.current.of(placeholderOf(placeholder)),
        EditorView.domEventHandlers({ drop: hasFiles }), // The page takes them, and the text stays.
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) latest.current.onChange(state.doc.toString());
        }),
      ],
      ...(host.current === null ? {} : { parent: host.current }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    view.current?.dispatch({
      effects: [
        mode.current.reconfigure(props.mode),
        name.current.reconfigure(nameOf(props.label)),
        hint.current.reconfigure(placeholderOf(props.placeholder ?? "")),
      ],
    });
  }, [props.mode, props.placeholder, props.label]);

  return <div ref={host} class={props.isCompact === true ? "editor editor-compact" : "editor"} />;
}
