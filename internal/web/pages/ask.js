// ask.js - changes that a page asks for: one request each, said at the bottom of the page until it is done or refused.
import {html, signal} from './html.js';
import {me, post, seq} from './live.js';

const said = signal(null); // {text, bad}
let timer = 0;
function say(text, bad) { said.value = {text, bad}; clearTimeout(timer); timer = setTimeout(() => { said.value = null; }, bad ? 12000 : 5000); }

export const mayEdit = () => me.value?.role === 'editor' && !me.value.read_only;
const uuid = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');

// true: done, or waiting for the watcher.
export async function ask(verb, args, words) {
  try {
    const r = await post('requests', {do: verb, key: uuid(), ...args});
    say(r.state === 'done' ? r.answer || words : `${words}: asked for, the watcher will do it`, false);
    seq.value++;
    return true;
  } catch (e) {
    say(`${words}: ${e.message}`, true);
    return false;
  }
}

export const Said = () => html`<div id="said" role="status" class=${said.value ? (said.value.bad ? 'on bad' : 'on') : ''}>${said.value && `${said.value.bad ? '✕ ' : ''}${said.value.text}`}</div>`;
