// Without a token: what it is, where it stands, and a field for it.

import { ask } from '../lib/api.js';
import { openDialog } from '../lib/dialog.js';
import { h, replace } from '../lib/dom.js';

const signIn = (token) => ask('POST', '../../session', { body: { token } });

export function welcome(done, heading = 'This page needs a token') {
  const field = h('input', { type: 'password', name: 'token', autocomplete: 'current-password', spellcheck: 'false', required: true, 'aria-describedby': 'token-wrong' });
  const wrong = h('p', { class: 'wrong', id: 'token-wrong', role: 'alert' });
  const submit = async (event) => {
    event.preventDefault();
    replace(wrong);
    try {
      await signIn(field.value.trim());
      await done();
    } catch (error) {
      replace(wrong, error.status === 401 ? 'The server does not know this token, or it has expired.' : error.message);
      field.select();
    }
  };
  return h('div', { class: 'welcome' },
    heading && h('h2', {}, heading), how(),
    h('form', { onsubmit: submit }, h('label', {}, h('span', {}, 'Token'), field), h('button', { class: 'primary', type: 'submit' }, 'Sign in')),
    wrong);
}

const how = () => [
  h('p', {}, 'It speaks for you: what you mark as done here becomes a commit in your name.'),
  h('ol', {},
    h('li', {}, 'Where ', h('code', {}, 'mdtodo serve'), ' runs, it has printed a link with a token in it. Open that link.'),
    h('li', {}, 'Or ask whoever runs it for a token of your own.')),
];

/** For who may read alone, and wants more. */
export function openSignIn(done) {
  const close = openDialog('Changes need a token', welcome(async () => {
    await done();
    close();
  }, null), { narrow: true });
}
