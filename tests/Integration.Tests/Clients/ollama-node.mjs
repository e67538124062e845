// The ollama package for Node against the server whose address is the first argument. Prints one JSON line.
import { Ollama } from 'ollama';

const ollama = new Ollama({ host: process.argv[2] });
const question = { model: 'any', options: { temperature: 0, num_predict: 60 }, messages: [{ role: 'system', content: 'You are a helpful assistant.' }, { role: 'user', content: 'Name the capital of France.' }] };

const whole = await ollama.chat(question);
const parts = [];
for await (const part of await ollama.chat({ ...question, stream: true, keep_alive: '5m', think: false })) {
  parts.push(part);
}

const generated = await ollama.generate({ model: 'any', prompt: 'Name the capital of France.', system: 'You are a helpful assistant.', options: { temperature: 0, num_predict: 60 } });
let streamed = '';
for await (const part of await ollama.generate({ model: 'any', prompt: '1, 2, 3,', raw: true, stream: true, options: { temperature: 0, num_predict: 6 } })) {
  streamed += part.response;
}

let failed;
try {
  await ollama.chat({ ...question, messages: [{ role: 'user', content: 'word '.repeat(9000) }] });
} catch (error) {
  failed = { status: error.status_code, message: error.message };
}

const list = await ollama.list();
const shown = await ollama.show({ model: list.models[0].name });
const loaded = await ollama.ps();
const version = await ollama.version();

console.log(JSON.stringify({
  whole,
  streamed: parts.map(part => part.message.content).join(''),
  last: parts[parts.length - 1],
  generated: generated.response,
  raw: streamed,
  failed,
  models: list.models.map(model => model.name),
  contextLength: shown.model_info[shown.model_info['general.architecture'] + '.context_length'],
  capabilities: shown.capabilities,
  loaded: loaded.models.map(model => [model.name, model.context_length]),
  version: version.version,
}));
