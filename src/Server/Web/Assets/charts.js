// Lines over up to three minutes, drawn by uPlot in the page's colours.
import uPlot from './vendor/uplot.js';

const SECONDS = 180;
const LEAST_SECONDS = 30; // a page just opened shows what it has, not an empty past
const dark = matchMedia('(prefers-color-scheme: dark)');

const timeOf = seconds => new Date(seconds * 1000).toLocaleTimeString([], { timeStyle: 'medium' });

/** A chart in a box; values are pushed as they come, null for a gap. */
export class Chart {
  #box;
  #color;
  #data = [[], []];
  #plot = null;

  constructor(box, color) {
    this.#box = box;
    this.#color = color;
    new ResizeObserver(() => this.#fit()).observe(box);
    dark.addEventListener('change', () => this.#rebuild());
  }

  push(seconds, value) {
    const [times, values] = this.#data;
    times.push(seconds);
    values.push(value);
    while (times[0] < seconds - SECONDS) {
      times.shift();
      values.shift();
    }
    if (this.#plot) {
      this.#plot.setData(this.#data);
    } else {
      this.#rebuild();
    }
    this.#box.dataset.points = values.filter(value => value !== null).length; // for those who cannot see it
  }

  #fit() {
    if (this.#plot && this.#box.clientWidth) {
      this.#plot.setSize({ width: this.#box.clientWidth, height: this.#box.clientHeight });
    } else if (!this.#plot && this.#data[0].length) {
      this.#rebuild();
    }
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    if (!this.#box.clientWidth) return; // hidden: drawn when it is shown
    const style = getComputedStyle(document.documentElement);
    const read = name => style.getPropertyValue(name).trim();
    const axis = { stroke: read('--muted'), font: '11px system-ui, sans-serif', ticks: { show: false } };
    const line = read(this.#color);
    this.#plot = new uPlot({
      width: this.#box.clientWidth,
      height: this.#box.clientHeight,
      padding: [8, 32, 0, 0], // right of the plot half a time has room
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: (_, min, max) => [Math.max(max - SECONDS, Math.min(min, max - LEAST_SECONDS)), max] },
        y: { range: (_, min, max) => [0, Math.max(1, max * 1.15)] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 22, space: 90, values: (_, splits) => splits.map(timeOf) },
        { ...axis, grid: { stroke: read('--line'), width: 1 }, size: 44, space: 28 },
      ],
      series: [{}, { stroke: line, width: 2, fill: read(this.#color + '-soft'), points: { show: false } }],
    }, this.#data, this.#box);
  }
}
