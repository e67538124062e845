// The chat: a conversation, and one answer at a time.
import { $ } from './dom.js';
import { KeyRefused, stream } from './api.js';
import { AnswerView, userMessage } from './message.js';

/** Starts the chat. askKey is called when the server refuses the key. */
export function startChat(askKey) {
  const messages = []; // as the API wants them
  const hint = $('hint');
  let running = null; // aborts the answer that is being written

  async function answer() {
    const view = new AnswerView();
    const state = { content: '', reasoning: '', calls: [], finish: null, timings: null, usage: null };
    append(view.root);
    running = new AbortController();
    showButtons();
    let error = null;
    try {
      for await (const chunk of stream('v1/chat/completions', { body: request(messages), signal: running.signal })) {
        apply(state, chunk);
        view.update(state);
        follow();
      }
    } catch (failure) {
      if (failure instanceof KeyRefused) askKey();
      if (failure.name === 'AbortError') state.finish = 'stopped';
      else error = failure instanceof KeyRefused ? 'The server refused the key.' : failure.message;
    }
    running = null;
    view.finish(state, noteOf(state), error);
    if (!error) messages.push(toMessage(state));
    showButtons();
    follow();
  }

  function append(element) {
    hint.remove();
    $('messages').append(element);
    $('messages').scrollTop = $('messages').scrollHeight;
  }

  // Follows the text, unless its reader has scrolled up.
  function follow() {
    const box = $('messages');
    if (box.scrollHeight - box.scrollTop - box.clientHeight < 120) box.scrollTop = box.scrollHeight;
  }

  function showButtons() {
    $('send').hidden = running !== null;
    $('stop').hidden = running === null;
    $('regenerate').disabled = running !== null || messages.length === 0;
    $('clear').disabled = messages.length === 0;
  }

  function send() {
    const text = $('prompt').value.trim();
    if (!text || running) return;
    $('prompt').value = '';
    resize();
    messages.push({ role: 'user', content: text });
    append(userMessage(text));
    answer();
  }

  function regenerate() {
    if (messages.at(-1)?.role === 'assistant') messages.pop();
    const last = $('messages').lastElementChild;
    if (last?.classList.contains('assistant')) last.remove();
    answer();
  }

  function clear() {
    running?.abort();
    messages.length = 0;
    $('messages').replaceChildren(hint);
    showButtons();
  }

  function resize() {
    $('prompt').rows = Math.min(8, $('prompt').value.split('\n').length);
  }

  $('composer').addEventListener('submit', event => {
    event.preventDefault();
    send();
  });
  $('prompt').addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  $('prompt').addEventListener('input', resize);
  $('stop').addEventListener('click', () => running?.abort());
  $('regenerate').addEventListener('click', regenerate);
  $('clear').addEventListener('click', clear);
}

function request(messages) {
  const system = $('system').value.trim();
  const body = { messages: system ? [{ role: 'system', content: system }, ...messages] : messages, stream: true, stream_options: { include_usage: true } };
  if ($('temperature').value !== '') body.temperature = Number($('temperature').value);
  if ($('max-tokens').value !== '') body.max_tokens = Number($('max-tokens').value);
  if ($('tools').value.trim()) body.tools = toolsOf($('tools').value);
  return body;
}

function toolsOf(text) {
  try {
    return JSON.parse(text);
  } catch (failure) {
    throw new Error(`The tools are not JSON: ${failure.message}`);
  }
}

function apply(state, chunk) {
  state.usage = chunk.usage ?? state.usage;
  state.timings = chunk.timings ?? state.timings;
  const choice = chunk.choices?.[0];
  if (!choice) return;
  const delta = choice.delta;
  state.content += delta.content ?? '';
  state.reasoning += delta.reasoning_content ?? '';
  state.finish = choice.finish_reason ?? state.finish;
  for (const part of delta.tool_calls ?? []) {
    const call = (state.calls[part.index] ??= { id: '', name: '', arguments: '' });
    call.id ||= part.id ?? '';
    call.name ||= part.function?.name ?? '';
    call.arguments += part.function?.arguments ?? '';
  }
}

function toMessage(state) {
  const message = { role: 'assistant', content: state.content };
  if (state.calls.length) message.tool_calls = state.calls.map(call => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }));
  return message;
}

function noteOf({ finish, usage, timings }) {
  const parts = [];
  if (usage) parts.push(`${usage.completion_tokens} tokens`);
  if (timings?.predicted_per_second) parts.push(`${timings.predicted_per_second.toFixed(1)} tokens/s`);
  if (timings) parts.push(`first after ${Math.round(timings.prompt_ms)} ms`);
  if (usage?.prompt_tokens_details?.cached_tokens) parts.push(`${usage.prompt_tokens_details.cached_tokens} of ${usage.prompt_tokens} prompt tokens cached`);
  if (finish === 'stopped') parts.push('stopped');
  if (finish === 'length') parts.push('cut at the limit');
  return parts.join(' · ');
}
