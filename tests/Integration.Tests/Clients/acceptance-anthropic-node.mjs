// Anthropic's package for Node: the raw events of an answer with a thought, text and two calls. Prints one JSON line.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const question = {
  model: 'claude-any',
  max_tokens: 2000,
  messages: [{ role: 'user', content: 'Weather in Oslo and Rome?' }],
  tools: [{ name: 'get_weather', description: 'Weather of a city.', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }],
};

const events = [];
for await (const event of await client.messages.create({ ...question, stream: true })) {
  events.push(event);
}
const final = await client.messages.stream(question).finalMessage();
const { max_tokens, ...counted } = question;
const count = await client.messages.countTokens(counted);

console.log(JSON.stringify({
  blocks: events.filter(event => event.type.startsWith('content_block_')).map(event => [event.type, event.index]),
  delta: events.find(event => event.type === 'message_delta'),
  content: final.content,
  usage: final.usage,
  count: count.input_tokens,
}));
