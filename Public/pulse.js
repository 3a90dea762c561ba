// The one connection that all tabs of a browser share, as a SharedWorker: browsers allow six
// connections to a host, and people leave more tabs open than that. A worker rather than a tab that
// leads the others: no leader has to be chosen, and none is missing when its tab is closed.

const reopenAfter = 3000;
const tabs = new Set();
// What was said last of each kind; who comes later hears it at once.
const said = new Map();
// Keys of what a tab has taken upon itself to notify of: no other does.
const claimed = new Set();
let source = null;

function tell(message) {
  said.set(message.name, message);
  for (const tab of tabs) tab.postMessage(message);
}

function open(url) {
  source = new EventSource(url);
  for (const name of ["revision", "attention", "progress"]) {
    source.addEventListener(name, ({ data }) => tell({ name, data: JSON.parse(data) }));
  }
  // The browser reconnects by itself unless the server answered with an error.
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    setTimeout(() => tabs.size && !source && open(url), reopenAfter);
  });
}

function claim(keys, tab) {
  const free = keys.filter((key) => !claimed.has(key));
  for (const key of free) claimed.add(key);
  tab.postMessage({ name: "claimed", data: { free, all: [...claimed] } });
}

function leave(tab) {
  tabs.delete(tab);
  if (tabs.size) return;
  source?.close();
  source = null;
}

addEventListener("connect", ({ ports: [tab] }) => {
  tab.onmessage = ({ data }) => {
    if (data.claim) return claim(data.claim, tab);
    if (!data.url) return leave(tab);
    if (!globalThis.EventSource) return tab.postMessage({ name: "refused" });
    tabs.add(tab);
    if (!source) open(data.url);
    else for (const message of said.values()) tab.postMessage(message);
  };
});
