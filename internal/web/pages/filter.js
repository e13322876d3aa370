// filter.js - the filter language of lists: words match anywhere, "hit>10 res<2 run:400-412 state:done tag:a tag:a|b tag:a&b trial:4".
// parse(text) gives {test(row), bad}: rows are objects of plain values; bad: words that are not understood.
const COMPARE = {'<': (a, b) => a < b, '>': (a, b) => a > b, '=': (a, b) => a === b};

function one(word, fields) {
  let m = word.match(/^([a-z_]+)([<>=])(-?[\d.]+)$/i);
  if (m) {
    const value = fields.numbers[m[1]], limit = +m[3];
    if (!value || !Number.isFinite(limit)) return null;
    return r => { const v = value(r); return v !== null && v !== undefined && Number.isFinite(v) && COMPARE[m[2]](v, limit); };
  }
  m = word.match(/^([a-z_]+):(.+)$/i);
  if (m) {
    const key = m[1], want = m[2].toLowerCase();
    if (fields.ranges[key]) {
      const r = want.match(/^(\d+)(?:-(\d+))?$/);
      if (!r) return null;
      const lo = +r[1], hi = r[2] ? +r[2] : lo;
      return row => { const v = fields.ranges[key](row); return v >= lo && v <= hi; };
    }
    if (fields.sets[key]) {
      const all = want.includes('&'), parts = want.split(/[&|]/).filter(Boolean);
      return row => { const have = fields.sets[key](row).map(x => x.toLowerCase()), has = p => have.includes(p); return all ? parts.every(has) : parts.some(has); };
    }
    return null;
  }
  const w = word.toLowerCase();
  return row => fields.text(row).toLowerCase().includes(w);
}

export function parse(text, fields) {
  const tests = [], bad = [];
  for (const m of text.matchAll(/([a-z_]+:)?"([^"]*)"|\S+/gi)) {
    const word = m[2] !== undefined ? (m[1] || '') + m[2] : m[0], minus = word.startsWith('-') && word.length > 1;
    const test = one(minus ? word.slice(1) : word, fields);
    if (!test) bad.push(word);
    else tests.push(minus ? r => !test(r) : test);
  }
  return {test: r => tests.every(t => t(r)), bad};
}
