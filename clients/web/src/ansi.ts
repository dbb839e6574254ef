/** Output as text with colours; other escapes are shown, not executed. */
import { visible } from "./words";

/** Text of one look. */
export type Piece = { readonly text: string; readonly look: string };

const COLOURS = ["", "fail", "ok", "warn", "busy", "code", "key", ""];
const SGR = /\u001b\[([0-9;]*)m/g;

/** The pieces of a line. */
export function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let [colour, isBold, from] = ["", false, 0];
  const push = (text: string): void => {
    if (text !== "") pieces.push({ text: visible(text), look: [colour, isBold ? "bold" : ""].filter(Boolean).join(" ") });
  };
  for (const found of line.matchAll(SGR)) {
    push(line.slice(from, found.index));
    from = found.index + found[0].length;
    const codes = (found[1] || "0").split(";").map(Number);
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] ?? 0;
      if (code === 0) [colour, isBold] = ["", false];
      else if (code === 1) isBold = true;
      else if (code === 22) isBold = false;
      else if (code === 39) colour = "";
      else if (code === 90) colour = "dim";
      else if (code >= 30 && code <= 37) colour = COLOURS[code - 30] ?? "";
      else if (code >= 91 && code <= 97) colour = COLOURS[code - 90] ?? "";
      // Colours by number are left as they are; their own numbers are no codes.
      else if (code === 38 || code === 48) at += codes[at + 1] === 2 ? 4 : 2;
    }
  }
  push(line.slice(from));
  return pieces;
}
