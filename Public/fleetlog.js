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

function timeText(date, form, now) {
  const age = now - date;
  if (form === "age" && age > -60_000 && age < 86_400_000) return ageText(age);
  if (form === "time") return clock.format(date);
  if (form === "day") return fullDate(date);
  if (form === "full") return `${fullDate(date)}, ${clock.format(date)}`;
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
    label.textContent = form === "date" ? fullDate(date) : day + time;
  }
}

const zone = document.querySelector(".zone");
if (zone) zone.textContent = `Times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
showTimes(document);
setInterval(() => showTimes(document, true), 5000);

// On a narrow screen the navigation scrolls sideways.
const here = document.querySelector(".side [aria-current]");
if (here) here.closest(".side").scrollLeft = here.offsetLeft - 96;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);
let cursor = null;
let prefix = "";

function moveCursor(step) {
  const list = rows();
  if (!list.length) return;
  const from = cursor ? list.indexOf(cursor) : -1;
  cursor?.classList.remove("at-cursor");
  cursor = list[Math.min(list.length - 1, Math.max(0, from + step))];
  cursor.classList.add("at-cursor");
  cursor.scrollIntoView({ block: "nearest" });
  cursor.querySelector("[data-open]")?.focus({ preventScroll: true });
}

const places = { o: "/", w: "/workers", g: "/graph", e: "/events", s: "/sessions" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.matches("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const wasPrefix = prefix;
  prefix = "";
  if (wasPrefix === "g" && places[event.key]) {
    location.href = places[event.key];
  } else if (event.key === "g") {
    prefix = "g";
  } else if (event.key === "j" || event.key === "k") {
    moveCursor(event.key === "j" ? 1 : -1);
  } else {
    const marked = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!marked) return;
    event.preventDefault();
    if (marked.matches("input")) {
      marked.focus();
      marked.select();
    } else {
      marked.click();
    }
  }
});
