// The ai package with its OpenAI-compatible provider, against the server whose base URL is the first argument. Prints one JSON line.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const provider = createOpenAICompatible({ name: 'local', baseURL: process.argv[2], apiKey: 'none', includeUsage: true, supportsStructuredOutputs: true });
const model = provider('any');
const question = { model, temperature: 0, maxRetries: 0, maxOutputTokens: 100, system: 'You are a helpful assistant.', prompt: 'Name the capital of France.' };

const whole = await generateText(question);
const stream = streamText(question);
let streamed = '';
for await (const part of stream.textStream) {
  streamed += part;
}

const person = z.object({ name: z.string().max(12), age: z.number().int().min(0).max(120), mood: z.enum(['good', 'bad']) });
const structured = await generateText({ ...question, prompt: 'Describe a person.', output: Output.object({ schema: person }) });

// A call that has to be made, answered here, and an answer to that.
const inputs = [];
const weather = tool({
  description: 'Weather of a city.',
  inputSchema: z.object({ city: z.enum(['Oslo', 'Rome']), days: z.number().int().min(1).max(9) }),
  execute: input => {
    inputs.push(input);
    return 'Rain.';
  },
});
const called = streamText({
  ...question,
  prompt: 'Weather in Oslo?',
  maxOutputTokens: 40,
  tools: { get_weather: weather },
  stopWhen: stepCountIs(2),
  prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? { type: 'tool', toolName: 'get_weather' } : 'none' }),
});
const types = new Set();
for await (const part of called.fullStream) {
  if (part.type === 'error') {
    throw part.error;
  }
  types.add(part.type);
}
const steps = await called.steps;

console.log(JSON.stringify({
  whole: whole.text,
  streamed,
  finish: [whole.finishReason, await stream.finishReason],
  usage: [whole.usage, await stream.usage],
  structured: structured.output,
  inputs,
  types: [...types],
  steps: steps.map(step => step.finishReason),
}));
