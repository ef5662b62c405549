// The map of the archive: a canvas that zooms and moves, over the lists that the page has anyway.

const SCALE = 65535;
const figure = document.querySelector("#map");
const canvas = document.createElement("canvas");
const paper = canvas.getContext("2d");
const note = document.createElement("p");
const view = { x: 0.5, y: 0.5, zoom: 1 };
const questions = [...document.querySelectorAll("#questions a")].map((link) => ({
  x: link.dataset.x / SCALE,
  y: link.dataset.y / SCALE,
  text: link.textContent,
  address: link.href,
}));
let points = null;
let lit = null; // the hue that the legend points at
let chosen = null;
let colours = {};

const readColours = () => {
  const style = getComputedStyle(figure);
  const of = (name) => style.getPropertyValue(name).trim();
  colours = { hues: Array.from({ length: 10 }, (_, hue) => of(`--hue-${hue}`)), ink: of("--ink"), paper: of("--paper"), soft: of("--soft"), accent: of("--accent") };
};

const parse = (buffer) => {
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(10);
  const { count, first_year, regions } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  let at = end + 1;
  const column = (Type) => new Type(buffer.slice(at, (at += count * Type.BYTES_PER_ELEMENT)));
  const [x, y, month, serial, hue] = [column(Uint16Array), column(Uint16Array), column(Uint16Array), column(Uint32Array), column(Uint8Array)];
  return { count, first_year, regions, x, y, month, serial, hue };
};

const identifier = (n) => {
  const [month, two] = [points.month[n], (value) => String(value).padStart(2, "0")];
  return `AG-${points.first_year + Math.floor(month / 12)}.${two((month % 12) + 1)}-${String(points.serial[n]).padStart(3, "0")}`;
};

const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });
// The picture's directions mean nothing: it fills whatever shape the canvas has.
const toScreen = (x, y) => {
  const { width, height } = size();
  return [((x - view.x) * view.zoom + 0.5) * width, ((y - view.y) * view.zoom + 0.5) * height];
};
const toMap = (left, top) => {
  const { width, height } = size();
  return [(left / width - 0.5) / view.zoom + view.x, (top / height - 0.5) / view.zoom + view.y];
};

const drawPoints = () => {
  const { width, height } = size();
  const radius = Math.min(1.6 + Math.log2(view.zoom) * 0.6 + 2500 / (points.count + 2500), 6);
  for (let hue = 0; hue < 10; hue += 1) {
    paper.fillStyle = colours.hues[hue];
    paper.globalAlpha = lit === null ? 0.8 : lit === hue ? 1 : 0.1;
    for (let n = 0; n < points.count; n += 1) {
      if (points.hue[n] !== hue) continue;
      const [left, top] = toScreen(points.x[n] / SCALE, points.y[n] / SCALE);
      if (left < -9 || top < -9 || left > width + 9 || top > height + 9) continue;
      paper.beginPath();
      paper.arc(left, top, radius, 0, 7);
      paper.fill();
    }
  }
  paper.globalAlpha = 1;
};

const drawQuestions = () => {
  paper.lineWidth = 2;
  for (const { x, y } of questions) {
    const [left, top] = toScreen(x, y);
    paper.save();
    paper.translate(left, top);
    paper.rotate(Math.PI / 4);
    paper.fillStyle = colours.accent;
    paper.strokeStyle = colours.paper;
    paper.fillRect(-5, -5, 10, 10);
    paper.strokeRect(-6, -6, 12, 12);
    paper.restore();
  }
};

const drawLabels = () => {
  const taken = [];
  paper.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
  paper.textAlign = "center";
  paper.lineJoin = "round";
  for (const region of points.regions) {
    const [left, top] = toScreen(region.x, region.y);
    const half = paper.measureText(region.name).width / 2 + 6;
    if (left < half || left > size().width - half || top < 14 || top > size().height - 8) continue;
    if (left > size().width - 150 && top < 56) continue; // behind the buttons
    if (taken.some(([x, y, other]) => Math.abs(x - left) < half + other && Math.abs(y - top) < 20)) continue;
    taken.push([left, top, half]);
    paper.lineWidth = 4;
    paper.strokeStyle = colours.paper;
    paper.strokeText(region.name, left, top);
    paper.fillStyle = colours.ink;
    paper.fillText(region.name, left, top);
  }
};

const drawChosen = () => {
  if (!chosen) return;
  const [left, top] = toScreen(chosen.x, chosen.y);
  paper.lineWidth = 2.5;
  paper.strokeStyle = colours.ink;
  paper.beginPath();
  paper.arc(left, top, 10, 0, 7);
  paper.stroke();
};

let waiting = false;
const draw = () => {
  if (waiting || !points) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const ratio = devicePixelRatio || 1;
    const { width, height } = size();
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    paper.clearRect(0, 0, width, height);
    drawPoints();
    drawQuestions();
    drawLabels();
    drawChosen();
    canvas.dataset.zoom = view.zoom.toFixed(2);
  });
};

