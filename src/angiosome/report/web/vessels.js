// The vessels of one subject in three dimensions, one view per arm, one camera for all.
import {
  AmbientLight, Color, CylinderGeometry, DataTexture, DirectionalLight, InstancedMesh, LinearFilter, Matrix4, Mesh,
  MeshBasicMaterial, MeshLambertMaterial, PerspectiveCamera, PlaneGeometry, Quaternion, RGBAFormat, SRGBColorSpace,
  Scene, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { save } from "./save.js";
import { colour, onTheme } from "./theme.js";

const UP = new Vector3(0, 1, 0);
const PALETTE = { "new, carries blood": "#d9a400", "new, does not": "#7d6a2d", "old, carries blood": "#d4502a", "old, does not": "#6c7075" };
const WARM = ["#2b1a4a", "#6f2a6b", "#b8435c", "#ea7a45", "#ffd57a"]; // dark to light, for vessels on a blue field

function unpack(data) {
  const bytes = Uint8Array.from(atob(data.data), (letter) => letter.charCodeAt(0));
  const steps = new Uint16Array(bytes.buffer);
  return ([start, count], low, high) => Float32Array.from(steps.subarray(start, start + count), (step) => low + (step / 65535) * (high - low));
}

function mixed(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return new Color(stops[low]).lerp(new Color(stops[low + 1]), at - low);
}

/** One arm: its scene, and what to do to show a frame. */
function arm(data, frames, read) {
  const scene = new Scene();
  scene.add(new AmbientLight("#ffffff", 1.5));
  const sun = new DirectionalLight("#ffffff", 2.2);
  sun.position.set(0.4, 0.5, 1);
  scene.add(sun);
  const most = Math.max(...frames.map((frame) => frame.new[1]), 1);
  const tubes = new InstancedMesh(new CylinderGeometry(1, 1, 1, 10, 1), new MeshLambertMaterial(), most);
  tubes.frustumCulled = false;
  scene.add(tubes);
  const [columns, rows] = data.grid;
  const texture = new DataTexture(new Uint8Array(4 * columns * rows), columns, rows, RGBAFormat);
  texture.magFilter = LinearFilter;
  texture.colorSpace = SRGBColorSpace;
  const [width, height] = data.size;
  const field = new Mesh(new PlaneGeometry(width, height), new MeshBasicMaterial({ map: texture }));
  field.position.set(width / 2, height / 2, data.low[2] - 8);
  scene.add(field);
  const ramp = data.ramp.map(([r, g, b]) => new Color().setRGB(r / 255, g / 255, b / 255, SRGBColorSpace));
  const quantity = (name) => data.quantities.find((one) => one.name === name);
  return {
    scene, field,
    show(index, by) {
      const frame = frames[index];
      const [x, y, z] = ["x", "y", "z"].map((key, i) => read(frame[key], data.low[i], data.high[i]));
      const [fresh, open] = [read(frame.new, 0, 1), read(frame.open, 0, 1)];
      const wide = quantity("diameter_um") && read(frame.values.diameter_um, ...quantity("diameter_um").ends);
      const shown = quantity(by);
      const values = shown && read(frame.values[by], 0, 1);
      const [place, turn, size] = [new Vector3(), new Quaternion(), new Vector3()];
      const [a, b, along] = [new Vector3(), new Vector3(), new Vector3()];
      tubes.count = fresh.length;
      for (let i = 0; i < fresh.length; i += 1) {
        a.set(x[2 * i], y[2 * i], z[2 * i]);
        b.set(x[2 * i + 1], y[2 * i + 1], z[2 * i + 1]);
        along.subVectors(b, a);
        const length = Math.max(along.length(), 1e-3);
        turn.setFromUnitVectors(UP, along.divideScalar(length));
        const radius = (wide ? wide[i] : 6) / 2;
        tubes.setMatrixAt(i, new Matrix4().compose(place.addVectors(a, b).multiplyScalar(0.5), turn, size.set(radius, length + radius * 0.6, radius)));
        const kind = `${fresh[i] ? "new" : "old"}, ${open[i] ? "carries blood" : "does not"}`;
        tubes.setColorAt(i, values ? mixed(WARM, values[i]) : new Color(PALETTE[kind]));
      }
      tubes.instanceMatrix.needsUpdate = true;
      if (tubes.instanceColor) tubes.instanceColor.needsUpdate = true;
      read(frame.field, 0, 1).forEach((share, i) => {
        const tone = mixed(ramp, share).clone();
        const [r, g, blue] = tone.convertLinearToSRGB().toArray();
        texture.image.data.set([255 * r, 255 * g, 255 * blue, 255], 4 * i);
      });
      texture.needsUpdate = true;
    },
  };
}

function legend(data, by) {
  const place = document.getElementById("view-legend");
  place.replaceChildren();
  const add = (...parts) => {
    const item = document.createElement("span");
    item.append(...parts);
    place.append(item);
  };
  const bar = (background, spot) => {
    const mark = document.createElement("i");
    mark.style.background = background;
    if (spot) mark.className = "spot";
    return mark;
  };
  const short = (value) => String(Number(value.toPrecision(2)));
  const shown = data.quantities.find((one) => one.name === by);
  if (shown) add(`${shown.label} ${short(shown.ends[0])}`, bar(`linear-gradient(90deg, ${WARM.join(",")})`), `${short(shown.ends[1])} ${shown.unit}`);
  else for (const [kind, tone] of Object.entries(PALETTE)) add(bar(tone, true), kind);
  const blues = data.ramp.map(([r, g, b]) => `rgb(${r} ${g} ${b})`).join(",");
  add(`tissue oxygen ${data.oxygen[0]}`, bar(`linear-gradient(90deg, ${blues})`), `${data.oxygen[1]} mmHg`);
}

export function wakeVessels(data) {
  if (!data) return;
  const [view, canvas] = [document.getElementById("view"), document.getElementById("view-canvas")];
  let renderer;
  try {
    renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  } catch {
    document.getElementById("view-none").hidden = false;
    return;
  }
  view.hidden = false;
  const read = unpack(data);
  const arms = data.arms.map(({ frames }) => arm(data, frames, read));
  const days = data.arms[0].frames.map(({ day }) => day);
  const [width, height] = data.size;
  const camera = new PerspectiveCamera(32, 1, 10, 20 * Math.max(width, height));
  const controls = new OrbitControls(camera, canvas);
  controls.enableDamping = false;
  controls.listenToKeyEvents(canvas);
  controls.enableZoom = false; // the wheel scrolls the page; plus and minus zoom
  const labels = document.getElementById("view-labels");
  const state = { columns: 1, cell: [1, 1], waiting: false };

  const draw = () => {
    state.waiting = false;
    renderer.setScissorTest(true);
    renderer.setClearColor(colour("stage"), 1);
    const total = canvas.clientHeight;
    arms.forEach(({ scene }, index) => {
      const [w, h] = state.cell;
      const [x, row] = [(index % state.columns) * w, Math.floor(index / state.columns)];
      renderer.setViewport(x, total - (row + 1) * h, w, h);
      renderer.setScissor(x, total - (row + 1) * h, w, h);
      renderer.render(scene, camera);
    });
  };
  const redraw = () => {
    if (!state.waiting) requestAnimationFrame(draw);
    state.waiting = true;
  };
  const home = () => {
    const middle = new Vector3(width / 2, height / 2, (data.low[2] + data.high[2]) / 2);
    const far = Math.max((height * 0.74) / Math.tan((camera.fov * Math.PI) / 360), (width * 0.63) / Math.tan((camera.fov * Math.PI) / 360) / camera.aspect);
    controls.target.copy(middle);
    camera.position.copy(middle).add(new Vector3(-0.22, -0.42, 0.88).normalize().multiplyScalar(far));
    controls.update();
    redraw();
  };
  const fit = () => {
    const across = canvas.parentElement.clientWidth;
    state.columns = across < 620 ? 1 : Math.min(arms.length, 3);
    const rows = Math.ceil(arms.length / state.columns);
    state.cell = [across / state.columns, state.columns === 1 ? across * 0.56 : Math.min((across / state.columns) * 0.8, 380)];
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(across, state.cell[1] * rows, false);
    canvas.style.height = `${state.cell[1] * rows}px`;
    camera.aspect = state.cell[0] / state.cell[1];
    camera.updateProjectionMatrix();
    labels.replaceChildren(...data.arms.map(({ label }, index) => {
      const name = document.createElement("span");
      name.textContent = label;
      name.style.left = `${(index % state.columns) * state.cell[0]}px`;
      name.style.top = `${Math.floor(index / state.columns) * state.cell[1]}px`;
      return name;
    }));
    home();
  };
  const slider = document.getElementById("view-day");
  const choice = document.getElementById("view-colour");
  const show = () => {
    const index = Number(slider.value);
    arms.forEach((one) => one.show(Math.min(index, data.arms[0].frames.length - 1), choice.value));
    const words = `day ${Number(days[index].toPrecision(3))}`;
    document.getElementById("view-day-text").textContent = words;
    slider.setAttribute("aria-valuetext", words);
    legend(data, choice.value);
    dispatchEvent(new CustomEvent("angiosome:day", { detail: days[index] }));
    redraw();
  };
  choice.append(new Option("new or old", "kind"), ...data.quantities.map(({ name, label }) => new Option(label, name)));
  slider.max = days.length - 1;
  slider.value = days.filter((day) => day <= 7).length - 1; // vessels have grown by then, if they do
  slider.addEventListener("input", show);
  choice.addEventListener("change", show);
  controls.addEventListener("change", redraw);
  document.getElementById("view-field").addEventListener("change", ({ target }) => {
    arms.forEach(({ field }) => (field.visible = target.checked));
    redraw();
  });
  document.getElementById("view-reset").addEventListener("click", home);
  document.getElementById("view-save").addEventListener("click", () => {
    draw(); // what was drawn is gone after it was shown: draw and read in one go
    canvas.toBlob((blob) => save(blob, "vessels.png"), "image/png");
  });
  canvas.addEventListener("keydown", (event) => {
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const step = { "+": 0.87, "=": 0.87, "-": 1.15 }[event.key];
    if (!turn && !step) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const reach = camera.position.clone().sub(controls.target);
    if (step) reach.multiplyScalar(step);
    else {
      reach.applyAxisAngle(UP, 0.15 * turn[0]);
      reach.applyAxisAngle(new Vector3(1, 0, 0), 0.15 * turn[1]);
    }
    camera.position.copy(controls.target).add(reach);
    controls.update();
    redraw();
  }, { capture: true });
  const play = document.getElementById("view-play");
  let clock = null;
  play.addEventListener("click", () => {
    if (clock) clock = clearInterval(clock);
    else {
      if (Number(slider.value) >= days.length - 1) slider.value = 0;
      clock = setInterval(() => {
        if (Number(slider.value) >= days.length - 1) return play.click();
        slider.value = Number(slider.value) + 1;
        show();
      }, 350);
    }
    play.textContent = clock ? "Pause" : "Play";
    play.setAttribute("aria-pressed", String(Boolean(clock)));
  });
  let wide = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== wide) fit();
    wide = innerWidth;
  });
  onTheme(redraw);
  fit();
  show();
}
