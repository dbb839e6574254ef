// Shows what the server tells over its WebSocket. It asks for nothing; when the connection is lost it comes back and
// goes on where it was.

const SHOWN_MAX = 200;
const WORDS = {
  connected: "Connected: events appear as they happen.",
  connecting: "The supervisor is being connected to…",
  waiting: "The supervisor is not there; it is tried again.",
  lost: "This server is not there; it is tried again.",
};

const state = document.querySelector("#state");
const list = document.querySelector("#events");
let last;
let tries = 0;

function connect() {
  const query = last ? `?last_event_id=${encodeURIComponent(last)}` : "";
  const socket = new WebSocket(`ws://${location.host}/ws${query}`);
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  socket.addEventListener("close", () => {
    turn("lost");
    const wait = Math.min(500 * 2 ** tries, 10_000);
    tries += 1;
    setTimeout(connect, wait * (0.8 + 0.4 * Math.random()));
  });
}

function hear(message) {
  tries = 0;
  if (message.type === "state") turn(message.state);
  if (message.type === "mcp_event") show(message.data);
}

function turn(name) {
  state.dataset.state = name;
  state.textContent = WORDS[name] ?? name;
}

function show(event) {
  last = event.id;
  document.querySelector("#empty").hidden = true;
  const item = document.createElement("li");
  const { event_type: type, ...rest } = event.data;
  item.dataset.id = event.id;
  item.dataset.source = event.source;
  if (event.source_id) item.dataset.sourceId = event.source_id;
  const part = (tag, name, text) => {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    item.append(element, " ");
  };
  part("time", "at", new Date(event.at).toLocaleTimeString());
  part("strong", "type", type);
  part("span", "source", event.source);
  part("code", "data", JSON.stringify(rest));
  list.prepend(item);
  while (list.children.length > SHOWN_MAX) list.lastElementChild.remove();
}

connect();
