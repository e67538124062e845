// The KV memory as squares: each sequence in a colour of its own, what several share, cached prefixes, and what is free.
import { $, el } from './dom.js';

const COLORS = 8; // --seq-0 to --seq-7; further sequences begin again
const SQUARE = 9;
const GAP = 2;
const ROWS = 10;
const colors = new Map(); // request -> index, so that a sequence keeps its colour

let last = null;

/** Draws a snapshot's kv; null while the model loads. */
export function drawMap(kv) {
  last = kv;
  const canvas = $('kv-map');
  const width = canvas.parentElement.clientWidth;
  if (!kv || !width) return;
  const columns = Math.floor((width + GAP) / (SQUARE + GAP));
  const groups = groupsOf(kv);
  paint(canvas, columns, squaresOf(groups, kv.cells, columns * ROWS));
  $('kv-summary').textContent = `${kv.cells.toLocaleString('en')} cells, ${percent(kv.used, kv.cells)} in use, ${percent(kv.cached, kv.cells)} cached`;
  canvas.setAttribute('aria-label', `KV memory: ${$('kv-summary').textContent}`);
  $('kv-legend').replaceChildren(...groups.filter(group => group.cells).map(legendOf));
}

new ResizeObserver(() => drawMap(last)).observe($('kv-map').parentElement);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawMap(last));

// Sequences, what they share, then cached prefixes, then the rest.
function groupsOf(kv) {
  const sequences = kv.spans.filter(span => span.request_id !== null);
  for (const request of [...colors.keys()]) {
    if (!sequences.some(span => span.request_id === request)) colors.delete(request);
  }
  const groups = sequences.map(span => ({ name: `Sequence ${span.request_id}`, color: `--seq-${colorOf(span.request_id)}`, cells: span.num_cells, parts: [span.num_cells] }));
  const shared = kv.spans.filter(span => span.request_id === null && span.num_users > 0).map(span => span.num_cells);
  const cached = kv.spans.filter(span => span.request_id === null && span.num_users === 0).map(span => span.num_cells);
  groups.push({ name: shared.length === 1 ? 'Shared prefix' : `${shared.length} shared prefixes`, color: '--kv-shared', cells: sum(shared), parts: shared });
  groups.push({ name: cached.length === 1 ? 'Cached prefix' : `${cached.length} cached prefixes`, color: '--kv-cached', cells: sum(cached), parts: cached });
  groups.push({ name: 'Free', color: '--kv-free', cells: Math.max(0, kv.cells - sum(groups.map(group => group.cells))), parts: [] });
  return groups;
}

function colorOf(request) {
  if (!colors.has(request)) {
    const taken = new Set(colors.values());
    let next = 0;
    while (next < COLORS - 1 && taken.has(next)) next++;
    colors.set(request, next);
  }
  return colors.get(request);
}

// A colour per square. Whoever has a cell at all gets a square; prefixes alternate in shade, so that one is told from the next.
function squaresOf(groups, numCells, numSquares) {
  const squares = [];
  for (const { color, parts } of groups) {
    parts.forEach((cells, index) => {
      const count = Math.max(1, Math.round(cells / numCells * numSquares));
      for (let i = 0; i < count && squares.length < numSquares; i++) squares.push({ color, isPale: index % 2 === 1 });
    });
  }
  while (squares.length < numSquares) squares.push({ color: '--kv-free', isPale: false });
  return squares;
}

function paint(canvas, columns, squares) {
  const scale = devicePixelRatio || 1;
  const width = columns * (SQUARE + GAP) - GAP;
  const height = ROWS * (SQUARE + GAP) - GAP;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  const style = getComputedStyle(document.documentElement);
  context.scale(scale, scale);
  squares.forEach(({ color, isPale }, index) => {
    context.globalAlpha = isPale ? 0.55 : 1;
    context.fillStyle = style.getPropertyValue(color).trim();
    context.fillRect(index % columns * (SQUARE + GAP), Math.floor(index / columns) * (SQUARE + GAP), SQUARE, SQUARE);
  });
}

function legendOf({ name, color, cells }) {
  const swatch = el('i');
  swatch.style.background = `var(${color})`;
  return el('li', {}, swatch, `${name} `, el('span', { textContent: cells.toLocaleString('en') }));
}

const sum = values => values.reduce((total, value) => total + value, 0);
const percent = (part, whole) => `${(100 * part / whole).toFixed(part && part / whole < 0.01 ? 1 : 0)} %`;
