import assert from "node:assert/strict";
import { test } from "node:test";
import { capitalised, countText, memoryText, minuteText, percentText, plain, refusalText, shortSpanText, spanText } from "../src/words";

test("a span is said in two units at most", () => {
  const said = [0, 59, 720, 3600, 2 * 3600 + 14 * 60 + 59, 3 * 86_400 + 4 * 3600 + 1800, 86_400].map(spanText);
  assert.deepEqual(said, ["0 s", "59 s", "12 min", "1 h", "2 h 14 min", "3 d 4 h", "1 d"]);
});

test("a short span has tenths", () => {
  assert.deepEqual([96, 400, 999, 1800, 41_200].map(shortSpanText), ["96 ms", "0.4 s", "1 s", "1.8 s", "41 s"]);
});

test("memory, shares and counts have a unit and few digits", () => {
  assert.deepEqual([301.2, 1966, 8.44, Number.NaN].map(memoryText), ["301 MiB", "1.92 GiB", "8.4 MiB", "–"]);
  assert.deepEqual([0.42, 38.4, -1].map(percentText), ["0.4 %", "38 %", "–"]);
  assert.deepEqual([0, 999, 18_204, 1_234_567].map(countText), ["0", "999", "18,204", "1,234,567"]);
});

test("foreign text cannot turn the line around", () => {
  assert.equal(plain("a\u202eb\u001b[1m\n"), "a\\u{202e}b\\u{1b}[1m");
  assert.equal(plain("two\nlines"), "two\\u{a}lines");
});

test("a refusal says what, because of what, and what helps", () => {
  const error = { message: "cannot write", causes: ["No space left (os error 28)"], hint: "free some space" };
  assert.equal(refusalText(error), "cannot write: No space left. Free some space");
  assert.deepEqual(["ostler.toml:17: a list", "exit 1"].map(capitalised), ["ostler.toml:17: a list", "Exit 1"]);
});

test("a minute of another day has its date", () => {
  const now = new Date(2026, 2, 1, 14, 31);
  assert.equal(minuteText(new Date(2026, 2, 1, 9, 5).toISOString(), now), "09:05");
  assert.equal(minuteText(new Date(2026, 1, 28, 9, 5).toISOString(), now), "2026-02-28 09:05");
  assert.equal(minuteText("rubbish", now), "");
});
