// Requests to this server, with the key if one is needed. The key lives in this tab's session storage and nowhere else.
import { events } from './sse.js';

const storage = 'inference-server-key';

/** The server wants another key than we have. */
export class KeyRefused extends Error {}

export const setKey = key => sessionStorage.setItem(storage, key);

/** What this server is: name, version, model, needs_key. */
export async function describe() {
  const response = await fetch('./', { headers: { accept: 'application/json' } });
  return response.json();
}

export const hasKey = () => sessionStorage.getItem(storage) !== null;

/** Server-sent events of a route, parsed. Throws an Error with the server's own words. */
export async function* stream(path, { body, signal } = {}) {
  const headers = {};
  if (hasKey()) headers.authorization = `Bearer ${sessionStorage.getItem(storage)}`;
  if (body) headers['content-type'] = 'application/json';
  const response = await fetch(path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal });
  if (response.status === 401) throw new KeyRefused();
  if (!response.ok) throw new Error(await messageOf(response));
  for await (const data of events(response.body)) {
    if (data === '[DONE]') return;
    const event = JSON.parse(data);
    if (event.error) throw new Error(event.error.message);
    yield event;
  }
}

async function messageOf(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The server answered ${response.status}.`;
  }
}
