/** A text for people who read Chinese (owners, admins) and for those who read English (admins, docs). */
export interface Bilingual {
  zh: string;
  en: string;
}
