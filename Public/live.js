// What every open page shows of the log as it moves: what needs you, in the title, the icon and, if
// you asked for it, on the desktop; and the import that runs. fresh.js does the rest of the page.

const bar = document.querySelector(".import");
const icon = document.querySelector("link[rel=icon]");
const icons = { calm: icon?.href, asking: icon && new URL(icon.dataset.attention, location.href).href };
const title = document.title;
let attention = null;
// The shared worker, or what stands in for it.
let port = null;
let source = null;

function takeAttention(now) {
  attention = now;
  document.title = now.total ? `(${now.total}) ${title}` : title;
  if (icon) icon.href = now.total ? icons.asking : icons.calm;
  notify();
}

function takeProgress(progress) {
  bar.hidden = !progress;
  if (!progress) return;
  bar.querySelector("progress").value = Math.round(progress.share * 1000);
  bar.querySelector("span").textContent = progress.words;
}

function take({ name, data }) {
  if (name === "claimed") return claims.shift()?.(data);
  if (name === "attention") takeAttention(data);
  if (name === "progress") takeProgress(data);
  document.dispatchEvent(new CustomEvent(`fleetlog:${name}`, { detail: data }));
}

// Notifications: off until asked for. Of all tabs one tells a thing, once: the shared worker gives
// it to whoever asks first, since what one tab stores another may read too late. What is stored
// serves the next time that the browser is started.

const asked = "fleetlog.notify";
const told = "fleetlog.told";
const canNotify = "Notification" in globalThis && isSecureContext;

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing asks again after it was closed.
  }
}

const isWanted = () => canNotify && kept(asked) === "on" && Notification.permission === "granted";

const claims = [];

function ask(keys) {
  return new Promise((resolve) => {
    claims.push(resolve);
    port.postMessage({ claim: keys });
  });
}

// Those of the items that nobody has told of yet; from now on they count as told.
async function claim(items) {
  const known = JSON.parse(kept(told) ?? "[]");
  const keys = items.map(({ key }) => key).filter((key) => !known.includes(key));
  if (!keys.length) return [];
  const { free, all } = port ? await ask(keys) : { free: keys, all: keys };
  keep(told, JSON.stringify([...new Set([...known, ...all])].slice(-2000)));
  return items.filter(({ key }) => free.includes(key));
}

async function notify() {
  if (!isWanted() || !attention?.items.length) return;
  for (const item of await claim(attention.items)) {
    const note = new Notification(`${item.who} ${item.why}`, {
      body: item.what, tag: `fleetlog-${item.key}`, icon: icons.asking,
    });
    note.addEventListener("click", () => {
      focus();
      location.href = item.url;
      note.close();
    });
  }
}

const toggle = document.querySelector("[data-notify]");

function showToggle() {
  const isOn = isWanted();
  toggle.setAttribute("aria-pressed", isOn);
  toggle.textContent = isOn ? "Notifications on" : "Notify me";
  toggle.title = isOn
    ? "A desktop notification for each new row, once; click to stop"
    : "Show a desktop notification for each new row";
}

async function switchNotifications() {
  if (isWanted()) {
    keep(asked, "off");
  } else if (await Notification.requestPermission() === "granted") {
    // What is on the screen needs no telling.
    if (attention) await claim(attention.items);
    keep(asked, "on");
  } else {
    toggle.textContent = "Your browser forbids it";
    return;
  }
  showToggle();
}

if (toggle && canNotify) {
  showToggle();
  toggle.addEventListener("click", switchNotifications);
  addEventListener("storage", ({ key }) => key === asked && showToggle());
}

// The connection that all tabs share; where the browser has no shared worker, or grants this page
// none, one of this tab's own as long as it is seen.

const reopenAfter = 3000;
let shares = Boolean(globalThis.SharedWorker);

function connectShared({ pulse, worker }) {
  const shared = new SharedWorker(worker, { name: "fleetlog" });
  shared.addEventListener("error", connectAlone);
  port = shared.port;
  port.onmessage = ({ data }) => (data.name === "refused" ? connectAlone() : take(data));
  port.postMessage({ url: new URL(pulse, location.href).href });
}

function connectAlone() {
  disconnect();
  shares = false;
  connect();
}

function connectOwn({ pulse }) {
  source = new EventSource(pulse);
  for (const name of ["revision", "attention", "progress"]) {
    source.addEventListener(name, ({ data }) => take({ name, data: JSON.parse(data) }));
  }
  // The browser reconnects by itself unless the server answered with an error.
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    setTimeout(connect, reopenAfter);
  });
}

// Nothing on this page moves: who looks at it must know.
function sayStill() {
  bar.hidden = false;
  bar.querySelector("progress").hidden = true;
  bar.querySelector("span").textContent = "This browser takes no news: reload to see what is new.";
}

function connect() {
  if (port || source) return;
  try {
    if (shares) return connectShared(bar.dataset);
  } catch {
    shares = false;
  }
  if (!globalThis.EventSource) sayStill();
  else if (!document.hidden) connectOwn(bar.dataset);
}

function disconnect() {
  port?.postMessage({});
  port?.close();
  source?.close();
  port = source = null;
  claims.splice(0).forEach((resolve) => resolve({ free: [], all: [] }));
}

if (bar?.dataset.pulse) {
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", connect);
  document.addEventListener("visibilitychange", () => {
    if (!shares) document.hidden ? disconnect() : connect();
  });
  connect();
}
