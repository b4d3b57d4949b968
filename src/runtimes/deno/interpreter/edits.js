/** A source with pieces replaced, `{ start, end, text }` each; one that lies in another is left out. */
export function applyEdits(source, edits, { from = 0, to = source.length } = {}) {
  let text = "";
  let at = from;
  for (const edit of edits.toSorted(inOrder)) {
    if (edit.start < at || edit.end > to) continue;
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at, to);
}

/** What is only put in comes before what is replaced in the same place. */
function inOrder(a, b) {
  return a.start - b.start || (b.end === b.start) - (a.end === a.start) || b.end - a.end;
}

/** Spaces in place of a text, and its lines. */
export function blank(text) {
  return text.replace(/[^\n\r\u2028\u2029]/g, " ");
}
