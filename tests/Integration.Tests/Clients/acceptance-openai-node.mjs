// The openai package for Node with tools, against the server whose base URL is the first argument; the second says whether several calls may come. Prints one JSON line.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const weather = { type: 'object', properties: { city: { type: 'string', enum: ['Oslo', 'Rome', 'Paris'] }, days: { type: 'integer', minimum: 1, maximum: 9 } }, required: ['city', 'days'], additionalProperties: false };
const question = {
  model: 'any',
  temperature: 0,
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Weather in Oslo and Rome for 3 days?' }],
  tools: [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city.', parameters: weather, strict: true } }],
  tool_choice: 'required',
  parallel_tool_calls: process.argv[3] === 'parallel',
};

const whole = await client.chat.completions.create(question);
const stream = client.chat.completions.stream({ ...question, stream_options: { include_usage: true } });
const done = [];
stream.on('tool_calls.function.arguments.done', call => done.push([call.index, call.name, call.parsed_arguments ?? JSON.parse(call.arguments)]));
const streamed = await stream.finalChatCompletion();

// The next turn: the message as it came, and the results.
const message = streamed.choices[0].message;
const results = message.tool_calls.map(call => ({ role: 'tool', tool_call_id: call.id, content: 'Rain.' }));
const next = await client.chat.completions.create({ ...question, tool_choice: 'auto', messages: [...question.messages, message, ...results] });
const again = await client.chat.completions.create({ ...question, tool_choice: 'none', messages: [...question.messages, whole.choices[0].message, ...results.map((result, i) => ({ ...result, tool_call_id: whole.choices[0].message.tool_calls[i]?.id ?? 'call_x' }))] });

console.log(JSON.stringify({ whole, streamed, done, next: next.choices[0].finish_reason, again: again.choices[0].message.content }));
