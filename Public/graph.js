// What the drawing of the links cannot do as links: what hangs together with the event that is
// pointed at stands out from the rest.

const graph = document.querySelector("svg.graph");

function near(name) {
  const edges = [...graph.querySelectorAll(".edge")]
    .filter(({ dataset }) => dataset.from === name || dataset.to === name);
  const names = new Set([name, ...edges.flatMap(({ dataset }) => [dataset.from, dataset.to])]);
  return [...edges, ...[...graph.querySelectorAll("[data-node]")]
    .filter(({ dataset }) => names.has(dataset.node))];
}

function point({ target }) {
  const name = target.closest?.("[data-node]")?.dataset.node;
  graph.querySelectorAll(".near").forEach((element) => element.classList.remove("near"));
  graph.classList.toggle("pointed", Boolean(name));
  if (name) near(name).forEach((element) => element.classList.add("near"));
}

for (const name of ["pointerover", "focusin"]) graph?.addEventListener(name, point);
graph?.addEventListener("pointerleave", point);
