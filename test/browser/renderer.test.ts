import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RenderLook } from '../../src/gather/renderer.ts';
import type { RenderedValue } from '../../src/gather/types.ts';
import { hasBrowser, PUBLIC, smallInternet } from '../support/browser.ts';

const NUMBER = '京ICP备2021000001号-1';
const LINK = `<a href="https://beian.miit.gov.cn/">${NUMBER}</a>`;
const page = (footer: string, more = ''): string =>
  `<!DOCTYPE html><html><head><meta charset="utf-8"><title>示例</title>${more}</head><body style="background:#fff">
<p>${'这是一家公司的介绍文字。'.repeat(40)}</p><footer>${footer}</footer></body></html>`;
const js = (code: string) => ({ headers: { 'content-type': 'text/javascript' }, body: code });

// What a person sees decides: every way of hiding, and every way of showing late.
const VISIBLE: Record<string, string> = {
  plain: page(LINK),
  'drawn by a script': page(
    '<div id="f"></div>',
    `<script>addEventListener('load',()=>setTimeout(()=>{document.getElementById('f').innerHTML=${JSON.stringify(LINK)}},50))</script>`,
  ),
  'drawn by an external script': page('<div id="f"></div>', '<script src="/footer-draws.js" defer></script>'),
  'fetched as data': page(
    '<div id="f"></div>',
    `<script>fetch('/number.json').then(r=>r.json()).then(d=>{document.getElementById('f').innerHTML='<a href="https://beian.miit.gov.cn/">'+d.n+'</a>'})</script>`,
  ),
  'in a frame': page('<iframe src="/frame.html" width="600" height="80"></iframe>'),
  'in a shadow root': page(
    '<div id="s"></div>',
    `<script>addEventListener('load',()=>{document.getElementById('s').attachShadow({mode:'open'}).innerHTML=${JSON.stringify(LINK)}})</script>`,
  ),
  'loaded when scrolled to': page(
    '<div style="height:3000px"></div><div id="f" style="min-height:20px"></div>',
    `<script>addEventListener('load',()=>new IntersectionObserver((e,o)=>{if(e.some(x=>x.isIntersecting)){document.getElementById('f').innerHTML=${JSON.stringify(LINK)};o.disconnect()}}).observe(document.getElementById('f')))</script>`,
  ),
  'beside scripts that changed the built-in functions': page(
    LINK,
    `<script>window.getComputedStyle=()=>({display:'none'});Set=function(){throw 1};Element.prototype.getBoundingClientRect=()=>({width:0,height:0,right:-9,bottom:-9});String.prototype.replace=()=>'';Node.prototype.appendChild=null;Array.prototype.map=null;Object.defineProperty(Document.prototype,'body',{get:()=>null})</script>`,
  ),
  'light grey on white': page(`<div style="color:#ccc">${LINK.replace('<a ', '<a style="color:#ccc" ')}</div>`),
  'white on a picture': page(
    `<div style="background-image:url(/x.png);color:#fff">${LINK.replace('<a ', '<a style="color:#fff" ')}</div>`,
  ),
};
const HIDDEN: Record<string, string> = {
  'white on white': page(`<div style="color:#fff">${LINK.replace('<a ', '<a style="color:#fff" ')}</div>`),
  'by a style sheet': page(`<div class="x">${LINK}</div>`, '<link rel="stylesheet" href="/hide.css">'),
  'moved off the page': page(`<div style="position:absolute;left:-9999px">${LINK}</div>`),
  'one pixel high': page(`<div style="height:1px;overflow:hidden">${LINK}</div>`),
  'font of no size': page(`<div style="font-size:0">${LINK}</div>`),
  transparent: page(`<div style="opacity:0">${LINK}</div>`),
  'indented away': page(`<div style="text-indent:-9999px;overflow:hidden;white-space:nowrap">${LINK}</div>`),
  'clipped away': page(`<div style="position:absolute;clip:rect(0,0,0,0)">${LINK}</div>`),
  'visibility hidden': page(`<div style="visibility:hidden">${LINK}</div>`),
  'by a style sheet, and the built-in functions changed to show it': page(
    `<div style="display:none">${LINK}</div>`,
    `<script>window.getComputedStyle=()=>({display:'block',visibility:'visible',opacity:'1',getPropertyValue:()=>''})</script>`,
  ),
  'removed by a script': page(
    `<div id="f">${LINK}</div>`,
    `<script>addEventListener('load',()=>document.getElementById('f').remove())</script>`,
  ),
};

