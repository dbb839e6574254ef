/** What concerns everything: one line, as long as its cause lasts. And what went wrong with a wish of this page. */
import type { JSX } from "preact";
import { Sentence } from "./code";
import { Glyph } from "./glyph";
import { useStore } from "./hooks";
import { restartsOf } from "./rows";
import type { Moment } from "./rows";
import type { Note, State } from "./store";
import { capitalised, plain, spanText } from "./words";

export function BannerBar({ state, moment }: { state: State; moment: Moment }): JSX.Element | null {
  const store = useStore();
  const { link, snapshot, at } = state;
  if (link.is === "lost" && (moment.isStale || !snapshot)) {
    const age = at ? `showing ${moment.at}, ${spanText((moment.now.getTime() - at.getTime()) / 1000)} old; buttons are off` : capitalised(link.why);
    return (
      <div class="banner lost" role="alert">
        <Glyph name="state-unknown" />
        <p><strong>Engine does not answer</strong> {age}</p>
        <button class="small" type="button" onClick={() => store.tryNow()}>Try now</button>
      </div>
    );
  }
  const restarts = snapshot && restartsOf(snapshot);
  const banner = snapshot?.banner?.[0] ?? (restarts === undefined ? undefined : { kind: "working", subject: restarts, text: "" } as const);
  if (!banner) return null;
  const { kind, subject, text } = banner;
  const look = kind === "config_refused" ? "warn" : "busy";
  const glyph = kind === "config_refused" ? "state-degraded" : "state-starting";
  return (
    <div class={`banner ${look}`} role={kind === "config_refused" ? "alert" : "status"}>
      <Glyph name={glyph} />
      <p><strong>{plain(subject)}</strong> {plain(text)}</p>
    </div>
  );
}

export function NoteBar({ note }: { note: Note | undefined }): JSX.Element | null {
  const store = useStore();
  if (!note) return null;
  return (
    <div class="banner fail" role="alert" key={note.id}>
      <Glyph name="state-failed" />
      <p><strong>{plain(note.title)}</strong> <Sentence text={note.text} /></p>
      <button class="icon" type="button" aria-label="Close this message" onClick={() => store.set({ note: undefined })}>
        <Glyph name="action-close" />
      </button>
    </div>
  );
}
