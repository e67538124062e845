// The machine: one snapshot a second, shown as it is. What a machine does not have is "not available", never 0.
import { $, el } from './dom.js';
import { KeyRefused, stream } from './api.js';
import { Chart } from './charts.js';
import { drawMap } from './kvmap.js';

const MISSING = 'not available';
const RETRY_MS = 2000;

/** Shows snapshots for ever. askKey resolves when there is another key to try. */
export async function watchMachine(askKey) {
  const charts = { tokens: new Chart($('chart-tokens'), '--chart-1'), gap: new Chart($('chart-gap'), '--chart-2') };
  for (;;) {
    try {
      for await (const snapshot of stream('snapshots')) show(snapshot, charts);
    } catch (failure) {
      if (failure instanceof KeyRefused) {
        await askKey();
        continue;
      }
    }
    badge('no connection', 'failed');
    await new Promise(resolve => setTimeout(resolve, RETRY_MS));
  }
}

function show(snapshot, charts) {
  badge(snapshot.state, snapshot.state, snapshot.failure);
  const seconds = snapshot.at / 1000;
  charts.tokens.push(seconds, snapshot.tokens_per_second);
  charts.gap.push(seconds, snapshot.gap_p99_ms);
  text('tokens-per-second', number(snapshot.tokens_per_second, 1));
  text('prefill', `prefill ${number(snapshot.prefill_per_second, 0) ?? '-'}/s`);
  text('running', `${snapshot.running} of ${snapshot.parallel}`);
  text('waiting', `${snapshot.waiting} waiting`);
  text('gap', snapshot.gap_p99_ms === null ? 'idle' : duration(snapshot.gap_p99_ms));
  showBandwidth(snapshot);
  drawMap(snapshot.kv);
  list('watts', snapshot.watts, value => `${significant(value)} W`);
  list('joules', snapshot.joules_per_token, value => `${significant(value)} J`);
  $('paged').hidden = !snapshot.is_paged;
  list('memory', snapshot.memory, bytes);
}

function showBandwidth({ mbu, decode_rate: rate, decode_ceiling: ceiling }) {
  text('mbu', mbu.value === null ? (mbu.reason === 'no_decoding' ? 'idle' : null) : `${number(100 * mbu.value, 0)} %`);
  const note = mbu.value === null && mbu.reason !== 'no_decoding' ? words(mbu.reason) : '';
  text('ceiling', ceiling === null ? note || 'of memory bandwidth' : `${number(rate, 0)} of ${number(ceiling, 0)} tokens/s (ceiling)`);
}

function list(id, readings, format) {
  const rows = readings.flatMap(({ name, value, reason }) => [
    el('dt', { textContent: name }),
    value === null ? el('dd', { className: 'missing', textContent: MISSING, title: words(reason) }, el('small', { textContent: words(reason) })) : el('dd', { textContent: format(value) }),
  ]);
  $(id).replaceChildren(...(rows.length ? rows : [el('dd', { className: 'missing', textContent: MISSING })]));
}

function badge(word, kind, title) {
  $('state').textContent = word;
  $('state').dataset.state = kind;
  $('state').title = title ?? '';
}

function text(id, value) {
  $(id).textContent = value ?? MISSING;
  $(id).classList.toggle('missing', value === null);
}

const words = name => (name ?? '').replaceAll('_', ' ');
const number = (value, digits) => value === null || value === undefined ? null : value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });

// Three digits that mean something: 0.084, 8.76, 69.8, 400.
const significant = value => value.toLocaleString('en', value < 100 ? { minimumSignificantDigits: 3, maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 });
const duration = ms => ms < 1000 ? `${number(ms, 0)} ms` : `${number(ms / 1000, 1)} s`;

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${number(value, unit > 1 && value < 100 ? 1 : 0)} ${units[unit]}`;
}
