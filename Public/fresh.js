// A page that keeps up with the log: it is asked for anew when the log has moved, and what differs
// is put in place. Rows keep their elements, and nothing changes under a pointer that moves, a
// selection, or the cursor of the keys. Since the page itself is asked for, what was missed while
// the server was away is there too, and nothing is there twice.

const main = document.querySelector("main[data-live]");
const { live: manner, measure, probe } = main.dataset;
const button = main.querySelector("[data-follow]");
const storeKey = `fleetlog.follow ${location.pathname}`;
const readingFor = 5000;

let shown = Number(main.dataset.revision);
let newest = shown;
let probed = null;
let pending = null;
let isAsking = false;
let earliest = 0;
let timer = 0;

// What is being read: where the pointer or a key moved last.

let reading = { place: null, until: 0 };
for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) {
  addEventListener(name, ({ target }) => {
    reading = { place: target, until: Date.now() + readingFor };
  }, { passive: true });
}

function isRead(element) {
  const selection = getSelection();
  if (!selection.isCollapsed && element.contains(selection.anchorNode)) return true;
  return Date.now() < reading.until && reading.place instanceof Element
    && element.contains(reading.place);
}

// Putting in place.

// What stands there apart from what moves by itself: ages, the marks of keys and pointer.
function essence(element) {
  const copy = element.cloneNode(true);
  for (const time of copy.querySelectorAll("time, text[data-ms]")) time.textContent = "";
  for (const each of [copy, ...copy.querySelectorAll(".at-cursor, .arrived, .lit, details")]) {
    each.classList.remove("at-cursor", "arrived", "lit");
    if (!each.classList.length) each.removeAttribute("class");
    if (each.localName === "details") each.removeAttribute("open");
  }
  return copy.outerHTML.replace(/\s+/g, " ");
}

const rowKey = (row) => row.querySelector("[data-open]")?.getAttribute("href");
const isList = (element) => Boolean(element.querySelector(":scope > [data-row]"));
// What one types into, has opened or has pressed stays as it is.
const isKept = "form, .menu, [data-follow], [data-notify]";

function bring(element) {
  const made = document.importNode(element, true);
  document.dispatchEvent(new CustomEvent("fleetlog:shown", { detail: made }));
  return made;
}

// What was unfolded stays so.
function exchange(now, then) {
  const made = bring(then);
  const folds = [...now.querySelectorAll("details")].map((fold) => [text(fold), fold.open]);
  const states = new Map(folds);
  for (const fold of made.querySelectorAll("details")) fold.open = states.get(text(fold)) ?? fold.open;
  if (now.matches(".at-cursor")) made.classList.add("at-cursor");
  now.replaceWith(made);
  return made;
}

const text = (fold) => fold.querySelector("summary")?.textContent;

function mergeRows(now, then) {
  const key = (row) => rowKey(row) ?? essence(row);
  const rows = new Map([...now.children].map((row) => [key(row), row]));
  // Rows that can't be told apart are shown anew, all of them.
  if (rows.size < now.children.length) return exchange(now, then);
  let place = now.firstElementChild;
  for (const next of then.children) {
    let row = rows.get(key(next));
    rows.delete(key(next));
    if (!row) {
      row = bring(next);
      row.classList.add("arrived");
    } else if (essence(row) !== essence(next)) {
      const isHere = place === row;
      row = exchange(row, next);
      if (isHere) place = row;
    }
    if (row === place) place = place.nextElementSibling;
    else now.insertBefore(row, place);
  }
  for (const row of rows.values()) row.remove();
  return now;
}

// Puts the one in place of the other, or parts of it; returns what stands there then.
function merge(now, then) {
  if (now.matches(isKept) || essence(now) === essence(then)) return now;
  if (isList(now) && isList(then)) return mergeRows(now, then);
  if (!now.querySelector(`${isKept}, [data-row]`)) return exchange(now, then);
  mergeParts(now, then, () => false);
  return now;
}

// The parts of an element by what they are: one that comes or goes does so alone.
function partsOf(element) {
  const parts = new Map();
  for (const part of element.children) {
    let key = part.localName + (part.getAttribute("aria-labelledby") ?? part.classList[0] ?? "");
    while (parts.has(key)) key += "+";
    parts.set(key, part);
  }
  return parts;
}

// Whether all of it could be put in place: what is held stays as it is.
function mergeParts(now, then, isHeld) {
  const parts = partsOf(now);
  let isWhole = true;
  let place = null;
  for (const [key, next] of partsOf(then)) {
    let part = parts.get(key);
    parts.delete(key);
    if (!part) {
      part = bring(next);
      if (place) place.after(part);
      else now.prepend(part);
    } else if (isHeld(part) && essence(part) !== essence(next)) isWhole = false;
    else part = merge(part, next);
    place = part;
  }
  for (const part of parts.values()) {
    if (isHeld(part)) isWhole = false;
    else part.remove();
  }
  return isWhole;
}

