/** Words that mark a secret anywhere in a name, also within another word: `PGPASSWORD`, `authToken`. */
const ANYWHERE =
  /PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|WEBHOOK|CONNECTION_?STRING/;
/** Words that mark one at the end of a word. */
const AT_END = /(?:(?<!COM|BY)PASS|PWD|DSN|SALT|PEPPER|CREDS)(?:_|$)/;
const WHOLE_WORD = /(?:^|_)(?:PW|JWT|PAT|SAS|OTP)(?:_|$)|_AUTH$/;
const KEY = /(?:^|_)(?:KEYS?|PEM)(?:_?\d+|_(?:BASE_?64|B64|HEX|JSON))?$/;
/** Variables that a shell sets. */
const FOLDERS = new Set(['PWD', 'OLDPWD']);

const SWITCH = /^(?:true|false|yes|no|on|off|none|null)$/i;
const NUMBER = /^\d{1,5}(?:ms|s|m|h|d)?$/;

/** Whether a variable is secret by its name: `SMTP_PASS`, `DB_PWD`, `keyPassphrase`, `SENTRY_DSN`, … */
export function isSecretName(name: string): boolean {
  if (FOLDERS.has(name)) return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]/g, '_')
    .toUpperCase();
  return [ANYWHERE, AT_END, WHOLE_WORD, KEY].some((pattern) => pattern.test(words));
}

/** Whether the value is a switch or a number, as in `API_KEY_REQUIRED=true` or `TOKEN_TTL=15m`, and so no secret. */
export function isSetting(value: string): boolean {
  return isSwitch(value) || NUMBER.test(value);
}

export function isSwitch(value: string): boolean {
  return SWITCH.test(value);
}
