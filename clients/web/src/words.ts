/** Numbers and foreign text in words, as the desktop window says them. */
import type { ApiError } from "./wire";

/** A span in at most two units: `4 s`, `12 min`, `2 h 14 min`, `3 d 4 h`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [Math.floor(whole / 60), Math.floor(whole / 3600), Math.floor(whole / 86_400)];
  if (minutes === 0) return `${whole} s`;
  if (hours === 0) return `${minutes} min`;
  const [large, small] = days === 0 ? [`${hours} h`, [minutes % 60, "min"]] : [`${days} d`, [hours % 24, "h"]];
  return small[0] === 0 ? large : `${large} ${small[0]} ${small[1]}`;
}

/** A short span with its tenths: `96 ms`, `0.4 s`, else as [`spanText`]. */
export function shortSpanText(milliseconds: number): string {
  if (milliseconds < 100) return `${Math.round(milliseconds)} ms`;
  if (milliseconds >= 10_000) return spanText(milliseconds / 1000);
  return `${(milliseconds / 1000).toFixed(1).replace(/\.0$/, "")} s`;
}

/** An amount of memory: `8.4 MiB`, `301 MiB`, `1.92 GiB`. */
export function memoryText(mebibytes: number): string {
  if (!Number.isFinite(mebibytes) || mebibytes < 0) return "–";
  if (mebibytes < 9.95) return `${mebibytes.toFixed(1)} MiB`;
  return mebibytes < 1023.5 ? `${mebibytes.toFixed(0)} MiB` : `${(mebibytes / 1024).toFixed(2)} GiB`;
}

/** A share of one core: `0.4 %`, `38 %`. */
export function percentText(percent: number): string {
  if (!Number.isFinite(percent) || percent < 0) return "–";
  return `${percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** A number with its thousands apart: `18,204`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Marks that turn a line around, and control characters but the tab. */
const UNSEEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Foreign text on one line; what cannot be seen is shown as an escape. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u{${char.codePointAt(0)?.toString(16) ?? ""}}`);
}

/** The same without spaces at its end. */
export function plain(text: string): string {
  return visible(text.trimEnd());
}

/** The first letter in upper case, unless it begins a path or the name of a file. */
export function capitalised(text: string): string {
  const word = (text.split(/\s/)[0] ?? "").replace(/[.:,]+$/, "");
  return /[./\\]/.test(word) ? text : text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Why it was not done: what, because of what, and what helps. */
export function refusalText(error: Pick<ApiError, "message" | "causes" | "hint">): string {
  const causes = (error.causes ?? []).filter((cause) => !error.message.includes(cause));
  const why = causes.map((cause) => `: ${cause.split(" (os error")[0] ?? cause}`).join("");
  return `${error.message}${why}${error.hint ? `. ${capitalised(error.hint)}` : ""}`;
}

/** `14:31:07`, in the zone of whoever looks. */
export function clockText(at: Date | string): string {
  const time = typeof at === "string" ? new Date(at) : at;
  const two = (number: number): string => String(number).padStart(2, "0");
  return Number.isNaN(time.getTime()) ? "–" : [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
}

/** `14:31`, and the day with it if it is another than today. */
export function minuteText(at: string, now: Date): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  const minute = clockText(time).slice(0, 5);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return time.toDateString() === now.toDateString() ? minute : `${day} ${minute}`;
}
