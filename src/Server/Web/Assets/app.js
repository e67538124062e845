// Puts the page together: what the server is, the key if it wants one, the chat, the machine.
import { $ } from './dom.js';
import { describe, hasKey, setKey } from './api.js';
import { startChat } from './chat.js';
import { watchMachine } from './machine.js';

let asking = null; // one question at a time, however many wait for the answer

function askKey() {
  asking ??= new Promise(resolve => {
    $('key-error').hidden = !hasKey();
    $('key').value = '';
    $('key-dialog').showModal();
    $('key-form').addEventListener('submit', () => {
      setKey($('key').value.trim());
      asking = null;
      resolve();
    }, { once: true });
  });
  return asking;
}

$('key-dialog').addEventListener('cancel', event => event.preventDefault());
for (const button of document.querySelectorAll('nav button')) {
  button.addEventListener('click', () => {
    document.body.dataset.view = button.dataset.view;
    for (const other of document.querySelectorAll('nav button')) other.setAttribute('aria-pressed', other === button);
  });
}

const server = await describe();
document.title = `${server.model} · ${server.name}`;
$('model').textContent = server.model;
$('model').title = `${server.name} ${server.version}`;
if (server.needs_key && !hasKey()) await askKey();
startChat(askKey);
watchMachine(askKey);
