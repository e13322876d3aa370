// draw.js - what plots on a canvas share: the colours of the page, and where axes stand so that plots lie one above the other.
export const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
export const LEFT = size => Math.round(3.4 * size);
export const RIGHT = size => Math.round(7.6 * size);
