/** Replaces pieces of a source, each given as `{ start, end, text }`. A piece inside another is ignored. */
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

/** Orders edits by place; an insertion comes before a replacement at the same place. */
function inOrder(a, b) {
  return a.start - b.start || (b.end === b.start) - (a.end === a.start) || b.end - a.end;
}

/** A text with a space for every character but line ends. */
export function blank(text) {
  return text.replace(/[^\n\r\u2028\u2029]/g, " ");
}
