// Progressive: without it every page works, and is loaded anew by hand.
(() => {
  for (const block of document.querySelectorAll('pre.paste')) {
    if (!navigator.clipboard) break;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'plain copy';
    button.textContent = '复制代码';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.textContent ?? '');
      button.textContent = '已复制';
    });
    block.after(button);
  }
  const live = document.getElementById('live');
  if (live === null) return;
  const { mark, every } = live.dataset;
  /** Somebody writes, or reads what they unfolded: nothing is taken from under their fingers. */
  const busy = () =>
    document.activeElement?.matches('input, textarea, select') ||
    document.querySelector('details[open]') !== null ||
    [...document.querySelectorAll('textarea')].some((field) => field.value !== field.defaultValue);
  const offer = () => {
    if (live.firstChild !== null) return;
    const link = document.createElement('a');
    link.href = location.pathname;
    link.textContent = '有更新，点击刷新';
    live.append(link);
  };
  let asked = 0;
  const ask = async () => {
    asked++;
    try {
      const answer = await fetch(`${location.pathname}/mark`, { cache: 'no-store', credentials: 'same-origin' });
      if (answer.status === 403 || answer.status === 404) return;
      if (answer.ok && (await answer.json()).mark !== mark) {
        if (!busy()) return location.replace(location.pathname);
        offer();
      }
    } catch {
      // Offline: asked again.
    }
    // Often at first, then once a minute: a look takes a few minutes at most.
    setTimeout(ask, asked < 120 ? Number(every) : 60_000);
  };
  setTimeout(ask, Number(every));
})();
