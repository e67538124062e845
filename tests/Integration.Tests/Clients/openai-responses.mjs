// The openai package for Node against the responses of the server whose base URL is the first argument. Prints one JSON line.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none' });
const request = { model: 'any', instructions: 'You are a helpful assistant.', temperature: 0 };

const whole = await client.responses.create({ ...request, input: 'Name the capital of France.' });
const followUp = await client.responses.create({ ...request, input: 'Where is Paris?', previous_response_id: whole.id });

// The package's own accumulator, which insists on the order of the events.
const stream = client.responses.stream({ ...request, input: 'Name the capital of France.' });
const types = [];
for await (const event of stream) {
  types.push(event.type);
}
const final = await stream.finalResponse();

// Breaks off, and goes on from the last event seen.
const background = await client.responses.create({ ...request, input: 'Count to twenty.', max_output_tokens: 60, background: true, stream: true });
const events = [];
for await (const event of background) {
  events.push(event);
  if (events.length === 10) {
    break; // closes the connection
  }
}
const id = events[0].response.id;
for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: events.at(-1).sequence_number })) {
  events.push(event);
}
const ended = await client.responses.retrieve(id);

const items = [];
for await (const item of client.responses.inputItems.list(followUp.id, { order: 'asc' })) {
  items.push(item);
}

await client.responses.delete(whole.id);
const errors = [];
for (const attempt of [
  () => client.responses.retrieve(whole.id),
  () => client.responses.create({ ...request, input: 'x', previous_response_id: whole.id }),
  () => client.responses.cancel(followUp.id),
  () => client.responses.create({ ...request, input: 'word '.repeat(9000) }),
]) {
  try {
    await attempt();
  } catch (error) {
    errors.push([error.status, error.code, error.param]);
  }
}

console.log(JSON.stringify({
  whole: whole.output_text,
  cached: followUp.usage.input_tokens_details.cached_tokens,
  known: whole.usage.input_tokens + whole.usage.output_tokens - 2,
  streamed: final.output_text,
  ends: [types[0], types.at(-1)],
  numbers: events.map(event => event.sequence_number),
  joined: events.filter(event => event.type === 'response.output_text.delta').map(event => event.delta).join(''),
  ended: ended.output_text,
  items: items.map(item => [item.type, item.role, item.content[0].text]),
  errors,
}));
