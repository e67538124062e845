// The openai package for Node against the server whose base URL is the first argument. Prints one JSON line.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none' });
const messages = [
  { role: 'system', content: 'You are a helpful assistant.' },
  { role: 'user', content: 'Name the capital of France.' },
];

const whole = await client.chat.completions.create({ model: 'any', messages, temperature: 0 });

const stream = client.chat.completions.stream({ model: 'any', messages, temperature: 0, stream_options: { include_usage: true } });
const final = await stream.finalChatCompletion();
const usage = await stream.totalUsage();

let overlong;
try {
  await client.chat.completions.create({ model: 'any', messages: [{ role: 'user', content: 'word '.repeat(9000) }] });
} catch (error) {
  overlong = { status: error.status, code: error.code, param: error.param, name: error.constructor.name };
}

const aborted = await client.chat.completions.create({ model: 'any', messages, max_tokens: 2000, stream: true, ignore_eos: true });
let chunks = 0;
for await (const _ of aborted) {
  if (++chunks === 5) {
    break; // closes the connection
  }
}

const choices = await client.chat.completions.create({ model: 'any', messages, temperature: 0, n: 3, max_tokens: 8 });

// The package asks for base64 by itself and decodes it without looking.
const embeddings = await client.embeddings.create({ model: 'any', input: ['A cat sits on the mat.', 'Where is Paris?'] });
const raw = await client.embeddings.create({ model: 'any', input: 'A cat sits on the mat.', encoding_format: 'base64' }).asResponse();

const models = await client.models.list();

console.log(JSON.stringify({
  whole: whole.choices[0].message.content,
  requestId: whole._request_id,
  streamed: final.choices[0].message.content,
  finish: final.choices[0].finish_reason,
  completionTokens: [whole.usage.completion_tokens, usage.completion_tokens],
  overlong,
  chunks,
  choices: choices.choices.map(choice => [choice.index, choice.message.content, choice.finish_reason]),
  embeddings: embeddings.data.map(item => item.embedding),
  embeddingTokens: embeddings.usage.prompt_tokens,
  rawEmbeddings: await raw.text(),
  models: models.data.map(model => model.id),
}));
