// The @anthropic-ai/sdk package for Node against the server whose address is the first argument. Prints one JSON line.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const question = { model: 'claude-any', max_tokens: 60, temperature: 0, system: 'You are a helpful assistant.', messages: [{ role: 'user', content: 'Name the capital of France.' }] };

const { data: whole, response } = await client.messages.create(question).withResponse();

const stream = client.messages.stream(question);
const types = [];
stream.on('streamEvent', event => types.push(event.type));
const streamed = await stream.finalMessage();

const count = await client.messages.countTokens({ model: question.model, system: question.system, messages: question.messages });

// What the assistant said goes back as it came, and a beginning of an answer is gone on with.
const next = await client.messages.create({ ...question, max_tokens: 8, messages: [...question.messages, { role: 'assistant', content: whole.content }, { role: 'user', content: 'And of Italy?' }] });
const prefilled = await client.messages.create({ ...question, max_tokens: 8, messages: [...question.messages, { role: 'assistant', content: 'The capital of France is' }] });

let overlong;
try {
  await client.messages.create({ ...question, messages: [{ role: 'user', content: 'word '.repeat(9000) }] });
} catch (error) {
  overlong = { status: error.status, name: error.constructor.name, type: error.error.error.type, message: error.error.error.message, hasId: Boolean(error.requestID) };
}

// Two turns of an agent that differ in their billing header alone.
const turn = cch => client.messages.create({
  ...question,
  max_tokens: 4,
  system: [
    { type: 'text', text: `x-anthropic-billing-header: cc_version=2.1.154.a1; cc_entrypoint=cli; cch=${cch};` },
    { type: 'text', text: 'You are a careful agent. ' + 'Read the file before you change it, and keep what you do not understand. '.repeat(30), cache_control: { type: 'ephemeral' } },
  ],
});
const turns = [await turn('1a2b3'), await turn('9f8e7')];

const aborted = client.messages.stream({ ...question, max_tokens: 2000 });
let events = 0;
for await (const _ of aborted) {
  if (++events === 4) {
    break; // closes the connection
  }
}

const models = await client.models.list();

console.log(JSON.stringify({
  whole,
  requestId: whole._request_id,
  header: response.headers.get('request-id'),
  streamed,
  types,
  count: count.input_tokens,
  next: next.usage,
  prefilled: prefilled.content[0].text,
  overlong,
  turns: turns.map(answer => answer.usage),
  events,
  models: models.data.map(model => [model.type, model.id, model.display_name, Number.isNaN(Date.parse(model.created_at))]),
}));
