// Time courses by uPlot: linked cursors, values in words below, drag to enlarge.
import uPlot from "uplot";
import { colour, onTheme } from "./theme.js";

const BEND = 0.5; // days; below it the axis is nearly linear, above it logarithmic, as in the stills
const TICKS = [[0, "0"], [0.25, "6 h"], [1, "1"], [3, "3"], [7, "7"], [14, "14"], [28, "28"], [90, "90"], [365, "1 y"]];
const short = (value) => (value == null ? "–" : Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

function told(plot, panel, arms) {
  const pen = plot.ctx;
  pen.save();
  for (const [arm, day, mean, spread] of panel.points) {
    const index = arms.findIndex((one) => one.id === arm);
    const [x, y] = [plot.valToPos(day, "x", true), plot.valToPos(mean, "y", true)];
    const size = 5 * devicePixelRatio;
    pen.strokeStyle = colour("ink");
    pen.lineWidth = 1.4 * devicePixelRatio;
    pen.beginPath();
    if (spread) {
      pen.moveTo(x, plot.valToPos(mean - spread, "y", true));
      pen.lineTo(x, plot.valToPos(mean + spread, "y", true));
    }
    pen.stroke();
    pen.fillStyle = colour(`arm-${index % 6}`);
    pen.beginPath();
    if (index % 6 === 1) pen.rect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8);
    else if (index % 6 === 2) pen.moveTo(x, y - size * 1.2), pen.lineTo(x + size * 1.1, y + size * 0.8), pen.lineTo(x - size * 1.1, y + size * 0.8), pen.closePath();
    else pen.arc(x, y, size, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
  }
  pen.restore();
}

function marked(plot, day) {
  if (day == null) return;
  const x = plot.valToPos(day, "x", true);
  const pen = plot.ctx;
  pen.save();
  pen.strokeStyle = colour("dim");
  pen.lineWidth = 1;
  pen.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  pen.beginPath();
  pen.moveTo(x, plot.bbox.top);
  pen.lineTo(x, plot.bbox.top + plot.bbox.height);
  pen.stroke();
  pen.restore();
}

function options(panel, arms, width, readout, state) {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("dim"), font, ticks: { show: false } };
  const [series, bands] = [[{}], []];
  arms.forEach((_, index) => {
    const tone = colour(`arm-${index % 6}`);
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    series.push(edge, { stroke: tone, width: 2, points: { show: false } }, edge);
    bands.push({ series: [3 * index + 3, 3 * index + 1], fill: `${tone}26` });
  });
  return {
    width, height: 200, series, bands,
    legend: { show: false },
    cursor: { sync: { key: "courses" }, y: false, points: { size: 6 }, drag: { x: true, y: false } },
    scales: {
      x: { time: false, distr: 4, asinh: BEND, range: (_, low, high) => [low, high] },
      y: { range: (_, low, high) => {
        const told = panel.points.flatMap(([, , mean, spread]) => [mean - (spread ?? 0), mean + (spread ?? 0)]);
        const [least, most] = [Math.min(low, ...told), Math.max(high, ...told)];
        const room = 0.05 * (most - least || 1);
        return [least - room, most + room];
      } },
    },
    axes: [
      { ...axis, grid: { show: false }, splits: (plot) => TICKS.map(([day]) => day).filter((day) => day >= plot.scales.x.min - 1e-9 && day <= plot.scales.x.max * 1.001), values: (_, days) => days.map((day) => TICKS.find(([one]) => one === day)[1]), size: 26, filter: (_, splits) => splits },
      { ...axis, grid: { stroke: colour("line"), width: 1 }, size: 44, values: (_, values) => values.map(short) },
    ],
    hooks: {
      draw: [(plot) => told(plot, panel, arms), (plot) => marked(plot, state.day)],
      setCursor: [(plot) => {
        const at = plot.cursor.idx;
        readout.firstChild.hidden = at == null; // it stands in a line of its own, and leads to the table
        readout.firstChild.textContent = at == null ? "" : [`day ${short(plot.data[0][at])}`, ...arms.map((arm, index) => `${arm.label} ${short(plot.data[3 * index + 2][at])}`)].join(" · ");
      }],
    },
  };
}

export function wakeCourses(data) {
  if (!data) return;
  document.getElementById("courses-how").hidden = false;
  const state = { day: null };
  const plots = new Map();
  const draw = (figure) => {
    const panel = data.panels[figure.dataset.course];
    const live = figure.querySelector(".live");
    plots.get(figure)?.destroy();
    figure.querySelector(".still").hidden = true;
    live.hidden = false;
    figure.classList.add("awake");
    const columns = [data.days, ...data.arms.flatMap(({ id }) => panel.bands[id])];
    plots.set(figure, new uPlot(options(panel, data.arms, live.clientWidth, figure.querySelector(".readout"), state), columns, live));
    live.querySelector("canvas").setAttribute("role", "img");
    live.querySelector("canvas").setAttribute("aria-label", `${panel.title}, ${panel.unit}; the medians stand in the table below`);
  };
  const figures = [...document.querySelectorAll("figure[data-course]")];
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting && !plots.has(target)) draw(target);
  }, { rootMargin: "400px" });
  figures.forEach((figure) => seen.observe(figure));
  onTheme(() => plots.forEach((_, figure) => draw(figure)));
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    plots.forEach((plot, figure) => plot.setSize({ width: figure.clientWidth, height: 200 }));
  });
  addEventListener("angiosome:day", ({ detail }) => {
    state.day = detail;
    plots.forEach((plot) => plot.redraw(false));
  });
}
