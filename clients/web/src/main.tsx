/** The page from its first moment. */
import { render } from "preact";
import { refusalOf } from "./api";
import { App } from "./app";
import { StoreContext } from "./hooks";
import { codeOfAddress, signIn } from "./session";
import { Store } from "./store";
import { refusalText } from "./words";

async function begin(root: Element): Promise<void> {
  const store = new Store();
  window.addEventListener("popstate", () => {
    // Another code may be opened in a tab that is here already.
    if (location.hash.startsWith("#code=")) void connect(store);
    else store.follow();
  });
  render(
    <StoreContext.Provider value={store}>
      <App />
    </StoreContext.Provider>,
    root,
  );
  await connect(store);
}

/** Signs in if there is a code, and connects. */
async function connect(store: Store): Promise<void> {
  const code = codeOfAddress();
  if (code !== undefined) {
    try {
      await signIn({ code });
    } catch (error) {
      store.set({ link: { is: "signed-out", why: refusalText(refusalOf(error).error) } });
      return;
    }
  }
  store.connect();
}

const root = document.getElementById("app");
if (root) void begin(root);
