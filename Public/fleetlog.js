// What the server's HTML cannot do: the viewer's time zone, ages that tick, keys. Every page works
// without it.

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const shortClock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const dayAndMonth = (date) => `${date.getDate()} ${months[date.getMonth()]}`;
const fullDate = (date) => `${dayAndMonth(date)} ${date.getFullYear()}`;

function ageText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

function clockText(date, now) {
  if (date.toDateString() === now.toDateString()) return clock.format(date);
  const day = date.getFullYear() === now.getFullYear() ? dayAndMonth(date) : fullDate(date);
  return `${day} ${shortClock.format(date)}`;
}

// As it is called on that day: summer has another.
function zoneName(date) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(date);
  return parts.find(({ type }) => type === "timeZoneName").value;
}

function timeText(date, form, now) {
  const age = now - date;
  if (form === "age" && age > -60_000 && age < 86_400_000) return ageText(age);
  if (form === "time") return clock.format(date);
  if (form === "day") return fullDate(date);
  if (form === "full") return `${fullDate(date)}, ${clock.format(date)}`;
  if (form === "zoned") return `${fullDate(date)}, ${clock.format(date)} ${zoneName(date)}`;
  return clockText(date, now);
}

function showTimes(root, onlyAges = false) {
  const now = new Date();
  for (const element of root.querySelectorAll(onlyAges ? 'time[data-form="age"]' : "time")) {
    const text = timeText(new Date(element.dateTime), element.dataset.form, now);
    if (element.textContent !== text) element.textContent = text;
  }
  if (onlyAges) return;
  for (const label of root.querySelectorAll("text[data-ms]")) {
    const date = new Date(Number(label.dataset.ms));
    const form = label.dataset.form;
    const day = form === "day" ? `${dayAndMonth(date)} ` : "";
    const time = (form === "second" ? clock : shortClock).format(date);
    label.textContent = day + time;
  }
}

const zone = document.querySelector(".zone");
if (zone) zone.textContent = `Times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
showTimes(document);
setInterval(() => showTimes(document, true), 5000);
document.addEventListener("visibilitychange", () => showTimes(document, true));
document.addEventListener("fleetlog:shown", ({ detail }) => showTimes(detail));

// What the scripts that come later bring to life has its room from the beginning.
const canNotify = "Notification" in globalThis && isSecureContext;
for (const button of document.querySelectorAll(".follow")) {
  button.hidden = button.matches("[data-notify]") && !canNotify;
}

// On a narrow screen the navigation scrolls sideways.
const here = document.querySelector(".side [aria-current]");
if (here) here.closest(".side").scrollLeft = here.offsetLeft - 96;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);
// Rows may come and go, and the mark with them.
const marked = () => document.querySelector(".at-cursor");
let prefix = "";

function moveCursor(step) {
  const list = rows();
  if (!list.length) return;
  const from = list.indexOf(marked());
  marked()?.classList.remove("at-cursor");
  const cursor = list[Math.min(list.length - 1, Math.max(0, from + step))];
  cursor.classList.add("at-cursor");
  cursor.scrollIntoView({ block: "nearest" });
  cursor.querySelector("[data-open]")?.focus({ preventScroll: true });
}

// The help, made when it is asked for.
const keys = [
  ["j", "k", "down and up the list"],
  ["Enter", "open what is marked"],
  ["[", "]", "back and on: pages of a list, neighbours of an event"],
  ["/", "search"],
  ["d", "one or two lines a row, in the list of events"],
  ["f", "follow what is new, or pause"],
  ["g o", "overview"],
  ["g w", "workers"],
  ["g e", "events"],
  ["g g", "graph"],
  ["g s", "sessions"],
  ["g r", "runs"],
  ["Esc", "leave a field, a menu, this help"],
  ["?", "this help"],
];
let help = null;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function toggleHelp() {
  if (help) {
    help.remove();
    help = null;
    return;
  }
  const list = element("dl", { class: "panel" }, element("h2", {}, "Keys"));
  for (const [...words] of keys) {
    const meaning = words.pop();
    const names = words.flatMap((word) => word.split(" ")).map((name) => element("kbd", {}, name));
    list.append(element("dt", {}, ...names), element("dd", {}, meaning));
  }
  help = element("div", { class: "help", role: "dialog", "aria-label": "Keys" }, list);
  help.tabIndex = -1;
  help.addEventListener("click", toggleHelp);
  document.body.append(help);
  help.focus();
}

function escape() {
  if (help) return toggleHelp();
  const menu = document.querySelector(".menu[open]");
  if (menu) {
    menu.open = false;
    return;
  }
  marked()?.classList.remove("at-cursor");
  document.activeElement?.blur();
}

const places = {
  o: "/", w: "/workers", g: "/graph", e: "/events", s: "/sessions", r: "/runs",
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.matches("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const wasPrefix = prefix;
  prefix = "";
  if (event.key === "Escape") {
    escape();
  } else if (event.key === "?") {
    event.preventDefault();
    toggleHelp();
  } else if (help) {
    return;
  } else if (wasPrefix === "g" && places[event.key]) {
    location.href = places[event.key];
  } else if (event.key === "g") {
    prefix = "g";
  } else if (event.key === "j" || event.key === "k") {
    moveCursor(event.key === "j" ? 1 : -1);
  } else {
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) {
      target.focus();
      target.select();
    } else {
      target.click();
    }
  }
});

// Saved views: a name and an address each, in this browser alone, listed among the views.
const storeKey = "fleetlog.views";

function savedViews() {
  try {
    const views = JSON.parse(localStorage.getItem(storeKey) ?? "[]");
    // Whoever wrote them: an address of another place is no view.
    return views.filter(({ name, url }) => typeof name === "string" && /^\/(?!\/)/.test(url));
  } catch {
    return [];
  }
}

function keepViews(views) {
  try {
    localStorage.setItem(storeKey, JSON.stringify(views));
  } catch {
    // A browser that keeps nothing shows the views until the page is left.
  }
  listViews(views);
}

function listViews(views) {
  document.querySelector(".group[data-saved]")?.remove();
  if (!views.length) return;
  const group = element("div", { class: "group", "data-saved": "" },
    element("span", { class: "label" }, "Saved"));
  const here = location.pathname + location.search;
  for (const view of views) {
    const link = element("a", { href: view.url, title: view.name }, element("span", {}, view.name));
    if (view.url === here) link.setAttribute("aria-current", "page");
    const forget = element("button", { type: "button", "aria-label": `Forget ${view.name}` }, "×");
    forget.addEventListener("click", () =>
      keepViews(savedViews().filter(({ name }) => name !== view.name)));
    group.append(element("div", { class: "saved" }, link, forget));
  }
  document.querySelectorAll(".side .group")[1]?.after(group);
}

const save = document.querySelector(".menu[data-save]");
if (save) {
  save.hidden = false;
  const input = save.querySelector("input");
  const keep = () => {
    const name = input.value.trim();
    if (!name) return;
    const url = location.pathname + location.search;
    keepViews([...savedViews().filter((view) => view.name !== name), { name, url }]);
    input.value = "";
    save.open = false;
  };
  save.addEventListener("toggle", () => save.open && input.focus());
  save.querySelector("button").addEventListener("click", keep);
  input.addEventListener("keydown", (event) => event.key === "Enter" && keep());
}
listViews(savedViews());

// Copying: what stands beside the button, or what its address answers.
for (const button of document.querySelectorAll("[data-copy], [data-copy-url]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const { copyUrl } = button.dataset;
    try {
      const text = copyUrl
        ? await (await fetch(copyUrl)).text()
        : button.parentElement.querySelector("code").textContent;
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}
