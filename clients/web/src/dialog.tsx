/** A question that must be answered first. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A modal dialog; Esc and a click beside it close it. Its focus goes back to where it was. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose} onClick={(event) => {
      if (event.target === dialog.current) onClose();
    }}>
      <div class="dialog">
        <h2 id="dialog-title">{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

type Question = { title: string; text: string; list?: readonly string[]; verb: string; onYes: () => void; onClose: () => void };

/** Asks before something that is not undone by a click. */
export function Confirm({ title, text, list, verb, onYes, onClose }: Question): JSX.Element {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      {list && list.length > 0 && <ol>{list.map((line) => <li key={line}>{line}</li>)}</ol>}
      <div class="dialog-end">
        <button type="button" autofocus onClick={onClose}>Cancel</button>
        <button type="button" class="primary" onClick={() => { onClose(); onYes(); }}>{verb}</button>
      </div>
    </Dialog>
  );
}