const seen = (look: RenderLook): RenderedValue => {
  if (!look.rendered.ok) throw new Error(look.rendered.failure.message);
  return look.rendered.value;
};

describe.skipIf(!hasBrowser())('a page drawn by a real Chromium', () => {
  let net: Awaited<ReturnType<typeof smallInternet>>;
  const hosts = new Map<string, string>();
  const listening = createServer((socket) => {
    reached.push('tcp');
    socket.destroy();
  });
  const udp = createSocket('udp4', () => reached.push('udp'));
  const reached: string[] = [];
  beforeAll(async () => {
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const { port } = listening.address() as { port: number };
    const inside = `http://127.0.0.1:${port}/`;
    const web: Record<string, { headers?: Record<string, string>; body: string; status?: number }> = {};
    for (const [name, body] of [...Object.entries(VISIBLE), ...Object.entries(HIDDEN)]) {
      const host = `p${hosts.size}.example.cn`;
      hosts.set(name, host);
      web[host] = { body };
      web[`http://${host}/footer-draws.js`] = js(`document.getElementById('f').innerHTML=${JSON.stringify(LINK)}`);
      web[`http://${host}/number.json`] = {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ n: NUMBER }),
      };
      web[`http://${host}/frame.html`] = { body: `<meta charset="utf-8">${LINK}` };
      web[`http://${host}/hide.css`] = { headers: { 'content-type': 'text/css' }, body: '.x{display:none}' };
    }
    web['lost.example.cn'] = { body: page('<div id="f"></div>', '<script src="/gone.js"></script>') };
    web['http://lost.example.cn/gone.js'] = { status: 404, body: 'no' };
    web['counter.example.cn'] = {
      body: page(
        LINK,
        '<script src="http://hm.baidu.com/hm.js"></script><script>fetch("/hit",{method:"POST"})</script>',
      ),
    };
    web['attack.example.cn'] = {
      body: page(
        LINK,
        `<script>
const tries=['${inside}','http://localhost:${port}/','http://[::1]:${port}/','http://rebind.example.cn/','http://169.254.169.254/latest/','http://100.100.100.200/'];
for(const u of tries){fetch(u,{mode:'no-cors'}).catch(()=>0);new Image().src=u;const f=document.createElement('iframe');f.src=u;document.documentElement.append(f)}
try{new WebSocket('ws://127.0.0.1:${port}/')}catch{}
try{navigator.sendBeacon('${inside}','x')}catch{}
const pc=new RTCPeerConnection({iceServers:[{urls:'stun:127.0.0.1:${(udp.address() as { port: number }).port}'}]});pc.createDataChannel('x');pc.createOffer().then(o=>pc.setLocalDescription(o));
window.open('${inside}');alert('x');
</script>`,
      ),
    };
    net = await smallInternet({
      web,
      names: { 'rebind.example.cn': { a: ['127.0.0.1'] }, 'hm.baidu.com': { a: [PUBLIC] } },
    });
  });
  afterAll(async () => {
    await net.close();
    listening.close();
    udp.close();
  });
  const draw = async (name: string): Promise<RenderLook> =>
    net.context.renderer.render(`http://${hosts.get(name) ?? name}/`);

  it.each(Object.keys(VISIBLE))('sees a number: %s', async (name) => {
    const { facts, settled, status } = seen(await draw(name));
    expect([facts.icpNumbers.map(({ number, link }) => `${number} ${link}`), settled, status]).toEqual([
      [`${NUMBER} miit`],
      true,
      200,
    ]);
  });

  it.each(Object.keys(HIDDEN))('does not see a number hidden: %s', async (name) => {
    const { facts, settled } = seen(await draw(name));
    expect([facts.icpNumbers, settled]).toEqual([[], true]);
    expect(facts.visibleCharacters).toBeGreaterThan(200);
  });

  it('keeps a picture and the page as seen', async () => {
    const look = await draw('plain');
    expect(look.raw.map(({ kind }) => kind)).toEqual(['screenshot', 'rendered-page']);
    const picture = Buffer.from(look.raw[0]?.base64 ?? '', 'base64');
    expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expect(seen(look).screenshotDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says which script was lost, since it may have drawn the number', async () => {
    const { failedRequests } = seen(await draw('lost.example.cn'));
    expect(failedRequests.map(({ url }) => url)).toEqual(['http://lost.example.cn/gone.js']);
  });

  it('does not miss counters, and sends nothing that changes something', async () => {
    const before = net.running.requests.http;
    const { failedRequests, facts } = seen(await draw('counter.example.cn'));
    expect(facts.icpNumbers).toHaveLength(1);
    expect(failedRequests.map(({ url }) => url)).toEqual(['http://counter.example.cn/hit']);
    expect(net.running.requests.http - before).toBeLessThanOrEqual(3);
  });

  it('reaches nothing inside, whatever the page tries', async () => {
    const { facts } = seen(await draw('attack.example.cn'));
    expect(facts.icpNumbers).toHaveLength(1);
    expect(reached).toEqual([]);
  });

  it('a name that leads inside is not drawn at all', async () => {
    const look = await draw('rebind.example.cn');
    expect(look.rendered.ok && look.rendered.value.status < 400).toBe(false);
    expect(reached).toEqual([]);
  });

  it('a file or a script address is refused', async () => {
    for (const url of ['file:///etc/hostname', 'javascript:alert(1)', 'chrome://version'])
      expect((await net.context.renderer.render(url)).rendered.ok).toBe(false);
  });
});

