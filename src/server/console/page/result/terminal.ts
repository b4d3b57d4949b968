import type { OutputPiece } from "../api/run_state.ts";

interface Style {
  readonly stream: OutputPiece["stream"];
  /** The classes of colour and weight; empty for those of the stream. */
  readonly look: string;
}

/** Text of one look, as the page shows it. */
export interface ShownText extends Style {
  readonly text: string;
}

/** Most changes of look on the page, each of them an element. Beyond it, colours are left out. */
const MAX_CHANGES = 4_000;
const TOKENS = new RegExp(
  [
    "[^\r\b\x07\x1b]+", // Plain text.
    "\r+\n?", // A return, or the end of a line.
    "\x1b\\[[0-?]*[ -/]*[@-~]?", // CSI (ECMA-48), which changes the line or the look.
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)", // OSC, such as a window's title.
    "\x1b[ -/]*[0-~]?",
    "[\b\x07]",
  ].join("|"),
  "g",
);

/**
 * Applies the controls of output as a terminal does. A return and a backspace go back on their line, and what follows
 * replaces what was there; SGR sets colours and weight. Other sequences are left out. A line that stderr has written again
 * is progress, and looks like no error.
 */
export function applyControls(pieces: readonly OutputPiece[]): ShownText[] {
  const terminal = new Terminal();
  for (const { stream, text } of pieces) {
    terminal.setStyle({ stream });
    for (const [token] of text.matchAll(TOKENS)) terminal.take(token);
  }
  return terminal.finish();
}

class Terminal {
  /** The lines that have ended. */
  readonly #shown: ShownText[] = [];
  /** The last line, and the style of each of its texts. Each is one character from the first step back on. */
  #texts: string[] = [];
  #styles: Style[] = [];
  /** The place of the next character. Undefined at the end of a line without a step back. */
  #column: number | undefined;
  #style: Style = { stream: "stdout", look: "" };
  /** Whether the last line was written again from its begin, as a progress bar is. */
  #isRewritten = false;

  setStyle(changes: Partial<Style>): void {
    this.#style = { ...this.#style, ...changes };
  }

  take(token: string): void {
    const first = token[0];
    if (first === "\b") this.#column = Math.max(0, this.#split() - 1);
    else if (first === "\x1b") this.#takeSequence(token.slice(1));
    else if (first === "\r" && !token.endsWith("\n")) this.#return();
    else if (first !== "\x07") this.#print(first === "\r" ? "\n" : token);
  }

  finish(): ShownText[] {
    this.#endLine();
    if (this.#shown.length <= MAX_CHANGES) return this.#shown;
    return this.#shown.splice(0).reduce<ShownText[]>((plain, { stream, text }) => {
      append(plain, { stream, look: "" }, text);
      return plain;
    }, []);
  }

  #takeSequence(sequence: string): void {
    if (/^\[[01]?G$/.test(sequence)) this.#return();
    else if (/^\[0?K$/.test(sequence)) this.#texts.length = this.#styles.length = this.#split();
    else if (sequence === "[2K") [this.#texts, this.#styles, this.#column] = [[], [], 0];
    else if (/^\[[\d;:]*m$/.test(sequence)) {
      this.setStyle({ look: changeLook(this.#style.look, sequence.slice(1, -1)) });
    }
  }

  #print(text: string): void {
    if (this.#column === undefined) {
      const next = text.lastIndexOf("\n") + 1;
      if (next > 0) {
        this.#add(text.slice(0, next));
        this.#endLine();
      }
      if (next < text.length) this.#add(text.slice(next));
      return;
    }
    const end = text.indexOf("\n");
    for (const character of end < 0 ? text : text.slice(0, end)) {
      this.#texts[this.#column] = character;
      this.#styles[this.#column++] = this.#style;
    }
    if (end < 0) return;
    this.#column = undefined;
    this.#print(text.slice(end));
  }

  #add(text: string): void {
    this.#texts.push(text);
    this.#styles.push(this.#style);
  }

  #return(): void {
    this.#isRewritten = true;
    this.#split();
    this.#column = 0;
  }

  /** Makes each text of the line one character. Returns the place of the next one. */
  #split(): number {
    if (this.#column !== undefined) return this.#column;
    const [texts, styles] = [this.#texts, this.#styles];
    this.#texts = texts.flatMap((text) => [...text]);
    this.#styles = styles.flatMap((style, index) => Array.from(texts[index] ?? "", () => style));
    return this.#column = this.#texts.length;
  }

  #endLine(): void {
    this.#texts.forEach((text, index) => append(this.#shown, this.#lookOf(this.#styles[index] ?? this.#style), text));
    [this.#texts, this.#styles, this.#isRewritten] = [[], [], false];
  }

  #lookOf({ look, stream }: Style): Style {
    if (!this.#isRewritten || stream === "stdout") return { stream, look };
    return { stream, look: `progress ${look}`.trim() };
  }
}

/** Adds text of a style, to the last text where that has the same. */
function append(shown: ShownText[], { look, stream }: Style, text: string): void {
  const last = shown.at(-1);
  const isSame = last?.stream === stream && last.look === look;
  if (isSame) shown[shown.length - 1] = { stream, look, text: last.text + text };
  else shown.push({ stream, look, text });
}

/** Changes a look by the parameters of SGR: bold, and the sixteen colours. Others leave it as it is. */
function changeLook(look: string, parameters: string): string {
  let [color, weight] = [/ansi-\d/.exec(look)?.[0] ?? "", /bold/.exec(look)?.[0] ?? ""];
  const codes = parameters.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 0) color = weight = "";
    else if (code === 1 || code === 22) weight = code === 1 ? "bold" : "";
    else if (code === 39) color = "";
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) color = `ansi-${code === 90 ? 8 : code % 10}`;
    else if (code === 38 || code === 48) index += codes[index + 1] === 2 ? 4 : 2; // A colour of another palette.
  }
  return `${color} ${weight}`.trim();
}
