// Progressive: without it every page works, and is loaded anew by hand.
(() => {
  for (const table of document.querySelectorAll('form table')) {
    const boxes = () => table.querySelectorAll('td input[type="checkbox"]');
    const head = table.querySelector('th .sr');
    if (boxes().length === 0 || head === null) continue;
    const all = document.createElement('input');
    all.type = 'checkbox';
    all.id = 'pick-all';
    all.setAttribute('aria-label', head.textContent);
    all.addEventListener('change', () => {
      for (const box of boxes()) box.checked = all.checked;
    });
    head.after(all);
  }
  const every = Number(document.body.dataset.every);
  const live = () => document.querySelector('[data-live]');
  if (live() === null || !(every > 0)) return;
  const byItself = { cache: 'no-store', credentials: 'same-origin', headers: { 'x-patrol-by-itself': '1' } };
  /** Somebody wrote or chose something here. */
  const isTouched = (field) =>
    field.matches('select')
      ? field.selectedIndex !==
        Math.max(
          0,
          [...field.options].findIndex((one) => one.defaultSelected),
        )
      : field.matches('[type="checkbox"], [type="radio"]')
        ? field.checked !== field.defaultChecked
        : field.matches('input, textarea') && field.value !== field.defaultValue;
  /** Rows are ticked: they must not move from under the ticks. */
  const isPicking = () => document.querySelector('td input:checked') !== null;
  const renew = async () => {
    const answer = await fetch(location.href, byItself);
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]');
    if (fresh === null || isPicking()) return;
    const before = document.activeElement;
    // Only what changed is changed: the focus, what is unfolded and what was typed stay where they are.
    Idiomorph.morph(live(), document.adoptNode(fresh), {
      ignoreActiveValue: true,
      callbacks: {
        beforeAttributeUpdated: (name, node) => !(name === 'open' && node.matches('details')),
        beforeNodeMorphed: (node) =>
          !(node instanceof Element && node.matches('input, select, textarea') && isTouched(node)),
        beforeNodeRemoved: (node) => node.id !== 'pick-all',
      },
    });
    if (before !== document.activeElement && !before.isConnected) {
      live().tabIndex = -1;
      live().focus({ preventScroll: true });
    }
    const { news } = live().dataset;
    // What was said when it was asked for is over: the result stands in its place.
    document.getElementById('told')?.remove();
    if (news !== undefined) document.getElementById('news').textContent = news;
  };
  let asked = 0;
  const ask = async () => {
    asked++;
    try {
      const answer = await fetch(live().dataset.markFrom, byItself);
      if (answer.status === 403 || answer.status === 404) return;
      if (answer.ok && (await answer.json()).mark !== live().dataset.mark && !isPicking()) await renew();
    } catch {
      // Offline: asked again.
    }
    // Often at first, then calmer: a page that lies open all night.
    setTimeout(ask, asked < 300 ? every : Math.max(every, 15_000));
  };
  setTimeout(ask, every);
})();
