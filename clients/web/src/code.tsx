/** Sentences with commands in them. */
import { Fragment } from "preact";
import type { JSX } from "preact";
import { plain } from "./words";

/** A sentence whose parts between backticks are commands. */
export function Sentence({ text }: { text: string }): JSX.Element {
  const parts = plain(text).split("`");
  // One that is not closed is no command.
  if (parts.length % 2 === 0) return <>{plain(text)}</>;
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : <Fragment key={at}>{part}</Fragment>))}</>;
}
