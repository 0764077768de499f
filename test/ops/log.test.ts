import { describe, expect, it } from 'vitest';
import { createLogger, maskText } from '../../src/log.ts';

describe('masking', () => {
  it.each([
    ['电话 13812345678。', '电话 138****5678。'],
    ['mail zhangsan@example.cn', 'mail z***@example.cn'],
    ['mail=zhang#san!@example.cn', 'mail=z***@example.cn'],
    ['证件 11010519491231002X', '证件 110***********002X'],
    ['京ICP备2021007302号', '京ICP备2021007302号'],
    ['1795316321184', '1795316321184'],
  ])('%s', (text, masked) => expect(maskText(text)).toBe(masked));

  it('holds in messages, fields, nested values and errors', () => {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line) => void lines.push(line) });
    log.info(
      { phone: '13812345678', deep: { list: ['zhangsan@example.cn'] }, error: new Error('no route to 13812345678') },
      'told 13812345678',
    );
    const text = lines.join('');
    expect(text).not.toContain('13812345678');
    expect(text).not.toContain('zhangsan');
    expect(JSON.parse(text)).toMatchObject({ level: 'info', msg: 'told 138****5678', phone: '138****5678' });
  });
});
