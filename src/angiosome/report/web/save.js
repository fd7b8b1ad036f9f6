// Take away: each figure as SVG or PNG, each table as CSV, the references as BibTeX.
import figureStyle from "./figure.css";

const COLOURS = ["ink", "dim", "line", "page", "shade", "arm-0", "arm-1", "arm-2", "arm-3", "arm-4", "arm-5"];
const LIGHT = {
  ink: "#1c2024", dim: "#5c636b", line: "#d9dcdf", page: "#fdfdfc", shade: "#eef3f7",
  "arm-0": "#5b6470", "arm-1": "#0072b2", "arm-2": "#c44f00", "arm-3": "#00805d", "arm-4": "#a8468a", "arm-5": "#8a6a00",
};

const fileName = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

/** Hand a file to the reader. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const make = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** What stands around a figure in the page, drawn into its copy: title above, key below. */
function framed(figure, copy) {
  const [, , width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
  const key = figure.querySelector(".key") ?? figure.closest("section").querySelector(":scope > .key");
  const lines = key ? [...key.children] : [];
  const above = figure.dataset.title ? 24 : 0;
  const whole = above + height + 18 * lines.length + (lines.length ? 8 : 0);
  const body = make("g", { transform: `translate(0 ${above})` }, ...copy.childNodes);
  copy.append(body);
  if (above) copy.append(make("text", { x: 4, y: 16, class: "step" }, figure.dataset.title));
  lines.forEach((line, index) => {
    const y = above + height + 6 + 18 * index;
    const mark = make("g", { transform: `translate(4 ${y})` }, ...line.querySelector("svg").cloneNode(true).childNodes);
    copy.append(mark, make("text", { x: 24, y: y + 11, class: "label" }, line.textContent.trim()));
  });
  copy.setAttribute("viewBox", `0 0 ${width} ${whole}`);
  copy.setAttribute("height", whole);
}

/** The figure that is on show, as a file of its own: with its styles, on white, in light colours. */
export function standalone(figure) {
  const all = [...figure.querySelectorAll("svg.chart")];
  const copy = (all.find((svg) => svg.clientWidth) ?? all[0]).cloneNode(true);
  for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.querySelectorAll(":scope > :not(title)")); // the records stay behind
  copy.setAttribute("role", "img");
  framed(figure, copy);
  const colours = COLOURS.map((name) => `--${name}:${LIGHT[name]}`).join(";");
  copy.prepend(make("style", {}, `svg{${colours};--sans:Helvetica,Arial,"Liberation Sans",sans-serif;background:#fff}${figureStyle}`));
  return new XMLSerializer().serializeToString(copy);
}

/** The same picture as PNG, three pixels for one. */
export async function picture(figure) {
  const text = standalone(figure);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [3 * image.naturalWidth, 3 * image.naturalHeight];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function buttons(place, what, actions) {
  const row = document.createElement("span");
  row.className = "save";
  for (const [label, act] of actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", `Save ${what} as ${label}`);
    button.addEventListener("click", act);
    row.append(button);
  }
  place.append(row);
}

export function wakeSaving(tables) {
  for (const figure of document.querySelectorAll("figure[data-figure]")) {
    const name = figure.dataset.figure;
    const place = figure.querySelector("figcaption") ?? figure.querySelector(".readout") ?? figure;
    buttons(place, name, [
      ["SVG", () => save(new Blob([standalone(figure)], { type: "image/svg+xml" }), `${fileName(name)}.svg`)],
      ["PNG", async () => save(await picture(figure), `${fileName(name)}.png`)],
    ]);
  }
  for (const table of document.querySelectorAll("table[data-table]")) {
    const name = table.dataset.table;
    if (!tables?.[name]) continue;
    const bar = document.createElement("p");
    bar.className = "bar";
    ((table.id === "outcomes" && document.querySelector(".findings")) || table.closest(".scroll")).after(bar);
    buttons(bar, `table ${name}`, [["CSV", () => save(new Blob([tables[name]], { type: "text/csv" }), `${fileName(name)}.csv`)]]);
  }
  for (const part of document.querySelectorAll("[data-save]")) {
    const bar = document.createElement("p");
    bar.className = "bar";
    part.after(bar);
    buttons(bar, "references", [["BibTeX", () => save(new Blob([part.textContent], { type: "text/plain" }), part.dataset.save)]]);
  }
}
