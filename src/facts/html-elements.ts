import { PROVINCE_ABBREVIATIONS } from '../filing/site-number.ts';
import type { UnseenPlace } from './types.ts';

/** What the page reader knows of HTML: which elements break lines, stand alone, hide their content, or name a footer. */
export const BLOCKS = new Set(
  'address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul option iframe'.split(
    ' ',
  ),
);
export const VOID = new Set('area base br col embed hr img input link meta param source track wbr frame'.split(' '));
export const UNSEEN_ELEMENTS: Record<string, UnseenPlace> = {
  script: 'script',
  style: 'script',
  template: 'template',
  noscript: 'noscript',
  noframes: 'noscript',
  textarea: 'form',
  select: 'form',
  iframe: 'hidden',
  object: 'hidden',
  title: 'attribute',
  canvas: 'hidden',
  video: 'hidden',
  audio: 'hidden',
  datalist: 'hidden',
  defs: 'hidden',
  desc: 'hidden',
  rt: 'hidden',
  rp: 'hidden',
};
export const FOOTER_NAME =
  /(?:^|[\s_-])(?:foot|footer|footers|ft|copyright|copy|copyrights|bottom|btm|beian|icp|record|bot|end)(?:$|[\s_\-\d])|foot|copyright|bottom|beian|banquan|版权/i;
export const FOOTER_SOURCE = /foot|bottom|copyright|beian|icp|banquan/i;
export const NUMBER_HINT = /i ?c ?p|备案|网安|公安|[ab][12] ?[.-] ?\d/i;
export const UNFINISHED_NUMBER = new RegExp(`[${PROVINCE_ABBREVIATIONS}] ?ICP ?(?:备|证)? ?$`, 'i');
export const SCRIPT_FILE =
  /^\s*(?:\/\/|\/\*|document\.|const\s|let\s|var\s|function[\s(]|!function|import[\s{*]|export\s|\(function|\(\(\)|\(\(|window\.|define\(|["']use strict|\$\(|jQuery|self\.|webpack|;\(function|"?use strict)/;

/** JSX and the like: markup stands in the code itself, not in strings. */
export const MARKUP_IN_CODE = /(?:[=(]|return)\s*<[a-zA-Z][^>]{0,300}>/;
