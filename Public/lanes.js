// What the lanes of a session cannot do as links: a stretch is chosen by drawing over it, and an
// entry and its place in the lanes light up together.

// A session that goes on is drawn anew, so the lanes are looked for when they are needed.
const lanes = () => document.querySelector(".lanes-pane svg");

function corners() {
  const scale = document.querySelector(".lanes-pane").dataset.scale;
  return scale.split(" ").map((corner) => {
    const [ms, place] = corner.split(":").map(Number);
    return { ms, place: place / 100 };
  });
}

// Idle time is cut short, so moments lie evenly only between two corners.
function momentAt(percent) {
  const scale = corners();
  const next = Math.max(1, scale.findIndex((corner) => corner.place >= percent));
  const [a, b] = [scale[next - 1], scale[next] ?? scale[next - 1]];
  const share = b.place > a.place ? (percent - a.place) / (b.place - a.place) : 0;
  return Math.round(a.ms + Math.min(1, Math.max(0, share)) * (b.ms - a.ms));
}

function placeOf(event) {
  const box = lanes().getBoundingClientRect();
  return Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100));
}

let brush = null;

function endBrush() {
  brush?.box.remove();
  brush = null;
}

function moveBrush(event) {
  if (!brush) return;
  const place = placeOf(event);
  if (Math.abs(event.clientX - brush.x) > 4) brush.isDrawn = true;
  brush.box.setAttribute("x", `${Math.min(place, brush.from)}%`);
  brush.box.setAttribute("width", `${brush.isDrawn ? Math.abs(place - brush.from) : 0}%`);
}

function takeBrush(event) {
  if (!brush?.isDrawn) return endBrush();
  const [from, to] = [brush.from, placeOf(event)].sort((a, b) => a - b).map(momentAt);
  // What a drawn stretch ends on is no click.
  addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
  const url = new URL(location.pathname, location.href);
  url.searchParams.set("from", from);
  url.searchParams.set("to", Math.max(to, from + 1));
  url.hash = "lanes";
  location.href = url;
}

const isInLanes = ({ target }) => target.closest?.(".lanes-pane svg");

document.addEventListener("dragstart", (event) => isInLanes(event) && event.preventDefault());
document.addEventListener("pointerdown", (event) => {
  if (!isInLanes(event) || event.button !== 0 || event.pointerType === "touch") return;
  const box = document.createElementNS(lanes().namespaceURI, "rect");
  box.setAttribute("class", "brush");
  box.setAttribute("height", "100%");
  lanes().append(box);
  brush = { box, from: placeOf(event), x: event.clientX, isDrawn: false };
});
addEventListener("pointermove", moveBrush);
addEventListener("pointerup", takeBrush);
addEventListener("pointercancel", endBrush);
addEventListener("keydown", (event) => event.key === "Escape" && endBrush());

let lit = [];

function light(...elements) {
  lit.forEach((element) => element.classList.remove("lit"));
  lit = elements.filter(Boolean);
  lit.forEach((element) => element.classList.add("lit"));
}

function lightEntry(entry) {
  const place = entry?.querySelector(":scope > a.bar")?.getAttribute("href");
  if (place) light(entry, document.querySelector(place));
  return Boolean(place);
}

document.addEventListener("pointerover", ({ target }) => {
  const bar = target.closest?.(".lanes a[href^='#e']");
  if (bar) light(document.querySelector(bar.getAttribute("href"))?.closest(".entry"));
  else if (!lightEntry(target.closest?.(".entry")) && lit.length) light();
});

// The browser marks its target only once it has scrolled there.
const lightTarget = () =>
  lightEntry(document.getElementById(location.hash.slice(1))?.closest(".entry"));
addEventListener("hashchange", lightTarget);
lightTarget();
