/** What people call their folders, and worse: all that means something to a shell, to systemd or to XML. */

import fc from "fast-check";

const pieces = [
  "a",
  "Z",
  "0",
  " ",
  "  ",
  "'",
  '"',
  "\\",
  "%",
  "%h",
  "%%",
  "$",
  "$HOME",
  "${HOME}",
  "$$",
  ";",
  "#",
  "&",
  "<",
  ">",
];
const more = [
  "&amp;",
  "]]>",
  "<!--",
  "=",
  "-",
  "--",
  "*",
  "~",
  ":",
  "@",
  "!",
  "|",
  "+",
  "\\x41",
  "\\n",
  "é",
  "ß",
  "漢字",
  "😀",
  "\u00a0",
];

/** A word of an argument or a variable. */
export const nastyText = fc.string({ unit: fc.constantFrom(...pieces, ...more), maxLength: 8 });

/** A name of a file. */
export const nastyName = nastyText.filter((name) => name !== "" && Buffer.byteLength(name) < 200);