// The question or preprint nearest to a place on the screen, at most so many pixels away; a question that is hardly
// away comes before the preprints around it.
const PREFERRED = 24;
const nearest = (left, top, reach) => {
  let found = null;
  let best = reach * reach;
  const look = (x, y, what) => {
    const [a, b] = toScreen(x, y);
    const distance = (a - left) ** 2 + (b - top) ** 2;
    if (distance < best) [best, found] = [distance, { x, y, ...what() }];
  };
  for (const question of questions) look(question.x, question.y, () => question);
  if (best < PREFERRED * PREFERRED) return found;
  const preprint = (n) => ({ n, address: figure.dataset.preprint + identifier(n) });
  for (let n = 0; n < points.count; n += 1) look(points.x[n] / SCALE, points.y[n] / SCALE, () => preprint(n));
  return found;
};

const titles = new Map();
let asking = 0;
const say = (words) => (note.textContent = words);
const choose = (target) => {
  if (target?.address === chosen?.address) return;
  chosen = target;
  canvas.style.cursor = target ? "pointer" : "";
  clearTimeout(asking);
  draw();
  if (!target) return say("");
  if (target.text) return say(`Question: ${target.text}`);
  const name = identifier(target.n);
  if (titles.has(name)) return say(titles.get(name));
  say(name);
  asking = setTimeout(async () => {
    const response = await fetch(figure.dataset.point + name);
    if (!response.ok) return;
    const { title, category } = await response.json();
    titles.set(name, `${title} — ${name}, ${category}`);
    if (chosen === target) say(titles.get(name));
  }, 120);
};

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const move = (dx, dy) => {
  view.x = clamp(view.x + dx, 0, 1);
  view.y = clamp(view.y + dy, 0, 1);
  draw();
};
const zoom = (factor, left = size().width / 2, top = size().height / 2) => {
  const [x, y] = toMap(left, top);
  view.zoom = clamp(view.zoom * factor, 1, 60);
  const [after, below] = toMap(left, top);
  move(x - after, y - below);
};
const reset = () => {
  Object.assign(view, { x: 0.5, y: 0.5, zoom: 1 });
  draw();
};

// Keyboard: what is nearest to the middle is spoken of, and Enter opens it.
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = 0.12 / view.zoom;
  const acts = {
    ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0), ArrowUp: () => move(0, -step), ArrowDown: () => move(0, step),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: reset,
    Enter: () => chosen && location.assign(chosen.address),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
  if (event.key !== "Enter") choose(nearest(size().width / 2, size().height / 2, 1e4));
});
canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && choose(nearest(size().width / 2, size().height / 2, 1e4)));

// Pointers: one moves, two zoom; a press without a movement opens.
const held = new Map();
let moved = 0;
const place = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held.set(event.pointerId, place(event));
  if (held.size === 1) moved = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const at = place(event);
  const before = held.get(event.pointerId);
  if (!before) return choose(nearest(...at, 12));
  const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const far = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
    zoom(far(at) / Math.max(far(before), 1), ...other);
  } else {
    const [from, to] = [toMap(...before), toMap(...at)];
    move(from[0] - to[0], from[1] - to[1]);
  }
  moved += Math.hypot(at[0] - before[0], at[1] - before[1]);
  held.set(event.pointerId, at);
});
const release = (event) => {
  held.delete(event.pointerId);
  if (event.type !== "pointerup" || moved > 6 || held.size) return;
  const target = nearest(...place(event), event.pointerType === "mouse" ? 12 : 24);
  // A finger can't hover: its first touch says what it is, its second opens it.
  if (target && (event.pointerType === "mouse" || target.address === chosen?.address)) location.assign(target.address);
  else choose(target);
};
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("wheel", (event) => {
  // The page scrolls as everywhere; with Ctrl, or once the map has the focus, the wheel zooms.
  if (!event.ctrlKey && document.activeElement !== canvas) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 300), ...place(event));
}, { passive: false });

const button = (words, sign, act) => {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "quiet", textContent: sign, ariaLabel: words });
  made.addEventListener("click", act);
  return made;
};

const start = async () => {
  const response = await fetch(figure.dataset.points);
  if (!response.ok) return;
  points = parse(await response.arrayBuffer());
  canvas.tabIndex = 0;
  canvas.role = "application";
  canvas.ariaLabel = `Map of ${points.count} preprints`;
  canvas.setAttribute("aria-describedby", "map-help");
  note.className = "pointed";
  note.role = "status";
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(button("Zoom in", "+", () => zoom(1.5)), button("Zoom out", "−", () => zoom(1 / 1.5)), button("Show all", "All", reset));
  figure.prepend(canvas, tools, note);
  figure.hidden = false;
  for (const link of document.querySelectorAll(".hues [data-hue]")) {
    const light = (hue) => () => ((lit = hue), draw());
    for (const name of ["pointerenter", "focus"]) link.addEventListener(name, light(Number(link.dataset.hue)));
    for (const name of ["pointerleave", "blur"]) link.addEventListener(name, light(null));
  }
  readColours();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (readColours(), draw()));
  new ResizeObserver(draw).observe(canvas);
  draw();
};
start();
