// Progressive: without it every page works, and is loaded anew by hand.
(() => {
  /** Copy a text; where the browser has no clipboard for pages (plain http, some apps), by a selection. */
  const copy = async (block) => {
    const text = block.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(block);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      return document.execCommand('copy');
    }
  };
  for (const block of document.querySelectorAll('.paste')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'plain copy';
    const label = block.matches('code') ? '复制' : block.querySelector('code') === null ? '复制说明' : '复制代码';
    button.textContent = label;
    const told = document.createElement('span');
    told.setAttribute('role', 'status');
    told.className = 'copied';
    button.addEventListener('click', async () => {
      told.textContent = (await copy(block)) ? '已复制' : '请长按上面的文字复制';
      setTimeout(() => {
        told.textContent = '';
      }, 4000);
    });
    block.after(button, told);
  }
  document.getElementById('said')?.focus();
  const live = document.getElementById('live');
  if (live === null) return;
  const { mark, every, at } = live.dataset;
  /** Somebody writes, or reads what they unfolded: nothing is taken from under their fingers. */
  const busy = () =>
    document.activeElement?.matches('input, textarea, select') ||
    document.querySelector('details[open]') !== null ||
    [...document.querySelectorAll('textarea, input:not([type="hidden"])')].some(
      (field) => field.value !== field.defaultValue,
    ) ||
    [...document.querySelectorAll('select')].some((field) => field.selectedIndex > 0);
  const offer = (text, link) => {
    if (live.firstChild !== null) return;
    const said = document.createElement(link === null ? 'span' : 'a');
    if (link !== null) said.href = link;
    said.textContent = text;
    live.append(said);
  };
  let asked = 0;
  const ask = async () => {
    asked++;
    try {
      const answer = await fetch(`${at}/mark`, { cache: 'no-store', credentials: 'same-origin' });
      if (answer.status === 403) return offer('页面已超时，请先复制您写的内容，再重新输入案件码', '/r');
      if (answer.status === 404) return;
      if (answer.ok && (await answer.json()).mark !== mark) {
        if (!busy()) return location.replace(at);
        offer('有更新，点击刷新', at);
      }
    } catch {
      // Offline: asked again.
    }
    // Often at first, then once a minute: a look takes a few minutes at most.
    setTimeout(ask, asked < 120 ? Number(every) : 60_000);
  };
  setTimeout(ask, Number(every));
})();
