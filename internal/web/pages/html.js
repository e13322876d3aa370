// html.js - the parts that all pages are made of: elements as templates, values that know who shows them.
import {h, render, Component} from './preact.js';
import htm from './htm.js';
import {signal, computed, effect, batch} from './signals.js';
import {useEffect, useRef, useState} from './hooks.js';

// Names of files and tags may hold what turns the direction of writing or has no width, and would then read as other names.
export const visible = text => text.replace(/[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const shown = child => typeof child === 'string' ? visible(child) : child;

export const html = htm.bind((type, props, ...children) => h(type, props, ...children.map(shown)));
export {render, Component, signal, computed, effect, batch, useEffect, useRef, useState};
