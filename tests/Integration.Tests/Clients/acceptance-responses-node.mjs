// The openai package for Node: the events of a response with a thought, text and calls, asked for with the tools of a coding agent. Prints one JSON line.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const stream = client.responses.stream({
  model: 'any',
  store: false,
  include: ['reasoning.encrypted_content'],
  instructions: 'You are a coding agent.',
  parallel_tool_calls: true,
  prompt_cache_key: 'session-1',
  input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Weather in Oslo and Rome?' }] }],
  tools: [
    { type: 'function', name: 'get_weather', description: 'Weather of a city.', parameters: city, strict: false },
    { type: 'custom', name: 'apply_patch', description: 'Applies a patch.', format: { type: 'grammar', syntax: 'lark', definition: 'start: /.+/' } },
    { type: 'web_search' },
    { type: 'namespace', name: 'mcp__files', description: 'Files.', tools: [{ type: 'function', name: 'read', parameters: { type: 'object', properties: {} } }] },
    { type: 'tool_search', description: 'Finds tools.' },
    { type: 'local_shell' },
  ],
});

const events = [];
for await (const event of stream) {
  events.push(event);
}
const final = await stream.finalResponse();

console.log(JSON.stringify({
  numbers: events.map(event => event.sequence_number),
  types: events.map(event => event.type),
  completed: events.at(-1).response.output,
  done: events.filter(event => event.type === 'response.output_item.done').map(event => event.item),
  indexes: events.filter(event => event.type === 'response.output_item.added').map(event => event.output_index),
  final: final.output.map(item => item.type),
}));
