// Add a task: one line, as it will stand in the file.

import { ask, json } from '../lib/api.js';
import { short } from '../lib/actions.js';
import { openDialog } from '../lib/dialog.js';
import { h, replace } from '../lib/dom.js';
import { go, route, taskLink } from '../lib/route.js';
import { store } from '../lib/store.js';
import { toast } from '../lib/toast.js';

/** `under`: the task that gets it as a subtask. */
export function openAdd(under = null) {
  const text = h('input', { name: 'text', required: true, autocomplete: 'off', maxlength: '2000', placeholder: 'Write the release notes !high due:friday #docs', 'aria-describedby': 'add-hint add-wrong' });
  const wrong = h('p', { class: 'wrong', id: 'add-wrong', role: 'alert' });
  const project = under ? null : projectField();
  const section = under ? null : sectionField(project);
  const button = h('button', { class: 'primary', type: 'submit' }, 'Add');
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    replace(wrong);
    try {
      await send(text.value, under, project?.querySelector('select').value ?? under?.project, section?.querySelector('select').selectedOptions[0]);
      close();
    } catch (error) {
      replace(wrong, error.message);
      button.disabled = false;
      text.focus();
    }
  };
  const form = h('form', { class: 'form', onsubmit: submit },
    under && h('p', { class: 'dim' }, 'Under: ', short(under.title)),
    h('label', {}, h('span', {}, 'Task'), text),
    h('p', { class: 'hint', id: 'add-hint' }, 'Keys may stand anywhere: ', ['!high', '#tag', 'run:tests', 'after:build', 'est:2h', 'due:friday'].map((one) => [h('code', {}, one), ' '])),
    project, section, wrong, h('div', { class: 'form-end' }, button));
  const close = openDialog(under ? 'Add a subtask' : 'Add a task', form, { narrow: true });
  text.focus();
}

async function send(text, under, project, place) {
  const body = { text };
  if (under) body.under = under.id;
  else if (place?.dataset.file) body.file = place.dataset.file;
  if (!under && place?.dataset.section) body.section = place.dataset.section;
  const said = await json(await ask('POST', 'tasks', { query: { project }, body }));
  const task = said?.tasks?.[0];
  toast(`Added: ${short(task?.title ?? text)}`, { action: task?.id ? { says: 'Show', run: () => go(taskLink(task)) } : null });
  store.outdated(['tasks', 'plan', 'status', 'projects']);
}

function projectField() {
  const projects = store.get('projects')?.projects ?? [];
  if (projects.length < 2) return null;
  const chosen = route().query.project;
  return h('label', {}, h('span', {}, 'Project'),
    h('select', { name: 'project' }, projects.map(({ name }) => h('option', { value: name, selected: name === chosen }, name))));
}

/** Where it goes: the headings that have tasks now. */
function sectionField(project) {
  const select = h('select', { name: 'section' });
  const fill = () => {
    const name = project?.querySelector('select').value;
    const places = new Map();
    for (const task of store.get('tasks')?.tasks ?? []) {
      if (name && task.project !== name) continue;
      places.set(JSON.stringify([task.file, task.section.at(-1) ?? '']), task);
    }
    replace(select, h('option', { value: '' }, 'At the end of the first list'), [...places.values()].map((task) =>
      h('option', { data: { file: task.file, section: task.section.at(-1) ?? '' } }, [task.file, ...task.section].join(' › '))));
  };
  project?.addEventListener('change', fill);
  fill();
  return h('label', {}, h('span', {}, 'Place'), select);
}
