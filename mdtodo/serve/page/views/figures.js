import { h } from '../lib/dom.js';
export const title = 'Figures';
export function show({ main }) { main.append(h('p', {}, 'soon')); return { stop() {} }; }
