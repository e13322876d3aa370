// phil.js - parameter texts.

// Lines of a text as path -> value: PHIL scopes are opened up.
export function values(phil) {
  const out = new Map(), scope = [];
  for (const raw of phil.split('\n')) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim(), i = line.indexOf('=');
    if (line.endsWith('{')) scope.push(line.slice(0, -1).trim());
    else if (line === '}') scope.pop();
    else if (i > 0) out.set([...scope, line.slice(0, i).trim()].join('.'), line.slice(i + 1).trim());
  }
  return out;
}

// Of a choice ("a *b c") the word that is chosen; of what is none, all of it.
export const chosen = value => { const word = value?.split(/\s+/).find(w => w.startsWith('*')); return word ? word.slice(1) : value; };
