/** The drawings of the project; their colour is that of the text. */
import { h } from "preact";
import type { JSX } from "preact";
import shapes from "glyphs:state-running,state-starting,state-stopping,state-degraded,state-backoff,state-failed,state-stopped,state-completed,state-disabled,state-unknown,state-idle,tray-ok,tray-busy,tray-degraded,tray-failed,tray-stopped,tray-no-engine,action-open,action-restart,action-start,action-stop,action-close,action-back,action-filter,action-search,action-menu,action-follow,action-wrap,action-chevron-down,action-chevron-right,action-copy,action-info";

/** A drawing by its file's name. Readers skip it: the word beside it speaks. */
export function Glyph({ name, size = 16, look }: { name: string; size?: number; look?: string | undefined }): JSX.Element {
  const drawn = (shapes[name] ?? []).map(([tag, attributes]) => h(tag, { ...attributes, key: attributes["d"] ?? tag }));
  return (
    <svg class={`glyph ${look ?? ""}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {drawn}
    </svg>
  );
}
