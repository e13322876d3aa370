// html.js - the parts that all pages are made of: elements as templates, values that know who shows them.
import {h, render, Component} from './preact.js';
import htm from './htm.js';
import {signal, computed, effect, batch} from './signals.js';
import {useEffect, useRef, useState} from './hooks.js';

export const html = htm.bind(h);
export {render, Component, signal, computed, effect, batch, useEffect, useRef, useState};
