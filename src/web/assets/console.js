// Progressive: without it every page works, and is loaded anew by hand.
(() => {
  for (const table of document.querySelectorAll('form table')) {
    const boxes = () => table.querySelectorAll('td input[type="checkbox"]');
    const head = table.querySelector('th .sr');
    if (boxes().length === 0 || head === null) continue;
    const all = document.createElement('input');
    all.type = 'checkbox';
    all.setAttribute('aria-label', head.textContent);
    all.addEventListener('change', () => {
      for (const box of boxes()) box.checked = all.checked;
    });
    head.after(all);
  }
  const every = Number(document.body.dataset.every);
  const part = document.querySelector('[data-live]');
  if (part === null || !(every > 0)) return;
  const name = part.dataset.live;
  /** Somebody writes, or chooses: nothing is taken from under their fingers. */
  const busy = () =>
    document.activeElement?.matches('input, textarea, select') ||
    document.querySelector('td input:checked') !== null ||
    [...document.querySelectorAll('textarea, input[type="text"], input:not([type])')].some(
      (field) => field.value !== field.defaultValue,
    );
  const renew = async () => {
    const answer = await fetch(location.href, { cache: 'no-store', credentials: 'same-origin' });
    if (!answer.ok || answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector(`[data-live="${name}"]`);
    const old = document.querySelector(`[data-live="${name}"]`);
    if (fresh === null || old === null) return false;
    const open = [...old.querySelectorAll('details')].map((one) => one.open);
    const boxes = [...fresh.querySelectorAll('details')];
    // What somebody unfolded stays unfolded, as long as it is the same page.
    if (boxes.length === open.length) for (const [index, one] of boxes.entries()) one.open = open[index] || one.open;
    old.replaceWith(document.adoptNode(fresh));
    return true;
  };
  let asked = 0;
  const ask = async () => {
    asked++;
    const live = document.querySelector(`[data-live="${name}"]`);
    try {
      const answer = await fetch(live.dataset.markFrom, { cache: 'no-store', credentials: 'same-origin' });
      if (answer.status === 403 || answer.status === 404) return;
      if (answer.ok && (await answer.json()).mark !== live.dataset.mark && !busy()) await renew();
    } catch {
      // Offline: asked again.
    }
    // Often at first, then calmer: a page that lies open all night.
    setTimeout(ask, asked < 300 ? every : Math.max(every, 15_000));
  };
  setTimeout(ask, every);
})();
