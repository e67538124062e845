// The @anthropic-ai/sdk package for Node: an answer with a thought, text and two calls, whole and streamed. Prints one JSON line.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const question = {
  model: 'claude-any',
  max_tokens: 2000,
  thinking: { type: 'enabled', budget_tokens: 1024 },
  messages: [{ role: 'user', content: 'Weather in Oslo and Rome?' }],
  tools: [
    { name: 'get_weather', description: 'Weather of a city.', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
  ],
};

const whole = await client.messages.create(question);
const stream = client.messages.stream(question);
const inputs = [];
stream.on('contentBlock', block => inputs.push(block.type));
const streamed = await stream.finalMessage();

// The agent's next turn: the answer as it came, and the results.
const results = streamed.content.filter(block => block.type === 'tool_use').map(block => ({ type: 'tool_result', tool_use_id: block.id, content: `Rain in ${block.input.city}` }));
const next = await client.messages.create({ ...question, messages: [...question.messages, { role: 'assistant', content: streamed.content }, { role: 'user', content: results }] });

console.log(JSON.stringify({ whole, streamed, blocks: inputs, next: next.stop_reason }));
