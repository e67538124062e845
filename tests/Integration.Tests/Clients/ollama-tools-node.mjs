// The ollama package for Node: an answer with a thought, text and two calls, streamed. Prints one JSON line.
import { Ollama } from 'ollama';

const ollama = new Ollama({ host: process.argv[2] });
const question = {
  model: 'any',
  think: true,
  messages: [{ role: 'user', content: 'Weather in Oslo and Rome?' }],
  tools: [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city.', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } }],
};

const message = { role: 'assistant', content: '', thinking: '', tool_calls: [] };
for await (const part of await ollama.chat({ ...question, stream: true })) {
  message.content += part.message.content;
  message.thinking += part.message.thinking ?? '';
  message.tool_calls.push(...(part.message.tool_calls ?? []));
}

const results = message.tool_calls.map(call => ({ role: 'tool', tool_name: call.function.name, content: `Rain in ${call.function.arguments.city}` }));
const next = await ollama.chat({ ...question, messages: [...question.messages, message, ...results] });

console.log(JSON.stringify({ message, next: next.message }));
