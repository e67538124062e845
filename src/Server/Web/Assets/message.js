// One message of the chat as it stands on the page.
import { el } from './dom.js';
import { render } from './markdown.js';

/** A user's message: text, as it is. */
export const userMessage = text => el('article', { className: 'message user' }, el('div', { className: 'text', textContent: text }));

/** An answer that grows. Thought and calls are folded; the answer is markdown. */
export class AnswerView {
  #thought = null;
  #calls = new Map();
  #text = el('div', { className: 'text' });
  #foot = el('footer');
  #isDue = false;

  constructor() {
    this.root = el('article', { className: 'message assistant busy' }, this.#text, this.#foot);
  }

  /** Shows the answer's state, at most once per frame. */
  update(answer) {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw(answer);
    });
  }

  /** It has ended. */
  finish(answer, note, error) {
    this.#draw(answer);
    this.root.classList.remove('busy');
    this.#foot.textContent = note;
    if (error) this.root.append(el('p', { className: 'error', textContent: error }));
  }

  #draw(answer) {
    if (answer.reasoning) this.#drawThought(answer.reasoning);
    answer.calls.forEach((call, index) => this.#drawCall(call, index));
    this.#text.replaceChildren(render(answer.content));
  }

  #drawThought(reasoning) {
    if (!this.#thought) {
      this.#thought = el('pre');
      this.#text.before(el('details', { className: 'fold thought' }, el('summary', { textContent: 'Thought' }), this.#thought));
    }
    this.#thought.textContent = reasoning;
  }

  #drawCall(call, index) {
    if (!this.#calls.has(index)) {
      const block = { name: el('summary'), text: el('pre') };
      this.#foot.before(el('details', { className: 'fold call' }, block.name, block.text));
      this.#calls.set(index, block);
    }
    const block = this.#calls.get(index);
    block.name.textContent = `Calls ${call.name}`;
    block.text.textContent = pretty(call.arguments);
  }
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json; // not whole yet
  }
}