it('without a browser that is said, as our own lack', async () => {
  const net = await smallInternet(
    { web: { 'a.example.cn': { body: page(LINK) } } },
    { render: { executable: '/nowhere/chromium' } },
  );
  const { rendered } = await net.context.renderer.render('http://a.example.cn/');
  expect(rendered).toMatchObject({ ok: false, failure: { code: 'not-requested', ours: true } });
  await net.close();
});

// Pages a second reviewer broke the first version with.
describe.skipIf(!hasBrowser())('nasty pages', () => {
  const words = '这是一家公司的介绍文字。'.repeat(20);
  const plain = (body: string, head = ''): string =>
    `<!DOCTYPE html><html><head><meta charset="utf-8"><title>x</title>${head}</head><body>${body}</body></html>`;
  const HANGS: Record<string, string> = {
    'an endless loop': plain(`${words}<script>setTimeout(()=>{for(;;);},100)</script>`),
    'endless alerts': plain(`${words}<script>setTimeout(()=>{for(;;)alert(1)},50)</script>`),
  };
  const DOUBTFUL: Record<string, string> = {
    'drawn by a late timer for ever': plain(
      `${words}<p id="c"></p><script>let i=0;setInterval(()=>{document.getElementById('c').textContent=i++},200)</script>`,
    ),
    'white on a modern dark colour': plain(
      `<div style="background:oklch(0.2 0 0);color:#fff">${words}${LINK.replace('<a ', '<a style="color:#fff" ')}</div>`,
    ),
    'a canvas': plain(`${words}<canvas width="800" height="300"></canvas>`),
    'next to nothing': plain('加载中'),
    'text of the background’s colour that may be a number': plain(
      `<div style="color:#fff">${words}${LINK.replace('<a ', '<a style="color:#fff" ')}</div>`,
    ),
    'a frame that is refused': plain(`${words}<iframe src="http://127.0.0.1/" width="500" height="80"></iframe>`),
    'a WebSocket': plain(`${words}<script>new WebSocket('ws://'+location.host+'/x')</script>`),
  };
  const SHOWN: Record<string, string> = {
    'behind an invisible frame': plain(
      `${words}<iframe src="/t.html" style="opacity:0;position:absolute" width="50" height="50"></iframe><iframe src="/frame.html" width="600" height="80"></iframe>`,
    ),
    'in SVG text': plain(
      `${words}<a href="https://beian.miit.gov.cn/"><svg width="400" height="30"><text x="0" y="20">${NUMBER}</text></svg></a>`,
    ),
    'as the content a slot falls back to': plain(
      `${words}<x-f></x-f><script>customElements.define('x-f',class extends HTMLElement{connectedCallback(){this.attachShadow({mode:'open'}).innerHTML=${JSON.stringify(`<slot>${LINK}</slot>`)}}})</script>`,
    ),
    'beside a title that loops (nobody asks the page itself)': plain(
      `${words}${LINK}<script>Object.defineProperty(document,'title',{get(){for(;;);}})</script>`,
    ),
    'in a form whose fields stand before its properties': plain(
      `${words}<form><input name="childNodes"><input name="tagName"><input name="shadowRoot"><input name="getAttribute"><input name="parentElement">${LINK}</form>`,
    ),
    'in a frame of another site': plain(
      `${words}<iframe src="http://footers.example.com/" width="600" height="80"></iframe>`,
    ),
    'in a frame of another site within a shadow root': plain(
      `${words}<div id="s"></div><script>document.getElementById('s').attachShadow({mode:'open'}).innerHTML='<iframe src="http://footers.example.com/" width="600" height="80"></iframe>'</script>`,
    ),
    'with a page that redefines Node': plain(`${words}<script>function Node(){}</script>${LINK}`),
    'drawn 1.5 seconds late': plain(
      `${words}<div id="f"></div><script>setTimeout(()=>{document.getElementById('f').innerHTML=${JSON.stringify(LINK)}},1500)</script>`,
    ),
  };
  let net: Awaited<ReturnType<typeof smallInternet>>;
  const names = [...Object.keys(HANGS), ...Object.keys(DOUBTFUL), ...Object.keys(SHOWN)];
  beforeAll(async () => {
    const web: Record<string, { body: string; status?: number; headers?: Record<string, string> }> = {};
    names.forEach((name, index) => {
      web[`n${index}.example.cn`] = { body: HANGS[name] ?? DOUBTFUL[name] ?? SHOWN[name] ?? '' };
      web[`http://n${index}.example.cn/frame.html`] = { body: `<meta charset="utf-8">${LINK}` };
      web[`http://n${index}.example.cn/t.html`] = { body: 'x' };
    });
    web['footers.example.com'] = { body: `<meta charset="utf-8">${LINK}` };
    web['maintained.example.cn'] = { body: plain(`${words}<script>location.href='/503'</script>`) };
    web['http://maintained.example.cn/503'] = { status: 503, body: plain(words) };
    net = await smallInternet({ web }, { render: { totalTimeoutMs: 6000 } });
  });
  afterAll(() => net.close());
  const draw = (name: string) => net.context.renderer.render(`http://n${names.indexOf(name)}.example.cn/`);

  it.each(Object.keys(HANGS))('%s ends with its time, and the next page is drawn', async (name) => {
    expect((await draw(name)).rendered.ok).toBe(false);
    expect(seen(await draw('with a page that redefines Node')).facts.icpNumbers).toHaveLength(1);
  });
  it.each(Object.keys(DOUBTFUL))('%s accuses nobody', async (name) => {
    const { facts, settled, doubts, failedRequests } = seen(await draw(name));
    expect(facts.icpNumbers.length > 0 || !settled || doubts.length > 0 || failedRequests.length > 0).toBe(true);
  });
  it.each(Object.keys(SHOWN))('sees a number %s', async (name) => {
    expect(seen(await draw(name)).facts.icpNumbers.map(({ link }) => link)).toEqual(['miit']);
  });
  it('the page finally shown counts, not the first', async () => {
    expect(seen(await net.context.renderer.render('http://maintained.example.cn/')).status).toBe(503);
  });
});