// What is new.

const entries = (root) => [...root.querySelectorAll("[data-row]")].map(rowKey).filter(Boolean);

function news(page) {
  const known = new Set(entries(main));
  const all = entries(page);
  const unknown = all.filter((key) => !known.has(key));
  return { count: unknown.length, isAll: unknown.length === all.length, first: unknown[0] };
}

function announce(page) {
  const link = main.querySelector(".new-events a");
  const { count, isAll } = news(page);
  if (!link || !count) return;
  const words = `${count}${isAll && count > 1 ? " or more" : ""} new ${count === 1 ? "event" : "events"}`;
  // A screen reader reads every change aloud.
  if (link.textContent !== words) link.textContent = words;
  link.hidden = false;
  const [total, then] = [main, page].map((each) => each.querySelector(".sub[data-count]"));
  if (total && then) total.textContent = then.textContent;
}

function put() {
  if (mergeParts(main, pending, isRead)) pending = null;
}

// Following: what is new comes in by itself, at the end that it belongs to, while that is in sight.

const isTranscript = Boolean(main.querySelector(".panel.transcript"));
let isFollowing = false;

function atEnd() {
  const root = document.documentElement;
  return isTranscript ? root.scrollHeight - scrollY - innerHeight < 160 : scrollY < 160;
}

function toEnd() {
  const root = document.documentElement;
  scrollTo({ top: isTranscript ? root.scrollHeight : 0, behavior: "instant" });
}

function react() {
  if (!pending) return;
  if (manner === "quiet") return put();
  if (!isFollowing || !atEnd()) return announce(pending);
  put();
  if (isTranscript && !leadOn()) toEnd();
}

// Where the page is full, the transcript goes on on another. Whether it does.
function leadOn() {
  const { latest } = main.dataset;
  const goesOn = latest && main.querySelector(".pager [rel=next]")
    && !latest.startsWith(location.pathname + location.search + "#");
  if (goesOn) location.replace(latest);
  return goesOn;
}

function follow(isOn) {
  isFollowing = isOn;
  sessionStorage.setItem(storeKey, isOn ? "on" : "off");
  button.setAttribute("aria-pressed", isOn);
  button.textContent = isOn ? "Pause" : "Follow";
  button.title = isOn ? "New events come in by themselves; click to count them only"
    : "Let new events come in by themselves";
  if (!isOn) return;
  if (isTranscript && leadOn()) return;
  toEnd();
  reading.until = 0;
  react();
}

if (button) {
  button.addEventListener("click", () => follow(!isFollowing));
  follow(sessionStorage.getItem(storeKey) === "on");
}

main.addEventListener("click", (event) => {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!pending || !isPlain || !event.target.closest(".new-events a")) return;
  event.preventDefault();
  const { first } = news(pending);
  reading.until = 0;
  getSelection().removeAllRanges();
  put();
  if (!isTranscript) return toEnd();
  const row = [...main.querySelectorAll("[data-row]")].find((each) => rowKey(each) === first);
  row?.scrollIntoView({ block: "center" });
});

// Asking.

async function isUnmoved() {
  if (!probe) return false;
  const answer = await (await fetch(probe)).text();
  const isSame = answer === probed;
  probed = answer;
  return isSame;
}

async function ask() {
  if (isAsking || document.hidden || newest <= shown) return;
  isAsking = true;
  const goal = newest;
  const begin = performance.now();
  try {
    if (!await isUnmoved()) {
      const answer = await fetch(location.pathname + location.search);
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html")
        .querySelector("main");
      pending = page;
      if (page.dataset.latest) main.dataset.latest = page.dataset.latest;
      shown = Math.max(goal, Number(page.dataset.revision));
      react();
    } else shown = goal;
  } catch {
    // The server is away, or the page is gone: the next move of the log asks again.
    probed = null;
  }
  isAsking = false;
  // A page that takes long is asked for seldom.
  earliest = Date.now() + Math.max(1000, 10 * (performance.now() - begin));
  if (newest > shown) plan();
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(ask, Math.max(50, earliest - Date.now()));
}

document.addEventListener("fleetlog:revision", ({ detail }) => {
  newest = Math.max(newest, detail[measure]);
  if (newest > shown && !isAsking) plan();
});
document.addEventListener("visibilitychange", () => !document.hidden && newest > shown && plan());
// What was held back while somebody read there.
setInterval(() => pending && (manner === "quiet" || isFollowing) && react(), 2000);
