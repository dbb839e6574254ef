/** What components share. */
import { createContext } from "preact";
import type { RefObject } from "preact";
import { useCallback, useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { State, Store } from "./store";

/** The store of the page. */
export const StoreContext = createContext<Store | undefined>(undefined);

/** The store. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error("no store");
  return store;
}

/** The state, anew with each change. */
export function useAll(): State {
  const store = useStore();
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}

/** Whether somebody sees the page. */
export function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const look = (): void => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isVisible;
}

/** The present, to the second, while somebody sees the page. */
export function useNow(): Date {
  const isVisible = useVisible();
  const [now, setNow] = useState(new Date());
  useEffect(() => {
    if (!isVisible) return;
    setNow(new Date());
    const timer = setInterval(() => setNow(new Date()), 1000);
    return () => clearInterval(timer);
  }, [isVisible]);
  return now;
}

/** A list that shows its end until one scrolls up. */
export type Follow = {
  readonly list: RefObject<HTMLDivElement | null>;
  readonly isFollowing: boolean;
  readonly pausedAt: Date | undefined;
  readonly missed: number;
  readonly follow: () => void;
  readonly pause: () => void;
  readonly onScroll: () => void;
};

/** Pixels from the end that still count as the end. */
const NEAR = 12;

/** Follows a list that has had so many entries in all. */
export function useFollow(total: number): Follow {
  const list = useRef<HTMLDivElement>(null);
  const [paused, setPaused] = useState<{ at: Date; total: number } | undefined>();
  const last = useRef(0);
  const follow = useCallback(() => setPaused(undefined), []);
  const pause = useCallback(() => setPaused((known) => known ?? { at: new Date(), total }), [total]);
  const onScroll = useCallback(() => {
    const it = list.current;
    if (!it) return;
    const isAtEnd = it.scrollHeight - it.scrollTop - it.clientHeight <= NEAR;
    // Only upwards is somebody's wish; the list also moves when it grows.
    if (it.scrollTop < last.current && !isAtEnd) pause();
    else if (isAtEnd) follow();
    last.current = it.scrollTop;
  }, [pause, follow]);
  useLayoutEffect(() => {
    const it = list.current;
    if (it && !paused) {
      it.scrollTop = it.scrollHeight;
      last.current = it.scrollTop;
    }
  });
  return { list, isFollowing: !paused, pausedAt: paused?.at, missed: paused ? total - paused.total : 0, follow, pause, onScroll };
}
